//! Lines of `routes/*.yaml`: where an entry stands, and where one of its keys does.
//!
//! The loader has already proven the form of these files, so a look at the bare lines is enough: an entry starts with
//! `- path: …`, and a key stands alone at the start of its line or inside braces.

use std::{collections::BTreeMap, fs, path::Path};

/// A line of a file of the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The file, as it is found from where the command runs.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// The lines of all files.
#[derive(Debug, Default)]
pub struct Lines {
    dir: String,
    files: BTreeMap<String, Vec<String>>,
}

impl Lines {
    /// Reads the files of a folder.
    pub fn read(dir: &Path) -> Self {
        let mut lines = Self { dir: dir.to_string_lossy().trim_end_matches('/').to_owned(), files: BTreeMap::new() };
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(domain) = name.strip_suffix(".yaml")
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                lines.files.insert(domain.to_owned(), text.lines().map(str::to_owned).collect());
            }
        }
        lines
    }

    /// The line of an entry.
    pub fn entry(&self, domain: &str, path: &str, method: &str) -> Line {
        let file = format!("{}/{domain}.yaml", self.dir);
        let Some(lines) = self.files.get(domain) else { return Line { file, line: 1 } };
        let starts =
            lines.iter().enumerate().filter(|(_, line)| value_of(line, "path").is_some_and(|value| value == path));
        let mut found: Vec<usize> = starts.map(|(number, _)| number).collect();
        // A path can stand there once for each method.
        found.sort_by_key(|start| {
            let inside = lines.iter().skip(start + 1).take_while(|line| !is_start(line));
            let same = inside.filter_map(|line| value_of(line, "method")).any(|value| value == method);
            (!same, *start)
        });
        Line { file, line: found.first().map_or(1, |number| to_line(*number)) }
    }

    /// The line of a key inside an entry, or of the nearest thing to it that stands there.
    pub fn key(&self, entry: &Line, key: &str) -> Line {
        let domain = entry.file.rsplit('/').next().and_then(|name| name.strip_suffix(".yaml")).unwrap_or_default();
        let Some(lines) = self.files.get(domain) else { return entry.clone() };
        let start = usize::try_from(entry.line).unwrap_or(1);
        let inside = || lines.iter().enumerate().skip(start).take_while(|(_, line)| !is_start(line));
        let mut from = inside().find(|(_, line)| line.trim() == "request:").map_or(start, |(number, _)| number);
        for part in key.split('.').map(|part| part.trim_end_matches("[]").trim_end_matches("{}")) {
            let next = inside().filter(|(number, _)| *number > from).find(|(_, line)| names(line, part));
            match next {
                Some((number, _)) => from = number,
                None => break,
            }
        }
        Line { file: entry.file.clone(), line: to_line(from.max(start - 1)) }
    }
}

fn to_line(number: usize) -> u32 {
    u32::try_from(number + 1).unwrap_or(u32::MAX)
}

fn is_start(line: &str) -> bool {
    line.trim_start().starts_with("- path:")
}

/// The value of `key: value`, at the start of a list item or not.
fn value_of<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let rest = line.trim_start().trim_start_matches("- ").strip_prefix(key)?.strip_prefix(':')?;
    Some(rest.trim().trim_matches(['"', '\'']))
}

fn names(line: &str, key: &str) -> bool {
    let line = line.trim_start();
    line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))
        || line.contains(&format!("{{ {key}:"))
        || line.contains(&format!(", {key}:"))
}
