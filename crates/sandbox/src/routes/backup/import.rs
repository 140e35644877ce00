//! The import: wanted sections are merged by id, all or nothing. Rows keep the time of their making when they are there
//! already; a row with id 0 is new. Members, ports and grants are only looked at as the panel does, which is not at all
//! for whether what they point to exists.

mod groups;
mod rows;

use serde_json::Value;

use crate::http::Strict;
use crate::state::{Row, State, Table, unique_violated};

/// Merges the wanted sections and says how many entries each had (in the document's order), or the panel's error text
/// with nothing changed.
pub(super) fn import(state: &mut State, document: &Strict, types: &[&str]) -> Result<[usize; 10], String> {
    type Section = fn(&mut State, &[Strict]) -> Result<(), String>;
    let sections: [(&str, &str, Section); 9] = [
        ("users", "users", rows::users),
        ("nodes", "nodes", rows::nodes),
        ("tunnels", "tunnels", rows::tunnels),
        ("forwards", "forwards", rows::forwards),
        ("userTunnels", "user tunnels", rows::user_tunnels),
        ("speedLimits", "speed limits", rows::speed_limits),
        ("tunnelGroups", "tunnel groups", groups::tunnel_groups),
        ("userGroups", "user groups", groups::user_groups),
        ("permissions", "permissions", groups::permissions),
    ];
    let before = state.clone();
    let mut counts = [0; 10];
    for ((section, words, merge), count) in sections.iter().zip(&mut counts) {
        let entries = document.structs(section);
        if !types.contains(section) || entries.is_empty() {
            continue;
        }
        if let Err(why) = merge(state, &entries) {
            *state = before;
            return Err(format!("import {words} failed: {why}"));
        }
        *count = entries.len();
    }
    if types.contains(&"configs")
        && let Some(configs) = document.get("configs").and_then(Value::as_object)
    {
        let now = state.now();
        for (name, value) in configs {
            state.configs.set(name, value.as_str().unwrap_or_default(), now);
        }
        if let Some(count) = counts.last_mut() {
            *count = configs.len();
        }
    }
    Ok(counts)
}

/// Stores a row under its id (0 takes the next one). `keep` copies to the new row what an import leaves alone in the
/// row that is there; `clash` finds another row that holds a unique value.
fn upsert<T: Row>(
    table: &mut Table<T>,
    mut row: T,
    keep: impl Fn(&T, &mut T),
    clash: impl Fn(&T, &T) -> Option<&'static str>,
) -> Result<i64, String> {
    let id = row.id();
    if let Some(columns) = table.iter().filter(|other| other.id() != id || id == 0).find_map(|other| clash(other, &row))
    {
        return Err(unique_violated(columns));
    }
    if id == 0 {
        return Ok(table.insert(row));
    }
    if let Some(old) = table.get(id) {
        keep(old, &mut row);
    }
    table.put(row);
    Ok(id)
}

/// For tables without unique columns.
fn free<T>(_: &T, _: &T) -> Option<&'static str> {
    None
}

/// A text column with a default: the panel's database layer takes an empty text for one that was not given.
fn text_or(entry: &Strict, key: &str, default: &str) -> String {
    let text = entry.text(key);
    if text.is_empty() { default.to_owned() } else { text.to_owned() }
}
