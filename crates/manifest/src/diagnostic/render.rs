//! One mistake as rustc would show it: the line, a mark under it, the cure.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::{Diagnostic, Place, Style};
use crate::source::Source;

/// Wider lines are cut by the renderer around the mark.
const WIDTH: usize = 160;

/// The text of one mistake.
pub fn one(diagnostic: &Diagnostic, sources: &[Source], style: Style) -> String {
    let source = sources.iter().find(|source| source.shown == diagnostic.file && !source.text.is_empty());
    let mut main = Group::with_title(Level::ERROR.primary_title(diagnostic.message.as_str()));
    let span = source.map(|source| span(source, diagnostic.line, diagnostic.column, diagnostic.length));
    main = match (source, &span) {
        (Some(source), Some(span)) => {
            let mark = AnnotationKind::Primary.span(span.clone()).label(diagnostic.label.as_str());
            let mut snippet = snippet(source).annotation(mark);
            if let Some(second) = second_in(diagnostic, &diagnostic.file) {
                snippet = snippet.annotation(note(source, second));
            }
            main.element(snippet)
        }
        _ => main.element(Origin::path(diagnostic.file.as_str()).line(diagnostic.line).char_column(diagnostic.column)),
    };
    if let Some(second) = diagnostic.secondary.as_ref().filter(|second| second.file != diagnostic.file)
        && let Some(source) = sources.iter().find(|source| source.shown == second.file)
    {
        main = main.element(snippet(source).annotation(note(source, second)));
    }
    if let Some(help) = &diagnostic.help {
        main = main.element(Level::HELP.message(help.as_str()));
    }
    let mut report = vec![main];
    if let (Some(suggestion), Some(source), Some(span)) = (&diagnostic.suggestion, source, span) {
        let patch = snippet_for_patch(source).patch(Patch::new(span, suggestion.as_str()));
        report.push(Group::with_title(Level::HELP.secondary_title("did you mean")).element(patch));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Ansi => Renderer::styled(),
    };
    let text = renderer.term_width(WIDTH).render(&report);
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

fn snippet(source: &Source) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(source.text.as_str()).path(source.shown.as_str())
}

fn snippet_for_patch(source: &Source) -> Snippet<'_, Patch<'_>> {
    Snippet::source(source.text.as_str()).path(source.shown.as_str())
}

fn second_in<'a>(diagnostic: &'a Diagnostic, file: &str) -> Option<&'a Place> {
    diagnostic.secondary.as_ref().filter(|second| second.file == file)
}

fn note<'a>(source: &Source, place: &'a Place) -> annotate_snippets::Annotation<'a> {
    AnnotationKind::Context.span(span(source, place.line, place.column, place.length)).label(place.label.as_str())
}

fn span(source: &Source, line: usize, column: usize, length: usize) -> Range<usize> {
    let start = source.offset(line, column);
    let mut end = (start + length).min(source.text.len());
    while !source.text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}
