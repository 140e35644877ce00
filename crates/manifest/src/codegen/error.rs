//! What can go wrong between a checked manifest and formatted Rust: a template's mistake, or two things with one name.

use std::fmt::Write as _;

/// Lines of a template's context that an error shows; all of it would bury the message.
const CONTEXT_LINES: usize = 20;

/// Why no code came out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A template is malformed, or asks for what the expansion does not give.
    #[error("templates/{template}:{line}: {message}{context}")]
    Template {
        /// File name in the directory of templates.
        template: String,
        /// Line in it.
        line: usize,
        /// What is wrong.
        message: String,
        /// The lines around it and the values in reach.
        context: String,
    },
    /// A template produced text that is no Rust.
    #[error(
        "templates/{template} wrote what is no Rust, at line {line}, column {column} of its output: {message}\n{context}"
    )]
    Rust {
        /// File name in the directory of templates.
        template: String,
        /// Line of the output.
        line: usize,
        /// Column of the output.
        column: usize,
        /// The parser's words.
        message: String,
        /// The lines around the place.
        context: String,
    },
    /// Two things of one file would get the same Rust name.
    #[error("routes/{file}: {first} and {second} would both become the Rust name `{name}`; rename one of them")]
    Clash {
        /// The manifest file.
        file: String,
        /// The name that both want.
        name: String,
        /// What has it.
        first: String,
        /// What wants it too.
        second: String,
    },
    /// A type that contains itself cannot be written out.
    #[error(
        "routes/{file}: type `{name}` contains itself ({path}); the panel sends no endless objects, so cut it at some level with `type: any`"
    )]
    Endless {
        /// The manifest file.
        file: String,
        /// The type.
        name: String,
        /// The types on the way.
        path: String,
    },
    /// A value cannot be written as JSON.
    #[error("routes/{file}: {what} cannot be written as JSON: {message}")]
    Json {
        /// The manifest file.
        file: String,
        /// Which value.
        what: String,
        /// The writer's words.
        message: String,
    },
}

impl Error {
    pub(super) fn template(name: &str, error: &minijinja::Error) -> Self {
        let debug = error.display_debug_info().to_string();
        let mut context = String::new();
        for line in debug.lines().filter(|line| !line.trim().is_empty()).take(CONTEXT_LINES) {
            let line: String = line.chars().take(160).collect();
            let _ = write!(context, "\n{line}");
        }
        Self::Template {
            template: error.name().unwrap_or(name).to_owned(),
            line: error.line().unwrap_or(1),
            message: error
                .detail()
                .map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind())),
            context,
        }
    }

    pub(super) fn rust(template: &str, text: &str, error: &syn::Error) -> Self {
        let start = error.span().start();
        let mut context = String::new();
        let first = start.line.saturating_sub(3);
        for (index, line) in text.lines().enumerate().skip(first).take(5) {
            let _ = writeln!(context, "{:>6} | {line}", index + 1);
        }
        Self::Rust {
            template: template.to_owned(),
            line: start.line,
            column: start.column + 1,
            message: error.to_string(),
            context,
        }
    }
}
