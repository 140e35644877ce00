//! Replaces secrets by a fixed word while copying JSON text, guided by the manifest's field table.

use flvx_panel::spec::{Field, Kind};

use super::{
    ViewError,
    scan::{elements, is_key, pairs},
};

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// JSON text with every secret of `field` replaced.
///
/// # Errors
/// The text is not JSON.
pub fn redact(json: &[u8], field: &Field) -> Result<Vec<u8>, ViewError> {
    serde_json::from_slice::<&serde_json::value::RawValue>(json).map_err(|_| ViewError::NotJson)?;
    let mut out = Vec::with_capacity(json.len());
    copy(json, field, &mut out);
    Ok(out)
}

/// Whether a value of this field in this text can be a secret. Looks for the names of the secret keys, so that data without
/// any of them need not be taken apart.
pub(super) fn may_hold_secret(json: &[u8], field: &Field) -> bool {
    field.holds_secret() && (memchr::memmem::find(json, b"\\u").is_some() || names_secret(json, field))
}

fn names_secret(json: &[u8], field: &Field) -> bool {
    let named = |name: &str| memchr::memmem::find_iter(json, name.as_bytes()).next().is_some();
    !field.secret_keys.is_empty()
        || (field.secret && (field.name.is_empty() || named(field.name)))
        || field.items.is_some_and(|items| names_secret(json, items))
        || field.fields.iter().any(|inner| names_secret(json, inner))
}

/// Copies one value. What does not have the form that the field promises is replaced whole when the field holds secrets.
pub(super) fn copy(json: &[u8], field: &Field, out: &mut Vec<u8>) {
    if !field.holds_secret() {
        out.extend_from_slice(json);
        return;
    }
    if field.secret {
        // Whether a secret is set is worth knowing; what it is, is not.
        match json {
            b"null" | b"\"\"" | b"[]" | b"{}" => out.extend_from_slice(json),
            _ => hide(out),
        }
        return;
    }
    match (field.kind, json.first()) {
        (_, Some(b'n')) => out.extend_from_slice(b"null"),
        (Kind::Array, Some(b'[')) => match (elements(json), field.items) {
            (Some(items), Some(shape)) => {
                out.push(b'[');
                for (index, item) in items.enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    copy(item, shape, out);
                }
                out.push(b']');
            }
            _ => hide(out),
        },
        (Kind::Object | Kind::Map, Some(b'{')) => object(json, field, out),
        _ => hide(out),
    }
}

fn object(json: &[u8], field: &Field, out: &mut Vec<u8>) {
    let all = || pairs(json).into_iter().flatten();
    // A list of settings arrives as {name, value}: the name then tells whether the value is secret.
    let named_secret =
        !field.secret_keys.is_empty() && all().any(|(key, value)| is_key(key, "name") && secret_name(field, value));
    out.push(b'{');
    for (index, (key, value)) in all().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(key);
        out.push(b':');
        let hidden = secret_name(field, key) || (named_secret && is_key(key, "value"));
        match field.fields.iter().find(|known| is_key(key, known.name)).or(field.items) {
            _ if hidden && !matches!(value, b"null" | b"\"\"") => hide(out),
            Some(shape) => copy(value, shape, out),
            None => out.extend_from_slice(value),
        }
    }
    out.push(b'}');
}

/// Whether a text, written as JSON, is the name of a secret; spaces around it and capitals do not count.
fn secret_name(field: &Field, written: &[u8]) -> bool {
    !field.secret_keys.is_empty()
        && serde_json::from_slice::<String>(written)
            .is_ok_and(|name| field.secret_keys.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim())))
}

fn hide(out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(REDACTED.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
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
        assert_eq!(
            redacted(CONFIG_GET, json!({ "name": "cloudflare_secret_key", "value": "canary" }))["value"],
            REDACTED
        );
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
