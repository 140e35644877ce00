//! The arguments of a call as they may be kept: secrets gone by the manifest's tables, and by name where keys are free; long
//! texts cut, long lists counted, the whole bounded. What the tool does not know is named and not shown: a key that was
//! mistyped may have held a password.

use flvx_panel::spec::{Field, Kind};
use serde_json::{Map, Value};

use crate::{clean::clean_text, gateway::shape::REDACTED};

/// Longest text, in characters.
const LONGEST_TEXT: usize = 200;
/// Longest key, in characters.
const LONGEST_KEY: usize = 64;
/// Most items of a list or keys of an object that are shown.
const MOST_ITEMS: usize = 50;
/// Bytes after which nothing more is shown.
const MOST_BYTES: usize = 8 << 10;
/// Stands for what a tool does not know.
const UNKNOWN: &str = "[not shown: unknown key]";
/// Parts of names whose value is a secret.
const SECRET_NAMES: &[&str] =
    &["pass", "pasw", "pwd", "token", "secret", "credential", "apikey", "privatekey", "authorization", "cookie"];

/// The outer arguments as JSON: `request` by the tool's table, the rest by name.
pub fn shown(given: &Map<String, Value>, request: Option<&Field>) -> String {
    let mut out = String::new();
    let entries = given.iter().map(|(key, value)| {
        let how = match (key.as_str(), request) {
            ("request", Some(field)) => How::Field(field),
            ("view" | "auth_context" | "idempotency_key", Some(_)) => How::Free,
            ("confirm_token", _) => How::Hidden(REDACTED),
            _ => How::Hidden(UNKNOWN),
        };
        (key, value, how)
    });
    object(entries, given.len(), &mut out);
    out
}

/// How a value is to be shown.
#[derive(Clone, Copy)]
enum How<'a> {
    /// As its table says.
    Field(&'a Field),
    /// Keys are free: names tell.
    Free,
    /// This in place of it.
    Hidden(&'static str),
}

fn write(value: &Value, how: How<'_>, out: &mut String) {
    if out.len() > MOST_BYTES {
        return text("…", out);
    }
    match how {
        How::Hidden(_) if is_empty(value) => plain(value, out),
        How::Hidden(word) => text(word, out),
        How::Field(field) => by_table(value, field, out),
        How::Free => free(value, out),
    }
}

fn by_table(value: &Value, field: &Field, out: &mut String) {
    if field.secret {
        return write(value, How::Hidden(REDACTED), out);
    }
    match (field.kind, value) {
        (Kind::Object | Kind::Map, Value::Object(map)) => by_keys(map, field, out),
        (Kind::Array, Value::Array(items)) => {
            let how = field.items.map_or(How::Free, How::Field);
            list(items, how, out);
        }
        (Kind::Any, value) => free(value, out),
        (_, Value::Null) => plain(value, out),
        (Kind::String, Value::String(_))
        | (Kind::Integer | Kind::Number, Value::Number(_))
        | (Kind::Boolean, Value::Bool(_)) => {
            free(value, out);
        }
        // What stands where it does not belong may be anything.
        (_, other) => text(
            match other {
                Value::String(_) => "[text]",
                Value::Number(_) => "[number]",
                Value::Bool(_) => "[true or false]",
                Value::Array(_) => "[list]",
                _ => "[object]",
            },
            out,
        ),
    }
}

fn by_keys(map: &Map<String, Value>, field: &Field, out: &mut String) {
    let listed = |name: &str| field.secret_keys.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim()));
    // A setting that comes as {name, value} is judged by its name.
    let named = map
        .get("name")
        .and_then(Value::as_str)
        .is_some_and(|name| !field.secret_keys.is_empty() && (listed(name) || names_secret(name)));
    let entries = map.iter().map(|(key, value)| {
        let known = field.fields.iter().find(|known| known.name == key);
        let how = match (known, field.kind) {
            _ if listed(key) || (named && key == "value") => How::Hidden(REDACTED),
            (Some(known), _) => How::Field(known),
            (None, Kind::Map) if names_secret(key) => How::Hidden(REDACTED),
            (None, Kind::Map) => field.items.map_or(How::Free, How::Field),
            (None, _) => How::Hidden(UNKNOWN),
        };
        (key, value, how)
    });
    object(entries, map.len(), out);
}

fn free(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let named = map.get("name").and_then(Value::as_str).is_some_and(names_secret);
            let entries = map.iter().map(|(key, value)| {
                let hidden = names_secret(key) || (named && key == "value");
                (key, value, if hidden { How::Hidden(REDACTED) } else { How::Free })
            });
            object(entries, map.len(), out);
        }
        Value::Array(items) => list(items, How::Free, out),
        Value::String(long) => text(&short(long, LONGEST_TEXT), out),
        other => plain(other, out),
    }
}

