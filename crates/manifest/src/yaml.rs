//! YAML as a plain tree: what was written, before it means anything.
//!
//! [`Node`] keeps every pair, also those whose key is written twice, which serde's maps would drop silently. It has no
//! places; [`marks`] finds those with a second reading, done only for a file in which something is wrong.

pub mod marks;

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// One value of a YAML file.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number that JSON can hold.
    Number(Number),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping with its pairs in written order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value under `key` (the first, when it is written twice).
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.pairs().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The pairs of a mapping; none for anything else.
    pub fn pairs(&self) -> &[(String, Node)] {
        match self {
            Node::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        match self {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for a sentence: "found a list".
    pub fn described(&self) -> String {
        match self {
            Node::Null => "nothing".to_owned(),
            Node::Bool(value) => format!("`{value}`"),
            Node::Number(value) => format!("the number {value}"),
            Node::Text(text) if text.chars().count() <= 30 && !text.contains('\n') => format!("the text `{text}`"),
            Node::Text(_) => "a text".to_owned(),
            Node::List(_) => "a list".to_owned(),
            Node::Map(_) => "a mapping".to_owned(),
        }
    }

    /// The same as JSON; of a key that is written twice the last value.
    pub fn to_value(&self) -> Value {
        match self {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(value) => Value::Number(value.clone()),
            Node::Text(text) => Value::String(text.clone()),
            Node::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Node::Map(pairs) => {
                Value::Object(pairs.iter().map(|(key, node)| (key.clone(), node.to_value())).collect::<Map<_, _>>())
            }
        }
    }
}

/// What the error says of a YAML tag.
pub const NO_TAG: &str = "a value without a YAML tag";
/// What the error says of a number that JSON cannot hold.
pub const NO_NUMBER: &str = "a number that JSON cannot hold";

/// Reads one YAML document.
pub fn parse(text: &str) -> Result<Node, serde_yaml::Error> {
    serde_yaml::from_str(text)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tree;
        impl<'de> Visitor<'de> for Tree {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(NO_TAG)
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            /// A document without anything in it.
            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Number(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Number(value.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
                Number::from_f64(value).map(Node::Number).ok_or_else(|| E::custom(NO_NUMBER))
            }

            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Node::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    pairs.push((key, map.next_value()?));
                }
                Ok(Node::Map(pairs))
            }
        }
        deserializer.deserialize_any(Tree)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_written_twice_is_kept_twice() {
        let node = parse("{a: 1, b: 2, a: 3}").unwrap();
        assert_eq!(node.pairs().iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["a", "b", "a"]);
    }

    #[test]
    fn number_and_boolean_keys_are_read_as_their_text() {
        let node = parse("{1: on, true: x, -2: y}").unwrap();
        assert_eq!(node.pairs().iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["1", "true", "-2"]);
    }

    #[test]
    fn tags_and_infinities_are_refused() {
        assert!(parse("a: !secret x").unwrap_err().to_string().contains(NO_TAG));
        assert!(parse("a: .inf").unwrap_err().to_string().contains(NO_NUMBER));
    }
}
