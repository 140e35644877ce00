//! Compares a recorded JSON value with the sandbox's: same keys in the same order, same types, same lengths, same
//! values. What changes with each run is compared by rule: times by when they can have been, secrets by shape and by
//! standing for the same secret everywhere, tokens by their claims.

use std::collections::BTreeMap;

use serde_json::Value;

/// When the recordings were made, ms since the epoch.
const RECORDED: std::ops::RangeInclusive<i64> = 1_795_346_900_000..=1_795_347_200_000;
const YEAR: i64 = 365 * 24 * 3600 * 1000;

/// Recorded secrets and the sandbox's in their place.
#[derive(Debug, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Binds a recorded secret; false when it stands for another one already.
    fn bind(&mut self, recorded: &str, actual: &str) -> bool {
        self.0.entry(recorded.to_owned()).or_insert_with(|| actual.to_owned()) == actual
    }

    /// The text with every recorded secret replaced.
    pub fn translate(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (recorded, actual) in &self.0 {
            text = text.replace(recorded, actual);
        }
        text
    }

    /// The value with every recorded secret replaced.
    pub fn translate_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.translate(text)),
            Value::Array(items) => items.iter().map(|v| self.translate_value(v)).collect(),
            Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), self.translate_value(v))).collect(),
            other => other.clone(),
        }
    }
}

/// What a comparison needs to know.
pub struct Comparison<'a> {
    /// The secrets bound so far.
    pub secrets: &'a mut Secrets,
    /// When the recording began, ms since the epoch.
    pub recorded_from: i64,
    /// When the replay began, ms since the epoch.
    pub began: i64,
    /// Now, ms since the epoch.
    pub now: i64,
    /// What differs.
    pub differences: Vec<String>,
}

impl Comparison<'_> {
    /// Compares two values; `at` is their place.
    pub fn values(&mut self, at: &str, recorded: &Value, actual: &Value) {
        match (recorded, actual) {
            (Value::Object(want), Value::Object(got)) => {
                let (wanted, gotten): (Vec<_>, Vec<_>) = (want.keys().collect(), got.keys().collect());
                if wanted != gotten {
                    self.differ(at, &format!("keys {wanted:?}"), &format!("{gotten:?}"));
                }
                for (key, value) in want {
                    if let Some(other) = got.get(key) {
                        self.values(&format!("{at}.{key}"), value, other);
                    }
                }
            }
            (Value::Array(want), Value::Array(got)) => {
                if want.len() != got.len() {
                    self.differ(at, &format!("{} items", want.len()), &format!("{} items: {actual}", got.len()));
                }
                for (index, (value, other)) in want.iter().zip(got).enumerate() {
                    self.values(&format!("{at}[{index}]"), value, other);
                }
            }
            (Value::Number(want), Value::Number(got)) => {
                let same =
                    want == got || want.as_i64().zip(got.as_i64()).is_some_and(|(want, got)| self.same_time(want, got));
                if !same {
                    self.differ(at, recorded, actual);
                }
            }
            (Value::String(want), Value::String(got)) => {
                if !self.same_text(want, got) {
                    self.differ(at, recorded, actual);
                }
            }
            _ if recorded == actual => {}
            _ => self.differ(at, recorded, actual),
        }
    }

    /// Notes a difference.
    pub fn differ(&mut self, at: &str, recorded: &(impl ToString + ?Sized), actual: &(impl ToString + ?Sized)) {
        let short = |text: String| text.chars().take(300).collect::<String>();
        self.differences.push(format!(
            "{at}: panel {}, sandbox {}",
            short(recorded.to_string()),
            short(actual.to_string())
        ));
    }

    /// A time before the recording stands for the making of the world, one within it for a moment of the replay; a
    /// year later likewise.
    fn same_time(&self, recorded: i64, actual: i64) -> bool {
        let moments = self.began..=self.now;
        if RECORDED.contains(&recorded) {
            let made = actual == flvx_sandbox::world::MADE_AT;
            if recorded < self.recorded_from { made } else { moments.contains(&actual) }
        } else {
            RECORDED.contains(&(recorded - YEAR)) && moments.contains(&(actual - YEAR))
        }
    }

    fn same_text(&mut self, recorded: &str, actual: &str) -> bool {
        if recorded == actual && !recorded.contains("fa4e") {
            return true;
        }
        // the recorded panel had been linked with another SQLite driver than the shipped one
        if let Some((before, columns)) = recorded.split_once("UNIQUE constraint failed: ") {
            return actual == format!("{before}{}", flvx_sandbox::state::unique_violated(columns));
        }
        if let (Some(want), Some(got)) = (claims(recorded), claims(actual)) {
            return want == got && recorded.len() == actual.len();
        }
        // text around and between secrets is the same, and each secret has the same shape and meaning
        let (mut want, mut got) = (recorded, actual);
        while let Some(place) = want.find("fa4e") {
            let length = want[place..].bytes().take_while(u8::is_ascii_hexdigit).count();
            let (Some(same), Some(secret)) = (got.get(..place), got.get(place..place + length)) else {
                return false;
            };
            if same != &want[..place] || !secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                return false;
            }
            if !self.secrets.bind(&want[place..place + length], secret) {
                return false;
            }
            (want, got) = (&want[place + length..], &got[place + length..]);
        }
        want == got
    }
}

