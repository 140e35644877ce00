//! Templates to formatted Rust.
//!
//! The engine prints values as Python would (`True`, `None`, single quotes), so a template writes every value through
//! one of the filters here, which print Rust: `lit` a literal, `some` an `Option` of one, `doc` a block of `///`.

use std::{fmt::Write as _, path::Path};

use minijinja::{
    Environment, ErrorKind, UndefinedBehavior, path_loader,
    value::{Serde, Value, ValueKind},
};
use serde::Serialize;

use super::Error;

/// Column at which documentation is wrapped, counted without its indent.
const DOC_WIDTH: usize = 110;

/// The templates of one directory.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Reads templates from a directory when they are first used.
    pub fn new(dir: &Path) -> Self {
        let mut environment = Environment::new();
        environment.set_loader(path_loader(dir));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.add_filter("lit", literal);
        environment.add_filter("some", some);
        environment.add_filter("doc", doc);
        Self(environment)
    }

    /// Renders a template and formats what it wrote.
    pub fn render(&self, name: &str, view: &impl Serialize) -> Result<String, Error> {
        let text = self.text(name, view)?;
        let file = syn::parse_file(&text).map_err(|error| Error::rust(name, &text, &error))?;
        Ok(spaced(&prettyplease::unparse(&file)))
    }

    /// Renders a template whose layout stays as it wrote it: the inside of a macro, which no formatter understands.
    pub fn render_as_is(&self, name: &str, view: &impl Serialize) -> Result<String, Error> {
        let text = format!("{}\n", self.text(name, view)?.trim());
        syn::parse_file(&text).map_err(|error| Error::rust(name, &text, &error))?;
        Ok(text)
    }

    fn text(&self, name: &str, view: &impl Serialize) -> Result<String, Error> {
        let template = self.0.get_template(name).map_err(|error| Error::template(name, &error))?;
        template.render(Value::from(Serde(view))).map_err(|error| Error::template(name, &error))
    }
}

/// A Rust literal: text in quotes, a list as `&[…]`, numbers and truth values as Rust writes them.
fn literal(value: &Value) -> Result<String, minijinja::Error> {
    match value.kind() {
        ValueKind::Bool => Ok(if value.is_true() { "true" } else { "false" }.to_owned()),
        ValueKind::String => Ok(string(value.as_str().unwrap_or_default())),
        ValueKind::Number => Ok(value.to_string()),
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Vec<String> = value.try_iter()?.map(|item| literal(&item)).collect::<Result<_, _>>()?;
            Ok(format!("&[{}]", items.join(", ")))
        }
        ValueKind::Undefined => {
            Err(minijinja::Error::new(ErrorKind::UndefinedError, "the expansion gives no such value"))
        }
        kind => Err(minijinja::Error::new(
            ErrorKind::InvalidOperation,
            format!("a value of kind {kind} has no Rust literal"),
        )),
    }
}

/// `None`, or `Some` of the literal.
fn some(value: &Value) -> Result<String, minijinja::Error> {
    if value.is_none() { Ok("None".to_owned()) } else { Ok(format!("Some({})", literal(value)?)) }
}

/// Lines of `///`. The lines of a paragraph are joined and wrapped anew; an empty line and a list's mark start another.
fn doc(text: &str) -> String {
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in text.trim().lines().map(str::trim) {
        let starts = line.is_empty()
            || line.starts_with(['-', '*', '|', '#'])
            || line.starts_with(|first: char| first.is_ascii_digit());
        match paragraphs.last_mut() {
            Some(open) if !starts && !open.is_empty() => {
                open.push(' ');
                open.push_str(line);
            }
            _ => paragraphs.push(line.to_owned()),
        }
    }
    let mut out = String::new();
    for paragraph in paragraphs.iter().skip(1) {
        for line in wrap(paragraph) {
            let _ = writeln!(out, "///{}{line}", if line.is_empty() { "" } else { " " });
        }
    }
    out
}

fn wrap(paragraph: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= DOC_WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The formatter sets items without a space between them; a reader wants one.
fn spaced(text: &str) -> String {
    let mut out = String::new();
    let mut before = "";
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let word = line.trim_start();
        let ended = before.trim_start();
        let closes = before.len() - ended.len() == indent
            && ended.ends_with(['}', ';', ')'])
            && !ended.starts_with("///")
            && !ended.starts_with("#[");
        let same_list = ["use ", "include!"].iter().any(|list| word.starts_with(list) && ended.starts_with(list));
        let starts =
            ["///", "#[", "pub ", "impl ", "static ", "const ", "fn ", "use ", "macro_rules", "described!", "include!"];
        if closes && !same_list && starts.iter().any(|start| word.starts_with(start)) {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        before = line;
    }
    out
}

/// A string literal: raw where quotes or backslashes would need escapes, plain otherwise.
fn string(text: &str) -> String {
    if text.contains(['"', '\\']) && !text.contains(['\n', '\r', '\0']) {
        let mut hashes = "#".to_owned();
        while text.contains(&format!("\"{hashes}")) {
            hashes.push('#');
        }
        format!("r{hashes}\"{text}\"{hashes}")
    } else {
        format!("{text:?}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_become_rust_and_not_python() {
        assert_eq!(literal(&Value::from(true)).unwrap(), "true");
        assert_eq!(literal(&Value::from("it's 公告")).unwrap(), "\"it's 公告\"");
        assert_eq!(literal(&Value::from(vec!["a", "b"])).unwrap(), "&[\"a\", \"b\"]");
        assert_eq!(literal(&Value::from(1.0)).unwrap(), "1.0");
        assert_eq!(some(&Value::from(())).unwrap(), "None");
        assert_eq!(some(&Value::from(7)).unwrap(), "Some(7)");
    }

    #[test]
    fn quotes_are_kept_readable_by_raw_strings() {
        assert_eq!(string(r#"{"a":1}"#), r###"r#"{"a":1}"#"###);
        assert_eq!(string("a\"#b"), "r##\"a\"#b\"##");
        assert_eq!(string("line\n\"two\""), "\"line\\n\\\"two\\\"\"");
    }

    #[test]
    fn documentation_is_wrapped_and_keeps_its_paragraphs() {
        assert_eq!(doc("one\nmore\n\ntwo\n- a\n- b"), "/// one more\n///\n/// two\n/// - a\n/// - b\n");
        assert_eq!(doc(&"word ".repeat(30)).lines().count(), 2);
    }

    #[test]
    fn items_stand_apart_and_imports_together() {
        let text = "use a;\nuse b;\n/// A;\nstruct A {\n    /// b\n    b: u8,\n}\n/// C.\nstruct C;\nimpl C {\n    /// d\n    fn d() {\n        f();\n    }\n    /// e\n    fn e() {}\n}\n";
        let apart = "use a;\nuse b;\n\n/// A;\nstruct A {\n    /// b\n    b: u8,\n}\n\n/// C.\nstruct C;\n\nimpl C {\n    /// d\n    fn d() {\n        f();\n    }\n\n    /// e\n    fn e() {}\n}\n";
        assert_eq!(spaced(text), apart);
    }
}
