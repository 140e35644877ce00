//! Replaces secrets by a fixed word while copying JSON text: what the manifest's field table marks, and under free and unknown
//! keys what is named like a secret. What the operator opened for a principal is copied as it is, and it is told that it was.

use std::{cell::RefCell, collections::BTreeSet};

use bytes::Bytes;
use flvx_panel::{
    looks_secret,
    spec::{Field, Kind},
};

use super::{
    ViewError,
    look::{is_strange, named_secret},
    scan::{elements, is_key, pairs},
};

/// What stands in place of a secret.
pub use crate::recipes::REDACTED;

/// A secret that lies in a file now, and what stands in its place.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The secret itself. Its JSON text can be spelled in several ways: the panel writes `&` as `\u0026`.
    pub secret: String,
    /// Our words in its place.
    pub notice: String,
}

impl Kept {
    /// Whether this JSON text says the secret. No spelling is shorter than what it says, with its two quotes.
    fn is(&self, json: &[u8]) -> bool {
        json.len() >= self.secret.len() + 2
            && serde_json::from_slice::<String>(json).is_ok_and(|text| text == self.secret)
    }
}

/// What of one answer stays hidden.
#[derive(Debug, Default)]
pub struct Redactor<'a> {
    open: Vec<Step<'a>>,
    kept: Vec<Kept>,
    /// Also fields that hold no secret by the table are looked into, because the answer has a key that the table does not know
    /// and that is named like a secret.
    thorough: bool,
    shown: RefCell<BTreeSet<String>>,
}