fn object<'a>(entries: impl Iterator<Item = (&'a String, &'a Value, How<'a>)>, all: usize, out: &mut String) {
    out.push('{');
    for (index, (key, value, how)) in entries.take(MOST_ITEMS).enumerate() {
        if index > 0 {
            out.push(',');
        }
        text(&short(key, LONGEST_KEY), out);
        out.push(':');
        write(value, how, out);
    }
    if all > MOST_ITEMS {
        out.push_str(&format!(",\"…\":\"{} more keys\"", all - MOST_ITEMS));
    }
    out.push('}');
}

fn list(items: &[Value], how: How<'_>, out: &mut String) {
    let long = items.len() > MOST_ITEMS;
    if long {
        out.push_str(&format!("{{\"count\":{},\"first\":", items.len()));
    }
    out.push('[');
    for (index, item) in items.iter().take(MOST_ITEMS).enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, how, out);
    }
    out.push(']');
    if long {
        out.push('}');
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Whether a key is the name of a secret by the look of it.
pub fn names_secret(key: &str) -> bool {
    let bare: String =
        key.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    SECRET_NAMES.iter().any(|name| bare.contains(name)) || bare.ends_with("key")
}

/// A text without hidden characters, a URL's password, and whatever is too long.
pub fn short(long: &str, most: usize) -> String {
    // A password is taken out before the cut: behind it nothing would tell where it ends.
    let clean = without_password(&clean_text(long));
    let cut: String = clean.chars().take(most).collect();
    let rest = clean.chars().count().saturating_sub(most);
    if rest > 0 { format!("{cut}… (+{rest})") } else { cut }
}

/// `https://user:word@host` without what stands before the `@`.
fn without_password(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(|letter: char| letter.is_whitespace() || "/?#\"'".contains(letter)).unwrap_or(after.len());
        let (authority, further) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str(REDACTED);
                out.push('@');
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = further;
    }
    out.push_str(rest);
    out
}

fn text(text: &str, out: &mut String) {
    plain(&Value::from(text), out);
}

fn plain(value: &Value, out: &mut String) {
    out.push_str(&value.to_string());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use flvx_panel::generated::route;
    use serde_json::json;

    use super::*;

    fn kept(tool: &str, given: Value) -> Value {
        serde_json::from_str(&shown(given.as_object().unwrap(), Some(route(tool).unwrap().request))).unwrap()
    }

    #[test]
    fn secrets_go_by_table_by_name_and_by_not_being_known() {
        let given = json!({
            "request": { "username": "alice", "password": "canary", "pasword": "canary" },
            "confirm_token": "canary", "passwort": "canary", "idempotency_key": "key-00001",
        });
        let kept = kept("auth.login", given);
        assert!(!kept.to_string().contains("canary"), "{kept}");
        assert_eq!(kept["request"]["username"], "alice");
        assert_eq!(kept["request"]["password"], REDACTED);
        assert_eq!(kept["idempotency_key"], "key-00001");
    }

    #[test]
    fn a_setting_is_judged_by_its_name() {
        let kept = kept(
            "config.update",
            json!({ "request": { "cloudflare_secret_key": "canary", "some_api_key": "canary", "app_name": "flux" } }),
        );
        assert_eq!(
            kept["request"],
            json!({ "cloudflare_secret_key": REDACTED, "some_api_key": REDACTED, "app_name": "flux" })
        );
    }

    #[test]
    fn what_is_long_is_cut_and_counted() {
        let ids: Vec<u32> = (0..120).collect();
        let list = kept("forward.batch_delete", json!({ "request": { "ids": ids } }));
        assert_eq!(list["request"]["ids"]["count"], 120);
        assert_eq!(list["request"]["ids"]["first"].as_array().unwrap().len(), MOST_ITEMS);
        let text = kept("announcement.update", json!({ "request": { "content": "x".repeat(3_000), "enabled": 1 } }));
        assert_eq!(text["request"]["content"], format!("{}… (+2800)", "x".repeat(200)));
        let many: Map<String, Value> =
            (0..2_000).map(|n| (format!("k{n}"), json!(vec!["y".repeat(150); 60]))).collect();
        assert!(
            shown(&json!({ "request": many }).as_object().unwrap().clone(), Some(&Field::new("", Kind::Map, ""))).len()
                < 2 * MOST_BYTES
        );
    }

    #[test]
    fn names_and_urls_give_secrets_away() {
        for name in ["password", "newPassword", "api_key", "X-Auth-Token", "clientSecret", "PRIVATE-KEY", "key"] {
            assert!(names_secret(name), "{name}");
        }
        for name in ["name", "keyword", "remoteAddr", "content"] {
            assert!(!names_secret(name), "{name}");
        }
        assert_eq!(
            short("see https://u:canary@host/x?a@b and http://h", 200),
            "see https://[redacted]@host/x?a@b and http://h"
        );
        let long = format!("https://user:canary{}@host/", "x".repeat(300));
        assert_eq!(short(&long, 200), "https://[redacted]@host/", "also where its end lies behind the cut");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_only_called_by_its_type() {
        let kept = kept("node.delete", json!({ "request": { "id": "hunter2" } }));
        assert_eq!(kept["request"]["id"], "[text]");
    }
}
