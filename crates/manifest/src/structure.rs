//! Holds a file's tree against the form of the language: unknown keys, missing ones, wrong types and words.
//!
//! serde would stop at the first of them; this tells all, each with its place. The form is not written down again: it
//! is compiled from the JSON Schema of the model, so that editor, loader and documentation cannot disagree.

mod form;
mod prose;

pub use form::{Form, Language};
pub use prose::is_invisible;

use crate::{
    finding::Finding,
    path::At,
    suggest::{listed, nearest},
    yaml::Node,
};
use form::{Key, Number, Record};

/// Tells everything about `node` that is not of the form that the language has for such a file. `told` are invisible
/// characters of which the look at the bare text has spoken already.
pub fn check(language: &Language, node: &Node, at: At<'_>, told: &[char], findings: &mut Vec<Finding>) {
    Walk { language, told, findings }.value(node, language.root(), &at, None);
}

struct Walk<'a> {
    language: &'a Language,
    told: &'a [char],
    findings: &'a mut Vec<Finding>,
}

impl Walk<'_> {
    /// One value; `key` is the key under which it stands, for the words of the message.
    fn value(&mut self, node: &Node, form: &Form, at: &At<'_>, key: Option<&str>) {
        match (form, node) {
            (Form::Named(name), _) => {
                let language = self.language;
                if let Some(form) = language.named(name) {
                    self.value(node, form, at, key);
                }
            }
            (Form::Any, _) => self.only_unique_keys(node, at),
            (_, Node::Null) => self.empty(at, key),
            (Form::Record(record), Node::Map(pairs)) => self.record(record, pairs, at),
            (Form::Map(value), Node::Map(pairs)) => {
                for (place, (name, node)) in pairs.iter().enumerate() {
                    if self.is_first(pairs, place, at) {
                        self.value(node, value, &at.key(name), Some(name));
                    }
                }
            }
            (Form::List(item), Node::List(items)) => {
                for (place, node) in items.iter().enumerate() {
                    self.value(node, item, &at.item(place), key);
                }
            }
            (Form::Word(words), Node::Text(text)) => self.word(words, text, at, key),
            (Form::Text, Node::Text(text)) => prose::check(text, self.told, at, key, self.findings),
            (Form::Number(number), Node::Number(value)) => self.number(*number, value, at),
            (Form::Bool, Node::Bool(_)) => {}
            _ => self.wrong_type(node, form, at),
        }
    }

    fn record(&mut self, record: &Record, pairs: &[(String, Node)], at: &At<'_>) {
        for (place, (name, node)) in pairs.iter().enumerate() {
            if !self.is_first(pairs, place, at) {
                continue;
            }
            match record.key(name) {
                Some(key) => self.value(node, &key.form, &at.key(name), Some(name)),
                None => self.unknown_key(record, name, node, at),
            }
        }
        for key in record.keys.iter().filter(|key| key.required && !pairs.iter().any(|(name, _)| *name == key.name)) {
            let finding = Finding::new(at.at_key(), format!("`{}` is missing", key.name));
            self.findings.push(finding.label(format!("{} needs it", record.title)).help(meaning(key)));
        }
    }

    fn unknown_key(&mut self, record: &Record, name: &str, value: &Node, at: &At<'_>) {
        let near = nearest(name, record.keys.iter().map(|key| key.name.as_str()));
        let mut finding = Finding::new(at.key(name).at_key(), format!("unknown key `{name}`"));
        finding = finding.label(format!("not a key of {}", record.title)).instead(near);
        if *value == Node::Null && name.contains(' ') {
            finding = finding.help("inside `{ … }` a comma ends a text: put the whole text in quotes");
        } else if near.is_none() {
            finding = finding.help(format!("its keys are {}", listed(record.keys.iter().map(|key| key.name.as_str()))));
        }
        self.findings.push(finding);
    }

    fn word(&mut self, words: &[String], text: &str, at: &At<'_>, key: Option<&str>) {
        if words.iter().any(|word| word == text) {
            return;
        }
        let near = nearest(text, words.iter().map(String::as_str));
        let of = key.map_or_else(String::new, |key| format!(" for `{key}`"));
        let finding = Finding::new(at.at_value(), format!("unknown word `{text}`{of}"));
        self.findings.push(finding.label(format!("one of {}", listed(words.iter().map(String::as_str)))).instead(near));
    }

    fn number(&mut self, number: Number, value: &serde_json::Number, at: &At<'_>) {
        let fits = match number {
            Number::Any => true,
            Number::Signed => value.as_i64().is_some(),
            Number::Unsigned { max } => value.as_u64().is_some_and(|value| value <= max),
        };
        if !fits {
            let finding = Finding::new(at.at_value(), format!("{value} is not {}", number.described()));
            self.findings.push(finding.label("out of range"));
        }
    }

    fn wrong_type(&mut self, node: &Node, form: &Form, at: &At<'_>) {
        let finding = Finding::new(at.at_value(), format!("expected {}, found {}", form.described(), node.described()));
        let (label, instead) = match (form, node) {
            (Form::Text | Form::Word(_), Node::Number(value)) => {
                ("quote it to make it text", Some(format!("\"{value}\"")))
            }
            (Form::Text | Form::Word(_), Node::Bool(value)) => {
                ("quote it to make it text", Some(format!("\"{value}\"")))
            }
            (Form::Bool, Node::Text(text)) => {
                ("YAML 1.2 knows only `true` and `false`", boolean(text).map(|value| value.to_string()))
            }
            (Form::List(_), Node::Text(text)) => ("a list stands in brackets", Some(format!("[{text}]"))),
            _ => ("of the wrong type", None),
        };
        self.findings.push(finding.label(label).instead(instead));
    }

    fn empty(&mut self, at: &At<'_>, key: Option<&str>) {
        let what = key.map_or_else(|| "the item".to_owned(), |key| format!("`{key}`"));
        let finding = Finding::new(at.at_value(), format!("{what} has no value"));
        self.findings.push(finding.label("give it one, or take the key away"));
    }

    /// Free JSON may hold anything, but no key twice.
    fn only_unique_keys(&mut self, node: &Node, at: &At<'_>) {
        for (place, item) in node.items().iter().enumerate() {
            self.only_unique_keys(item, &at.item(place));
        }
        for (place, (name, value)) in node.pairs().iter().enumerate() {
            if self.is_first(node.pairs(), place, at) {
                self.only_unique_keys(value, &at.key(name));
            }
        }
    }

    /// Whether the key of this pair has not been written before in the same mapping; if it has, that is told.
    fn is_first(&mut self, pairs: &[(String, Node)], place: usize, at: &At<'_>) -> bool {
        let Some((name, _)) = pairs.get(place) else { return true };
        let Some(first) = pairs.iter().take(place).position(|(earlier, _)| earlier == name) else { return true };
        let finding = Finding::new(at.pair(place).at_key(), format!("key `{name}` is written twice"));
        self.findings
            .push(finding.label("only one of them can count").also(at.pair(first).at_key(), "first written here"));
        false
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "true" | "y" => Some(true),
        "no" | "off" | "false" | "n" => Some(false),
        _ => None,
    }
}

fn meaning(key: &Key) -> String {
    format!("`{}`: {}", key.name, key.doc)
}
