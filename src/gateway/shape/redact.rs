//! Replaces secrets by a fixed word while copying JSON text, guided by the manifest's field table.

use std::borrow::Cow;

use flvx_panel::spec::{Field, Kind};
use serde::{Deserialize, Deserializer, de::MapAccess};
use serde_json::value::RawValue;

use super::ViewError;

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// An object as pairs in the order in which they came, values unparsed.
pub(super) struct Pairs<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        #[derive(Deserialize)]
        struct Key<'k>(#[serde(borrow)] Cow<'k, str>);
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(16);
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// JSON text with every secret of `field` replaced.
///
/// # Errors
/// The text is not JSON.
pub fn redact(json: &[u8], field: &Field) -> Result<Vec<u8>, ViewError> {
    let raw: &RawValue = serde_json::from_slice(json).map_err(|_| ViewError::NotJson)?;
    let mut out = Vec::with_capacity(json.len());
    copy(raw, field, &mut out);
    Ok(out)
}

/// Copies one value. What does not have the form that the field promises is replaced whole when the field holds secrets.
pub(super) fn copy(raw: &RawValue, field: &Field, out: &mut Vec<u8>) {
    let text = raw.get();
    if !field.holds_secret() {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    if field.secret {
        // Whether a secret is set is worth knowing; what it is, is not.
        match text {
            "null" | "\"\"" | "[]" | "{}" => out.extend_from_slice(text.as_bytes()),
            _ => hide(out),
        }
        return;
    }
    match (field.kind, text.as_bytes().first()) {
        (_, Some(b'n')) => out.extend_from_slice(b"null"),
        (Kind::Array, Some(b'[')) => match (serde_json::from_str::<Vec<&RawValue>>(text), field.items) {
            (Ok(items), Some(shape)) => list(&items, shape, out),
            _ => hide(out),
        },
        (Kind::Object | Kind::Map, Some(b'{')) => match serde_json::from_str::<Pairs<'_>>(text) {
            Ok(pairs) => object(&pairs, field, out),
            Err(_) => hide(out),
        },
        _ => hide(out),
    }
}

fn list(items: &[&RawValue], shape: &Field, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        copy(item, shape, out);
    }
    out.push(b']');
}

fn object(pairs: &Pairs<'_>, field: &Field, out: &mut Vec<u8>) {
    // A list of settings arrives as {name, value}: the name then tells whether the value is secret.
    let named_secret = !field.secret_keys.is_empty()
        && pairs.0.iter().any(|(key, value)| key == "name" && secret_name(field, value.get().trim_matches('"')));
    out.push(b'{');
    for (index, (key, value)) in pairs.0.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_key(key, out);
        let hidden = secret_name(field, key) || (named_secret && key == "value");
        match field.fields.iter().find(|known| known.name == key).or(field.items) {
            _ if hidden && !matches!(value.get(), "null" | "\"\"") => hide(out),
            Some(shape) => copy(value, shape, out),
            None => out.extend_from_slice(value.get().as_bytes()),
        }
    }
    out.push(b'}');
}

fn secret_name(field: &Field, name: &str) -> bool {
    field.secret_keys.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

fn hide(out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(REDACTED.as_bytes());
    out.push(b'"');
}

/// Writes `"key":`.
pub(super) fn write_key(key: &str, out: &mut Vec<u8>) {
    let before = out.len();
    if serde_json::to_writer(&mut *out, key).is_err() {
        out.truncate(before);
        out.extend_from_slice(b"\"\"");
    }
    out.push(b':');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use flvx_panel::generated::{BACKUP_EXPORT, CONFIG_GET, CONFIG_LIST, FEDERATION_SHARE_LIST, NODE_INSTALL_COMMAND};
    use flvx_panel::spec::Route;
    use serde_json::{Value, json};

    use super::*;

    fn redacted(route: &Route, data: Value) -> Value {
        serde_json::from_slice(&redact(data.to_string().as_bytes(), route.data.unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn a_whole_backup_shows_no_password_and_no_key() {
        let data = json!({ "version": "1.0", "users": [{ "id": 1, "user": "a", "pwd": "canary" }], "nodes": [{ "id": 1, "secret": "canary" }],
            "configs": { "app_name": "flux", "cloudflare_secret_key": "canary" } });
        let shown = redacted(BACKUP_EXPORT, data);
        assert!(!shown.to_string().contains("canary"), "{shown}");
        assert_eq!(shown["configs"]["app_name"], "flux");
        assert_eq!(shown["users"][0]["user"], "a");
    }

    #[test]
    fn a_setting_is_judged_by_its_name() {
        assert_eq!(redacted(CONFIG_GET, json!({ "name": "cloudflare_secret_key", "value": "canary" }))["value"], REDACTED);
        assert_eq!(redacted(CONFIG_GET, json!({ "name": "app_name", "value": "flux" }))["value"], "flux");
        let shown = redacted(CONFIG_LIST, json!({ "cloudflare_secret_key": "canary", "ip": "203.0.113.1:6365" }));
        assert_eq!(shown, json!({ "cloudflare_secret_key": REDACTED, "ip": "203.0.113.1:6365" }));
    }

    #[test]
    fn an_empty_secret_is_shown_as_empty() {
        let shown = redacted(FEDERATION_SHARE_LIST, json!([{ "id": 1, "token": "" }, { "id": 2, "token": "canary" }]));
        assert_eq!(shown[0]["token"], "");
        assert_eq!(shown[1]["token"], REDACTED);
    }

    #[test]
    fn data_of_an_unexpected_form_is_hidden_whole() {
        assert_eq!(redacted(FEDERATION_SHARE_LIST, json!({ "list": [{ "token": "canary" }] })), REDACTED);
        assert!(!redacted(NODE_INSTALL_COMMAND, json!({ "cmd": "canary" })).to_string().contains("canary"));
    }
}
