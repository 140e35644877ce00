//! The few words that a field gets in the tool list, where every character is paid for in every conversation.
//!
//! The rule: the first clause of `doc`, when it has at most [`CLAUSE`] characters (else what stands before its first
//! comma) and says more than the field's name and the tool's name do, with the unit where the clause does not name it;
//! numbers that stand for something list their meanings instead (`1 on, 0 off`), single values out of the ordinary
//! follow (`; 0 never`). What is left out stands in the tool's resource, which holds the whole entry.

use super::names::words;
use crate::model::{Field, Kind, Unique};

/// Most characters of a clause of documentation.
const CLAUSE: usize = 40;

/// Most characters of a description with unit and values out of the ordinary.
const LONGEST: usize = 48;

/// Most characters of one meaning.
const MEANING: usize = 24;

/// Words that say nothing by themselves.
const EMPTY: &[&str] = &[
    "a", "all", "an", "and", "are", "as", "at", "be", "by", "change", "delete", "display", "for", "from", "go", "id",
    "ids", "in", "into", "is", "it", "its", "move", "new", "number", "of", "on", "one", "or", "remove", "s", "set",
    "test", "text", "that", "the", "their", "this", "through", "to", "use", "value", "which", "whose", "with",
];

/// The words for a field, or none. `around` holds words that the reader knows already (the tool's name).
pub fn words_for(name: &str, field: &Field, around: &[String]) -> Option<String> {
    if matches!(field.kind, Kind::Integer | Kind::Number) && !field.values.is_empty() {
        return Some(meanings(&field.values, usize::MAX).join(", "));
    }
    let clause = first_clause(&field.doc);
    let begin = clause.split_once(", ").map_or(clause, |(begin, _)| begin);
    let shown = [clause, begin].into_iter().find(|text| text.chars().count() <= CLAUSE);
    let mut text = shown.filter(|text| says_more(text, name, around)).unwrap_or_default().to_owned();
    let mut add = |mark: &str, more: &str| {
        if text.is_empty() {
            more.clone_into(&mut text);
        } else if text.chars().count() + mark.len() + more.chars().count() <= LONGEST {
            text.push_str(mark);
            text.push_str(more);
        }
    };
    if let Some(unit) = field.unit.as_deref().filter(|unit| !names_unit(clause, unit) && !names_unit(name, unit)) {
        add(", ", if unit == "ms since the epoch" { "epoch ms" } else { unit });
    }
    for meaning in meanings(&field.special, MEANING) {
        add("; ", &meaning);
    }
    (!text.is_empty()).then_some(text)
}

/// `1 on`, `0 off`; a meaning of more than `longest` characters is passed over rather than cut to something else.
fn meanings(values: &Unique<String>, longest: usize) -> Vec<String> {
    let pairs = values.iter().map(|(value, text)| (value, first_clause(text)));
    pairs.filter(|(_, text)| text.chars().count() <= longest).map(|(value, text)| format!("{value} {text}")).collect()
}

/// Up to the first mark that starts another thought.
fn first_clause(doc: &str) -> &str {
    let line = doc.lines().next().unwrap_or_default();
    let ends = |(at, mark): (usize, &str)| {
        !(mark == ". " && line.get(..at).is_some_and(|before| before.ends_with("e.g") || before.ends_with("i.e")))
    };
    let marks =
        ["; ", ". ", ": ", " (", " - ", ", e.g. ", ", i.e. "].into_iter().flat_map(|mark| line.match_indices(mark));
    let end = marks.filter(|place| ends(*place)).map(|(at, _)| at).min().unwrap_or(line.len());
    line.get(..end).unwrap_or(line).trim().trim_end_matches('.')
}

/// Whether a clause holds a word that neither the name nor the surroundings hold.
fn says_more(clause: &str, name: &str, around: &[String]) -> bool {
    let known = words(name);
    words(clause)
        .iter()
        .any(|word| !EMPTY.contains(&word.as_str()) && !known.iter().chain(around).any(|known| same(known, word)))
}

/// The same word, apart from a plural's `s` or one being the other's beginning (`desc`, `description`).
fn same(known: &str, word: &str) -> bool {
    let (known, word) = (known.trim_end_matches('s'), word.trim_end_matches('s'));
    known == word || (known.len() >= 4 && word.starts_with(known)) || (word.len() >= 4 && known.starts_with(word))
}

fn names_unit(text: &str, unit: &str) -> bool {
    let text = words(text);
    words(unit).first().is_none_or(|unit| text.iter().any(|word| same(word, unit)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn field(yaml: &str) -> Field {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn said(name: &str, yaml: &str) -> Option<String> {
        words_for(name, &field(yaml), &["node".to_owned(), "update".to_owned()])
    }

    #[test]
    fn numbers_that_stand_for_something_list_their_meanings() {
        assert_eq!(
            said("enabled", "{type: integer, enum: {1: shown on the dashboard, 0: hidden}, doc: d}").unwrap(),
            "1 shown on the dashboard, 0 hidden"
        );
        assert_eq!(
            said("mode", "{type: string, enum: {fifo: first to last}, doc: How one is chosen.}").unwrap(),
            "How one is chosen"
        );
    }

    #[test]
    fn values_out_of_the_ordinary_follow_while_there_is_room() {
        let yaml =
            "{type: integer, unit: GB, doc: Traffic quota., special: {0: never, 99999: unlimited (shown as such)}}";
        assert_eq!(said("flow", yaml).unwrap(), "Traffic quota, GB; 0 never; 99999 unlimited");
        let yaml = "{type: integer, doc: Day of the month., special: {0: a meaning that would have to be cut}}";
        assert_eq!(said("day", yaml).unwrap(), "Day of the month");
    }

    #[test]
    fn a_name_spelled_out_is_left_out() {
        assert_eq!(said("id", "{type: integer, doc: The node's id.}"), None);
        assert_eq!(said("serverIp", "{type: string, doc: IP of the server}"), None);
        assert_eq!(
            said("port", "{type: string, doc: Port ranges joined by commas.}").unwrap(),
            "Port ranges joined by commas"
        );
    }

    #[test]
    fn only_the_first_clause_counts() {
        assert_eq!(
            said("ratio", "{type: number, doc: Factor on counted traffic; 0 is stored as 1.}").unwrap(),
            "Factor on counted traffic"
        );
        assert_eq!(said("protocol", "{type: string, doc: 'Tunnel transport, e.g. tls.'}").unwrap(), "Tunnel transport");
        assert_eq!(
            said("owner", "{type: string, doc: 'Account name, unique, without blanks at either end.'}").unwrap(),
            "Account name"
        );
        assert_eq!(
            said("x", "{type: string, doc: A sentence that goes on for far longer than anybody would pay for}"),
            None
        );
    }

    #[test]
    fn a_unit_is_named_once() {
        assert_eq!(said("speed", "{type: integer, unit: Mbit/s, doc: Upper bound.}").unwrap(), "Upper bound, Mbit/s");
        assert_eq!(said("expTime", "{type: integer, unit: ms since the epoch, doc: A text that is too long to be shown in the list of all the tools}").unwrap(), "epoch ms");
        assert_eq!(
            said("flow", "{type: integer, unit: GB, doc: Traffic quota in GB.}").unwrap(),
            "Traffic quota in GB"
        );
    }
}
