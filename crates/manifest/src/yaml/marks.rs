//! Finds line and column of every key and value of a YAML file.
//!
//! serde tells places only in errors. So every key and value is read twice: first by a probe that always fails without
//! consuming anything and whose error carries the place, then for real. That costs a little, which is why only files
//! with a mistake are read this way.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Visitor};

/// A place as libyaml counts: line and column from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The places of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Where the value starts.
    pub at: Mark,
    /// What it holds.
    pub inside: Inside,
}

/// The places inside a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// A scalar: nothing.
    Scalar,
    /// `*name`: stands for something written before. Not followed.
    Alias,
    /// The items of a list.
    List(Vec<Marks>),
    /// The pairs of a mapping: key, its place, its value.
    Map(Vec<(String, Mark, Marks)>),
}

/// Reads the places of a text that [`super::parse`] has read without an error.
pub fn read(text: &str) -> Option<Marks> {
    let at = Probe.deserialize(serde_yaml::Deserializer::from_str(text)).err().map_or(START, |error| place(&error));
    let mut last = at;
    Walk { at, last: &mut last }.deserialize(serde_yaml::Deserializer::from_str(text)).ok()
}

const START: Mark = Mark { line: 1, column: 1 };

/// The place in an error's text. (The error's type is hidden behind serde's traits here, so `location()` is out of reach.)
fn place(error: &impl fmt::Display) -> Mark {
    let text = error.to_string();
    let numbers = text.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(" column "));
    let mark = numbers.and_then(|(line, column)| Some(Mark { line: line.parse().ok()?, column: column.parse().ok()? }));
    mark.unwrap_or(START)
}

/// Fails at the value without consuming it.
struct Probe;

impl<'de> DeserializeSeed<'de> for Probe {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_enum("", &[], Probe)
    }
}

impl<'de> Visitor<'de> for Probe {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a place")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom("a place"))
    }
}

/// Reads a key, leaves it in `out` and fails, so that the error tells its place.
struct Key<'a> {
    out: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<(), E> {
        *self.out = Some(key.to_owned());
        Err(E::custom("a place"))
    }
}

/// Reads a value and the places in it.
struct Walk<'a> {
    at: Mark,
    /// The last place that was seen. Everything real stands after it; what does not is an alias, whose error tells the
    /// place of what it stands for.
    last: &'a mut Mark,
}

impl Walk<'_> {
    fn scalar(self) -> Marks {
        Marks { at: self.at, inside: Inside::Scalar }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Marks;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Marks, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Marks;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Marks, E> {
        Ok(self.scalar())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Marks, E> {
        Ok(self.scalar())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Marks, E> {
        Ok(self.scalar())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Marks, E> {
        Ok(self.scalar())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Marks, E> {
        Ok(self.scalar())
    }

    fn visit_str<E>(self, _: &str) -> Result<Marks, E> {
        Ok(self.scalar())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Marks, A::Error> {
        let mut items = Vec::new();
        loop {
            let at = match seq.next_element_seed(Probe) {
                Ok(_) => break,
                Err(error) => place(&error),
            };
            // The first item of a list in flow style stands behind its bracket, so it is after `last`; in block style too.
            if at <= *self.last {
                items.push(Marks { at: *self.last, inside: Inside::Alias });
                continue;
            }
            *self.last = at;
            match seq.next_element_seed(Walk { at, last: &mut *self.last })? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        Ok(Marks { at: self.at, inside: Inside::List(items) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Marks, A::Error> {
        let mut pairs = Vec::new();
        loop {
            let mut key = None;
            let key_at = match map.next_key_seed(Key { out: &mut key }) {
                Ok(_) => break,
                Err(error) => place(&error),
            };
            // A mapping in block style starts at its first key: the same place is seen twice.
            *self.last = key_at.max(*self.last);
            let at = match map.next_value_seed(Probe) {
                Ok(()) => break,
                Err(error) => place(&error),
            };
            let marks = if at <= *self.last {
                Marks { at: *self.last, inside: Inside::Alias }
            } else {
                *self.last = at;
                map.next_value_seed(Walk { at, last: &mut *self.last })?
            };
            pairs.push((key.unwrap_or_default(), key_at, marks));
        }
        Ok(Marks { at: self.at, inside: Inside::Map(pairs) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    /// Every key and scalar as `key@line:column` and `@line:column`.
    fn places(text: &str) -> Vec<String> {
        fn collect(marks: &Marks, out: &mut Vec<String>) {
            match &marks.inside {
                Inside::Scalar => out.push(format!("@{}:{}", marks.at.line, marks.at.column)),
                Inside::Alias => out.push("alias".to_owned()),
                Inside::List(items) => items.iter().for_each(|item| collect(item, out)),
                Inside::Map(pairs) => {
                    for (key, at, value) in pairs {
                        out.push(format!("{key}@{}:{}", at.line, at.column));
                        collect(value, out);
                    }
                }
            }
        }
        let mut out = Vec::new();
        collect(&read(text).unwrap(), &mut out);
        out
    }

    #[test]
    fn keys_and_values_of_block_and_flow_style_are_found() {
        let text = "a:\n  - b: 1\n    标题: [x, {c: y}]\n  - z\nd: |\n  text\ne:\nf: {}\ng: last\n";
        assert_eq!(
            places(text),
            [
                "a@1:1",
                "b@2:5",
                "@2:8",
                "标题@3:5",
                "@3:10",
                "c@3:14",
                "@3:17",
                "@4:5",
                "d@5:1",
                "@5:4",
                "e@7:1",
                "@7:3",
                "f@8:1",
                "g@9:1",
                "@9:4"
            ]
        );
    }

    #[test]
    fn an_alias_is_seen_where_it_stands_and_not_followed() {
        assert_eq!(
            places("a: &x {b: 1}\nc: *x\nd: 2\n"),
            ["a@1:1", "b@1:8", "@1:11", "c@2:1", "alias", "d@3:1", "@3:4"]
        );
        assert_eq!(places("a: [&x 1, *x, 3]"), ["a@1:1", "@1:5", "alias", "@1:15"]);
    }

    #[test]
    fn a_file_that_is_one_scalar_has_one_place() {
        assert_eq!(places("\n  hello"), ["@2:3"]);
    }
}
