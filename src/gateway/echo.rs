//! Secrets that a caller gave and an answer may repeat: panels quote what they refuse. Cut out of everything that is told.

use flvx_panel::{
    looks_secret,
    spec::{Field, Kind, Route},
};
use serde_json::{Map, Value};

use super::shape::REDACTED;
use crate::result::CallOutput;

/// Shortest secret that is cut out of data and of our own sentences, where shorter ones would hit ordinary words.
const TELLING: usize = 6;
/// Shortest secret that is cut out of the middle of the panel's words; shorter ones only where they stand alone.
const SHORT: usize = 4;

/// The secrets of one request.
pub struct Given(Vec<String>);

impl Given {
    /// Those in the marked fields, and under free keys those named like one.
    pub fn of(route: &Route, request: &Map<String, Value>) -> Self {
        let (mut found, mut open) = (Vec::new(), Vec::new());
        object(request, route.request, &mut found, &mut open);
        // What was also given where it is no secret (a password that equals the name) cannot be hidden.
        found.retain(|secret| !secret.trim().is_empty() && !open.contains(secret));
        // A secret that is part of another must not leave the rest of it behind.
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        found.dedup();
        Self(found)
    }

    /// Cuts them out of a result.
    pub fn cut_out(&self, output: &mut CallOutput) {
        for secret in &self.0 {
            if let Some(msg) = &mut output.panel_msg {
                cut_words(msg, secret);
            }
            if secret.len() < TELLING {
                continue;
            }
            output.warnings.iter_mut().for_each(|warning| cut(warning, secret));
            if let Some(error) = &mut output.error {
                cut(&mut error.message, secret);
                cut(&mut error.hint, secret);
            }
            output.differences.iter_mut().chain(&mut output.items).for_each(|value| cut_value(value, secret));
            let repeats = |data: &[u8]| memchr::memmem::find(data, secret.as_bytes()).is_some();
            if let Some(data) = output.data.as_ref().filter(|data| repeats(data) || escapes(data))
                && let Ok(mut value) = serde_json::from_slice::<Value>(data)
            {
                let before = value.clone();
                cut_value(&mut value, secret);
                if value != before {
                    output.data = Some(value.to_string().into());
                }
            }
        }
    }
}

/// Whether a text may stand in JSON otherwise than it is read.
fn escapes(json: &[u8]) -> bool {
    memchr::memchr(b'\\', json).is_some()
}

fn cut(text: &mut String, secret: &str) {
    if text.contains(secret) {
        *text = text.replace(secret, REDACTED);
    }
}

/// Panel words: a short secret only where no letter or digit touches it.
fn cut_words(text: &mut String, secret: &str) {
    if secret.len() >= SHORT {
        return cut(text, secret);
    }
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (at, found) in text.match_indices(secret) {
        let touches = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + found.len()..).unwrap_or_default());
        if !touches(before.chars().next_back()) && !touches(after.chars().next()) {
            out.push_str(text.get(from..at).unwrap_or_default());
            out.push_str(REDACTED);
            from = at + found.len();
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    *text = out;
}

fn cut_value(value: &mut Value, secret: &str) {
    match value {
        Value::String(text) => cut(text, secret),
        Value::Array(items) => items.iter_mut().for_each(|item| cut_value(item, secret)),
        Value::Object(map) => map.values_mut().for_each(|item| cut_value(item, secret)),
        _ => {}
    }
}

fn object(given: &Map<String, Value>, field: &Field, found: &mut Vec<String>, open: &mut Vec<String>) {
    for (key, value) in given {
        let known = field.fields.iter().find(|known| known.name == key);
        let by_name = known.is_none()
            && (looks_secret(key) || field.secret_keys.iter().any(|secret| secret.eq_ignore_ascii_case(key.trim())));
        match known.or(field.items) {
            _ if by_name => all(value, found),
            Some(shape) => inside(value, shape, found, open),
            None => inside(value, &ANY, found, open),
        }
    }
}

const ANY: Field = Field::new("", Kind::Any, "");

fn inside(value: &Value, field: &Field, found: &mut Vec<String>, open: &mut Vec<String>) {
    match value {
        _ if field.secret => all(value, found),
        Value::String(text) => open.push(text.clone()),
        Value::Object(map) => object(map, field, found, open),
        Value::Array(items) => items.iter().for_each(|item| inside(item, field.items.unwrap_or(&ANY), found, open)),
        _ => {}
    }
}

/// Every text of a value that is secret.
fn all(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| all(item, found)),
        Value::Object(map) => map.values().for_each(|item| all(item, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use flvx_panel::generated::{CONFIG_UPDATE, USER_CHANGE_PASSWORD, USER_CREATE};
    use serde_json::json;

    use super::*;
    use crate::result::{ErrorKind, ToolError};

    fn given(route: &Route, request: Value) -> Given {
        Given::of(route, request.as_object().unwrap())
    }

    #[test]
    fn what_a_caller_gave_as_a_secret_is_cut_out_of_all_that_is_told() {
        let secret = "pw-\"quoted\"-1";
        let error = ToolError::new(ErrorKind::Internal, format!("what is {secret}?"), secret);
        let mut output = CallOutput {
            panel_msg: Some(format!("密码{secret}太短")),
            data: Some(json!({ "reason": format!("no {secret}!"), "n": 1 }).to_string().into()),
            warnings: vec![secret.to_owned()],
            items: vec![json!([secret])],
            ..CallOutput::failed(error)
        };
        given(USER_CREATE, json!({ "user": "alice", "pwd": secret })).cut_out(&mut output);
        assert!(!output.to_json().contains("quoted"), "{}", output.to_json());
        assert_eq!(output.panel_msg.as_deref(), Some("密码[redacted]太短"));
        assert_eq!(output.data.as_deref(), Some(&b"{\"reason\":\"no [redacted]!\",\"n\":1}"[..]));
    }

    #[test]
    fn a_short_secret_is_cut_where_it_stands_alone() {
        let mut output = CallOutput { panel_msg: Some("pw abc: abcd, (abc)".to_owned()), ..CallOutput::default() };
        given(USER_CREATE, json!({ "pwd": "abc" })).cut_out(&mut output);
        assert_eq!(output.panel_msg.as_deref(), Some("pw [redacted]: abcd, ([redacted])"));
    }

    #[test]
    fn free_keys_are_known_by_their_names_and_longer_secrets_go_first() {
        let mut output =
            CallOutput { panel_msg: Some("secret-long secret site-value".to_owned()), ..CallOutput::default() };
        let request =
            json!({ "cloudflare_secret_key": "secret-long", "bot_token": "secret", "app_name": "site-value" });
        given(CONFIG_UPDATE, request).cut_out(&mut output);
        assert_eq!(output.panel_msg.as_deref(), Some("[redacted] [redacted] site-value"));
        let request = json!({ "newUsername": "u", "currentPassword": "a", "newPassword": "b", "confirmPassword": "b" });
        assert_eq!(given(USER_CHANGE_PASSWORD, request).0, ["a", "b"]);
        assert_eq!(given(USER_CREATE, json!({ "user": "same", "pwd": "same" })).0, [""; 0]);
    }
}
