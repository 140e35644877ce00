//! Names of secret fields that an operator opens for a principal: `<tool>.data[.<key>…]`, as in `node.install_command.data` or
//! `backup.export.data.users.pwd`. Lists have no step of their own; free keys are named as they are
//! (`config.list.data.jwt_secret`). Held against the manifest, so that a misspelling does not pass for a permission.

use flvx_panel::{
    generated::{ROUTES, route},
    looks_secret,
    spec::{Danger, Field, Kind},
};

use crate::nearest::nearest;

/// Checks one name.
///
/// # Errors
/// A sentence that says what is wrong with it and what would be right.
pub fn check_reveal(name: &str) -> Result<(), String> {
    let Some((tool, path)) = name.split_once(".data").filter(|(_, path)| path.is_empty() || path.starts_with('.'))
    else {
        return Err(format!("`{name}` is no secret field of an answer; the form is <tool>.data or <tool>.data.<key>"));
    };
    let Some(route) = route(tool).filter(|route| route.tool == tool) else {
        let near = nearest(tool, ROUTES.iter().map(|route| route.tool));
        let hint = near.map(|right| format!("; did you mean `{right}`?")).unwrap_or_default();
        return Err(format!("`{name}`: there is no tool `{tool}`{hint}"));
    };
    if route.danger >= Danger::Write {
        return Err(format!(
            "`{name}`: the result of a change is kept in the ledger, so nothing in it can be revealed"
        ));
    }
    let Some(mut field) = route.data else { return Err(format!("`{name}`: {tool} answers without data")) };
    for step in path.split('.').filter(|step| !step.is_empty()) {
        while let (Kind::Array, Some(items)) = (field.kind, field.items) {
            field = items;
        }
        if free_secret(field, step) {
            return Ok(());
        }
        let Some(below) = field.fields.iter().find(|known| known.name == step) else {
            let near = nearest(step, field.fields.iter().map(|known| known.name));
            let hint = near.map(|right| format!("; did you mean `{right}`?")).unwrap_or_default();
            return Err(format!("`{name}`: there is no secret `{step}`{hint}"));
        };
        field = below;
    }
    if field.secret { Ok(()) } else { Err(format!("`{name}` is no secret, it is shown anyway")) }
}

/// Whether a key is one of those that make the value beside or under it secret.
fn free_secret(field: &Field, step: &str) -> bool {
    match field.kind {
        Kind::Map | Kind::Any => {
            looks_secret(step) || field.secret_keys.iter().any(|key| key.eq_ignore_ascii_case(step))
        }
        // `{name, value}`: whether the value is secret, its name tells.
        _ => !field.secret_keys.is_empty() && step == "value",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn secret_fields_of_answers_can_be_named() {
        for name in [
            "node.install_command.data",
            "node.list.data.remoteToken",
            "federation.share_list.data.token",
            "backup.export.data.users.pwd",
            "backup.export.data.configs.jwt_secret",
            "config.list.data.cloudflare_secret_key",
            "config.get.data.value",
        ] {
            assert_eq!(check_reveal(name), Ok(()));
        }
    }

    #[test]
    fn what_is_no_secret_field_of_a_read_is_refused_with_the_nearest_right_name() {
        for (name, told) in [
            ("node.install_command", "the form is <tool>.data"),
            ("node.instal_command.data", "did you mean `node.install_command`?"),
            ("node.list.data.remoteTokn", "did you mean `remoteToken`?"),
            ("node.list.data.name", "is no secret"),
            ("node.list.data", "is no secret"),
            ("node_list.data.remoteToken", "there is no tool `node_list`"),
            ("config.list.data.app_name", "there is no secret `app_name`"),
            ("config.get.data.name", "is no secret"),
            ("node.create.data", "kept in the ledger"),
        ] {
            let error = check_reveal(name).unwrap_err();
            assert!(error.contains(told), "{name}: {error}");
        }
    }
}
