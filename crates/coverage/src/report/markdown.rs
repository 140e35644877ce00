//! For a comment on a pull request: short at the top, the rest to be unfolded, never longer than GitHub takes.

use super::groups::{Group, groups, headline, source_file};
use crate::{
    check::{Report, Verdict},
    diff::What,
};

/// GitHub refuses comments of more than 65,536 characters; some room is left for what a workflow adds.
const LONGEST: usize = 60_000;
/// Rows of one table, at most.
const ROWS: usize = 150;

/// The text.
pub fn render(report: &Report) -> String {
    let mark = match report.verdict {
        Verdict::InStep => "✅",
        Verdict::Drift => "❌",
        Verdict::Partial | Verdict::Foreign => "⚠️",
    };
    let mut text = format!("### {mark} flvx-mcp coverage\n\n{}\n", escaped(&headline(report)));
    let open = groups(report, false);
    for what in What::ALL {
        let of_kind: Vec<&Group<'_>> = open.iter().filter(|group| group.what == what).collect();
        if of_kind.is_empty() {
            continue;
        }
        let mut table = format!("\n<details><summary>{} ({})</summary>\n\n", what.title(), of_kind.len());
        table.push_str("| route | difference | where |\n| --- | --- | --- |\n");
        for group in of_kind.iter().take(ROWS) {
            let route = format!("{} {}", group.method, group.path);
            table.push_str(&format!(
                "| {} | {} | {} |\n",
                code(route.trim()),
                escaped(&group.text()),
                places(report, group)
            ));
        }
        if of_kind.len() > ROWS {
            table.push_str(&format!("| … | and {} more | |\n", of_kind.len() - ROWS));
        }
        table.push_str("\n</details>\n");
        add(&mut text, &table);
    }
    for (title, problems) in [("not understood", &report.unresolved), ("not readable", &report.unreadable)] {
        if problems.is_empty() {
            continue;
        }
        let mut list = format!("\n<details><summary>{title} ({})</summary>\n\n", problems.len());
        for problem in problems.iter().take(ROWS) {
            list.push_str(&format!(
                "- {}: {}\n",
                code(&format!("{}:{}", source_file(report, &problem.file), problem.line)),
                escaped(&problem.text)
            ));
        }
        if problems.len() > ROWS {
            list.push_str(&format!("- and {} more\n", problems.len() - ROWS));
        }
        list.push_str("\n</details>\n");
        add(&mut text, &list);
    }
    let blessed = groups(report, true);
    if !blessed.is_empty() {
        let mut list = format!("\n<details><summary>blessed ({})</summary>\n\n", blessed.len());
        for group in blessed.iter().take(ROWS) {
            list.push_str(&format!(
                "- {}: {} ({})\n",
                code(group.path),
                escaped(&group.text()),
                escaped(group.reason())
            ));
        }
        list.push_str("\n</details>\n");
        add(&mut text, &list);
    }
    text
}

fn add(text: &mut String, part: &str) {
    if text.len() + part.len() <= LONGEST {
        text.push_str(part);
    } else if !text.ends_with("too long for a comment; the job's log has it all\n") {
        text.push_str("\nThe rest is too long for a comment; the job's log has it all\n");
    }
}

fn places(report: &Report, group: &Group<'_>) -> String {
    let manifest = group.manifest().map(|line| code(&format!("{}:{}", line.file, line.line)));
    let source = group.source().map(|line| code(&format!("{}:{}", source_file(report, &line.file), line.line)));
    manifest.into_iter().chain(source).collect::<Vec<_>>().join("<br>")
}

/// Names come from somebody else's source: nothing in them may become markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '@' | '\\' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn code(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c == '`' || c == '|' || c.is_control() { '\'' } else { c }).collect();
    format!("`{clean}`")
}