/// The rest of a path that is open, on the way to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Redactor<'a> {
    /// For a principal that may see these fields (`tool.data.path`, see [`crate::access::check_reveal`]) of a tool.
    pub fn new(tool: &str, reveal: &'a [String], kept: Vec<Kept>) -> Self {
        let open = reveal.iter().filter_map(|whole| {
            let rest = whole.strip_prefix(tool)?.strip_prefix(".data")?;
            (rest.is_empty() || rest.starts_with('.')).then_some(Step { whole, rest })
        });
        Self { open: open.collect(), kept, ..Self::default() }
    }

    /// What was shown in clear.
    pub fn shown(&self) -> Vec<String> {
        self.shown.borrow().iter().cloned().collect()
    }

    /// JSON text with every secret of `field` replaced.
    ///
    /// # Errors
    /// The text is not JSON, or nested too deep.
    pub(super) fn redact(&mut self, json: &Bytes, field: Option<&Field>) -> Result<Bytes, ViewError> {
        self.watch(json, field)?;
        if field.is_some_and(|field| !self.thorough && !field.needs_look()) {
            return Ok(json.clone());
        }
        serde_json::from_slice::<&serde_json::value::RawValue>(json).map_err(|_| ViewError::NotJson)?;
        let mut out = Vec::with_capacity(json.len());
        match field {
            Some(field) => self.copy(json, field, &self.open, &mut out),
            None => self.by_name(json, &self.open, &mut out),
        }
        Ok(out.into())
    }

    /// Looks for keys that the table does not know, in the whole text; once there is one that is named like a secret nothing is
    /// copied unseen.
    ///
    /// # Errors
    /// The text is nested too deep.
    pub(super) fn watch(&mut self, json: &[u8], field: Option<&Field>) -> Result<(), ViewError> {
        self.thorough |= is_strange(json, field)?;
        Ok(())
    }

    /// Whether a value of this field in this text can be a secret. Looks for the names of the secret keys, so that data without
    /// any of them need not be taken apart.
    pub(super) fn may_hold_secret(&self, json: &[u8], field: &Field) -> bool {
        self.thorough
            || field.needs_look() && (memchr::memmem::find(json, b"\\u").is_some() || names_secret(json, field))
    }

    /// Where the paths that are open begin.
    pub(super) fn start(&self) -> &[Step<'a>] {
        &self.open
    }

    /// Copies one value. What does not have the form that the field promises is replaced whole when the field holds secrets.
    pub(super) fn copy(&self, json: &[u8], field: &Field, at: &[Step<'a>], out: &mut Vec<u8>) {
        if !self.thorough && !field.needs_look() {
            out.extend_from_slice(json);
            return;
        }
        if field.secret {
            self.secret(json, field.hand_over, at, out);
            return;
        }
        match (field.kind, json.first()) {
            (_, Some(b'n')) => out.extend_from_slice(b"null"),
            (Kind::Any, _) => self.by_name(json, at, out),
            (Kind::Array, Some(b'[')) => match (elements(json), field.items) {
                (Some(items), Some(shape)) => list(items, out, |item, out| self.copy(item, shape, at, out)),
                _ => hide(out),
            },
            (Kind::Object | Kind::Map, Some(b'{')) => self.object(json, field, at, out),
            _ if field.holds_secret() => hide(out),
            (Kind::Map, _) => hide(out),
            _ => self.by_name(json, at, out),
        }
    }

    /// A value that is a secret. Whether one is set is worth knowing; what it is, is not.
    fn secret(&self, json: &[u8], hand_over: bool, at: &[Step<'a>], out: &mut Vec<u8>) {
        if matches!(json, b"null" | b"\"\"" | b"[]" | b"{}") {
            out.extend_from_slice(json);
        } else if let Some(step) = at.iter().find(|step| step.rest.is_empty()) {
            self.shown.borrow_mut().insert(step.whole.to_owned());
            out.extend_from_slice(json);
        } else if let Some(kept) = self.kept.iter().find(|kept| hand_over && kept.is(json)) {
            if serde_json::to_writer(&mut *out, &kept.notice).is_err() {
                hide(out);
            }
        } else {
            hide(out);
        }
    }

    /// A value under a key that no table knows.
    pub(super) fn unknown(&self, key: &[u8], json: &[u8], at: &[Step<'a>], out: &mut Vec<u8>) {
        if named_secret(key) {
            self.secret(json, false, at, out);
        } else {
            self.by_name(json, at, out);
        }
    }

    fn object(&self, json: &[u8], field: &Field, at: &[Step<'a>], out: &mut Vec<u8>) {
        let all = || pairs(json).into_iter().flatten();
        // A list of settings arrives as {name, value}: the name then tells whether the value is secret.
        let beside =
            !field.secret_keys.is_empty() && all().any(|(key, value)| is_key(key, "name") && secret_name(field, value));
        out.push(b'{');
        for (index, (key, value)) in all().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            out.push(b':');
            let known = field.fields.iter().find(|known| is_key(key, known.name));
            let below = below(at, key);
            let hidden = (known.is_none() && secret_name(field, key)) || (beside && is_key(key, "value"));
            match known.or(field.items) {
                _ if hidden => self.secret(value, false, &below, out),
                Some(shape) => self.copy(value, shape, &below, out),
                None => self.by_name(value, &below, out),
            }
        }
        out.push(b'}');
    }

    /// A value that no table describes: only names tell.
    fn by_name(&self, json: &[u8], at: &[Step<'a>], out: &mut Vec<u8>) {
        if let Some(items) = elements(json) {
            return list(items, out, |item, out| self.by_name(item, at, out));
        }
        let Some(members) = pairs(json) else { return out.extend_from_slice(json) };
        let beside =
            members.clone().any(|(key, value)| (is_key(key, "name") || is_key(key, "key")) && named_secret(value));
        out.push(b'{');
        for (index, (key, value)) in members.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            out.push(b':');
            let below = below(at, key);
            let plain = matches!(value.first(), Some(b't' | b'f' | b'n'));
            if !plain && (named_secret(key) || (beside && is_key(key, "value"))) {
                self.secret(value, false, &below, out);
            } else {
                self.by_name(value, &below, out);
            }
        }
        out.push(b'}');
    }
}

fn list<'j>(items: impl Iterator<Item = &'j [u8]>, out: &mut Vec<u8>, mut one: impl FnMut(&'j [u8], &mut Vec<u8>)) {
    out.push(b'[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        one(item, out);
    }
    out.push(b']');
}

/// The open paths that lead through a key.
pub(super) fn below<'a>(at: &[Step<'a>], key: &[u8]) -> Vec<Step<'a>> {
    let further = at.iter().filter_map(|step| {
        let rest = step.rest.strip_prefix('.')?;
        let (name, _) = rest.split_once('.').unwrap_or((rest, ""));
        is_key(key, name).then(|| Step { whole: step.whole, rest: rest.get(name.len()..).unwrap_or_default() })
    });
    further.collect()
}

fn names_secret(json: &[u8], field: &Field) -> bool {
    let named = |name: &str| memchr::memmem::find_iter(json, name.as_bytes()).next().is_some();
    !field.secret_keys.is_empty()
        || matches!(field.kind, Kind::Map | Kind::Any)
        || (field.secret && (field.name.is_empty() || named(field.name)))
        || field.items.is_some_and(|items| names_secret(json, items))
        || field.fields.iter().any(|inner| names_secret(json, inner))
}