/// The claims of a JWT but for its times, and its header.
fn claims(token: &str) -> Option<(String, Value)> {
    let (header, rest) = token.split_once('.')?;
    let (payload, _) = rest.split_once('.')?;
    if !header.starts_with("eyJ") {
        return None;
    }
    let mut value: Value = serde_json::from_slice(&base64(payload)?).ok()?;
    let map = value.as_object_mut()?;
    let lifetime = map.get("exp")?.as_i64()? - map.get("iat")?.as_i64()?;
    map.insert("iat".to_owned(), Value::Null);
    map.insert("exp".to_owned(), lifetime.into());
    Some((header.to_owned(), value))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes() {
        bits = (bits << 6) | u32::try_from(ALPHABET.iter().position(|b| *b == byte)?).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

mod tests {
    use serde_json::json;

    use super::*;

    fn differences(recorded: &Value, actual: &Value) -> usize {
        let mut secrets = Secrets::default();
        let (recorded_from, began, now) = (1_795_347_000_000, 1_000, 2_000);
        let mut comparison = Comparison { secrets: &mut secrets, recorded_from, began, now, differences: Vec::new() };
        comparison.values("", recorded, actual);
        comparison.differences.len()
    }

    #[test]
    fn keys_order_types_lengths_and_values_are_compared() {
        let value = json!({"a": 1, "b": [1, {"c": "x"}], "d": null});
        assert_eq!(differences(&value, &value), 0);
        for other in [
            json!({"b": [1, {"c": "x"}], "a": 1, "d": null}),
            json!({"a": 1, "b": [1, {"c": "x"}]}),
            json!({"a": 1, "b": [1, {"c": "x"}], "d": null, "e": 1}),
            json!({"a": 1, "b": [1], "d": null}),
            json!({"a": 1, "b": [1, {"c": "y"}], "d": null}),
            json!({"a": 1.0, "b": [1, {"c": "x"}], "d": null}),
            json!({"a": "1", "b": [1, {"c": "x"}], "d": null}),
            json!({"a": 1, "b": [1, {"c": "x"}], "d": []}),
        ] {
            assert_eq!(differences(&value, &other), 1, "{other}");
        }
    }

    #[test]
    fn a_time_of_the_recording_is_a_time_of_the_replay_and_an_older_one_the_making_of_the_world() {
        let (during, before) = (json!(1_795_347_000_001_i64), json!(1_795_346_999_999_i64));
        assert_eq!(differences(&during, &json!(1_500)), 0);
        assert_eq!(differences(&during, &json!(flvx_sandbox::world::MADE_AT)), 1);
        assert_eq!(differences(&during, &json!(2_001)), 1);
        assert_eq!(differences(&before, &json!(flvx_sandbox::world::MADE_AT)), 0);
        assert_eq!(differences(&before, &json!(1_500)), 1);
        assert_eq!(differences(&json!(1_795_347_000_001_i64 + YEAR), &json!(1_500 + YEAR)), 0);
        assert_eq!(differences(&json!(2_145_888_000_000_i64), &json!(1_500)), 1);
    }

    #[test]
    fn a_secret_stands_for_the_same_secret_everywhere_and_has_its_shape() {
        let same = json!(["fa4e01", "install -s fa4e01 now", "fa4e02"]);
        assert_eq!(differences(&same, &json!(["abcdef", "install -s abcdef now", "123456"])), 0);
        assert_eq!(differences(&same, &json!(["abcdef", "install -s abcde0 now", "123456"])), 1);
        assert_eq!(differences(&same, &json!(["abcdef", "install -s abcdef", "123456"])), 1);
        assert_eq!(differences(&same, &json!(["abcdef", "install -s abcdef now", "12345"])), 1);
        assert_eq!(differences(&same, &json!(["abcdef", "install -s abcdef now", "12345X"])), 1);
    }

    #[test]
    fn tokens_are_compared_by_their_claims() {
        // {"sub":"3","iat":0,"exp":9,"role_id":1}, the same ten seconds later, and with another role
        let token = |payload: &str| json!(format!("eyJh.{payload}.sig"));
        let recorded = token("eyJzdWIiOiIzIiwiaWF0IjowLCJleHAiOjksInJvbGVfaWQiOjF9");
        assert_eq!(differences(&recorded, &token("eyJzdWIiOiIzIiwiaWF0IjoxLCJleHAiOjEwLCJyb2xlX2lkIjoxfQ")), 1);
        assert_eq!(differences(&recorded, &token("eyJzdWIiOiIzIiwiaWF0IjowLCJleHAiOjksInJvbGVfaWQiOjB9")), 1);
        assert_eq!(differences(&recorded, &token("eyJzdWIiOiIzIiwiaWF0IjoxLCJleHAiOjAsInJvbGVfaWQiOjF9")), 1);
        assert_eq!(differences(&recorded, &recorded), 0);
    }
}