/// Whether a text, written as JSON, is the name of a secret; spaces around it and capitals do not count.
fn secret_name(field: &Field, written: &[u8]) -> bool {
    serde_json::from_slice::<String>(written).is_ok_and(|name| {
        looks_secret(&name) || field.secret_keys.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim()))
    })
}

fn hide(out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(REDACTED.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use flvx_panel::generated::{
        BACKUP_EXPORT, CONFIG_GET, CONFIG_LIST, FEDERATION_SHARE_LIST, NODE_INSTALL_COMMAND, NODE_LIST,
    };
    use flvx_panel::spec::Route;
    use serde_json::{Value, json};

    use super::*;

    fn opened(route: &Route, data: &Value, reveal: &[&str]) -> (Value, Vec<String>) {
        let reveal: Vec<String> = reveal.iter().map(|path| (*path).to_owned()).collect();
        let mut redactor = Redactor::new(route.tool, &reveal, Vec::new());
        let shown = redactor.redact(&data.to_string().into(), route.data).unwrap();
        (serde_json::from_slice(&shown).unwrap(), redactor.shown())
    }

    fn redacted(route: &Route, data: Value) -> Value {
        opened(route, &data, &[]).0
    }

    #[test]
    fn what_the_operator_opened_is_shown_and_told_and_nothing_beside_it() {
        let data = json!({ "version": "1.0", "users": [{ "id": 1, "pwd": "open" }], "nodes": [{ "secret": "canary" }],
            "configs": { "jwt_secret": "canary", "license_key": "open" } });
        let paths = ["backup.export.data.users.pwd", "backup.export.data.configs.license_key", "config.get.data.value"];
        let (shown, told) = opened(BACKUP_EXPORT, &data, &paths);
        assert!(!shown.to_string().contains("canary"), "{shown}");
        assert_eq!((&shown["users"][0]["pwd"], &shown["configs"]["license_key"]), (&json!("open"), &json!("open")));
        assert_eq!(told, ["backup.export.data.configs.license_key", "backup.export.data.users.pwd"]);
        let (shown, told) = opened(NODE_INSTALL_COMMAND, &json!("open"), &["node.install_command.data"]);
        assert_eq!((shown, told), (json!("open"), vec!["node.install_command.data".to_owned()]));
    }

    #[test]
    fn under_free_and_unknown_keys_the_name_tells() {
        let shown = redacted(CONFIG_LIST, json!({ "smtp_Password": "canary", "API-key": "canary", "site": "x" }));
        assert_eq!(shown, json!({ "smtp_Password": REDACTED, "API-key": REDACTED, "site": "x" }));
        let row = json!([{ "id": 1, "name": "n", "agentToken": "canary", "extra": { "db_pwd": "canary" } }]);
        let shown = redacted(NODE_LIST, row);
        assert!(!shown.to_string().contains("canary"), "{shown}");
        assert_eq!(shown[0]["name"], "n");
        assert_eq!(redacted(CONFIG_GET, json!({ "name": "bot_token", "value": "canary" }))["value"], REDACTED);
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
    fn a_kept_secret_is_told_however_the_panel_spells_it() {
        let kept = || vec![Kept { secret: "curl x && sh y".to_owned(), notice: "[kept]".to_owned() }];
        for (written, shown) in [
            (r#""curl x \u0026\u0026 sh y""#, "[kept]"),
            (r#""curl x && sh y""#, "[kept]"),
            (r#""curl x && sh z""#, REDACTED),
            (r#""curl""#, REDACTED),
        ] {
            let mut redactor = Redactor::new(NODE_INSTALL_COMMAND.tool, &[], kept());
            let out = redactor.redact(&Bytes::from_static(written.as_bytes()), NODE_INSTALL_COMMAND.data).unwrap();
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), shown, "{written}");
        }
    }

    #[test]
    fn data_of_an_unexpected_form_is_hidden_whole() {
        assert_eq!(redacted(FEDERATION_SHARE_LIST, json!({ "list": [{ "token": "canary" }] })), REDACTED);
        assert!(!redacted(NODE_INSTALL_COMMAND, json!({ "cmd": "canary" })).to_string().contains("canary"));
    }
}
