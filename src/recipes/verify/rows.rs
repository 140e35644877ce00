//! Proof by rows that were known before: they have the values asked for, or they are gone.

use flvx_manifest::model::Expect;
use serde_json::Value;

use super::{Difference, ItemState, ProofOf, State, Verified};
use crate::recipes::{
    place::{self, Held, Scope},
    reads,
};

const NOT_THERE_BEFORE: &str = "it was not seen before the call either";

/// Looks at each item (or at the whole call) and sums up.
pub(super) fn prove(proof: &ProofOf<'_>) -> Verified {
    let mut verified = Verified::default();
    let mut states = Vec::new();
    for scope in proof.scopes() {
        let (state, note) = match proof.verify.expect {
            Some(Expect::Absent) => gone(proof, &scope, &mut verified.differences),
            _ => (as_asked(proof, &scope, &mut verified), None),
        };
        states.push(state);
        if proof.list().is_some() {
            verified.items.push(ItemState { key: key_of(proof, &scope), state, note });
        } else if note.is_some() {
            let kind = proof.read.kind.as_deref().unwrap_or("row");
            verified.warnings.push(format!("there was no such {kind} before the call, so its absence proves nothing"));
        }
    }
    verified.verified = match () {
        () if states.contains(&State::Failed) => Some(false),
        () if states.contains(&State::Unknown) => None,
        () => Some(true),
    };
    if verified.verified.is_none() && !verified.items.is_empty() {
        verified.warnings.push("some items were not seen before the call, so their absence proves nothing".to_owned());
    }
    verified
}

/// Takes `verified: true` back where a panel that did nothing would look just the same and something that was asked for
/// cannot be seen, or where nothing was compared at all.
pub(super) fn without_effect(proof: &ProofOf<'_>, verified: &mut Verified) {
    if verified.verified != Some(true) || matches!(proof.verify.expect, Some(Expect::Absent | Expect::Created)) {
        return;
    }
    let scopes = proof.scopes();
    let compared = scopes.iter().flat_map(|scope| {
        reads::pick(proof.read, proof.rows, scope).into_iter().map(|row| proof.compare(row, scope, "").count)
    });
    if proof.verify.expect.is_none() && compared.sum::<usize>() == 0 {
        verified.verified = None;
        verified.warnings.push("not verified: nothing of what was given can be read back".to_owned());
        return;
    }
    let shown = proof.before.shown();
    let was_so = |scope: &Scope<'_>| {
        let rows = reads::pick(proof.read, shown, scope);
        !rows.is_empty() && rows.iter().all(|row| proof.compare(row, scope, "").differences.is_empty())
    };
    if !verified.not_compared.is_empty() && scopes.iter().all(was_so) {
        let names: Vec<String> = verified.not_compared.iter().map(|name| format!("`{name}`")).collect();
        verified.verified = None;
        verified.warnings.push(format!(
            "not verified: what can be read back was so before already, and {} cannot be read back",
            names.join(", ")
        ));
    }
}

/// Rows that must be there, with the values asked for.
fn as_asked(proof: &ProofOf<'_>, scope: &Scope<'_>, verified: &mut Verified) -> State {
    let rows = reads::pick(proof.read, proof.rows, scope);
    if rows.is_empty() {
        let path = sought(proof, scope);
        verified.differences.push(Difference { path, expected: "present".into(), found: "absent".into() });
        return State::Failed;
    }
    let kept = proof.kept(rows.iter().copied());
    verified.moved |= moved(proof, scope, &kept);
    verified.after.0.extend(kept);
    let several = rows.len() > 1 || proof.list().is_some();
    let before = verified.differences.len();
    for row in rows {
        let label = if several { label(proof, row) } else { String::new() };
        let compared = proof.compare(row, scope, &label);
        verified.differences.extend(compared.differences);
        verified.not_compared.extend(compared.unseen);
    }
    if verified.differences.len() == before { State::Done } else { State::Failed }
}

/// Whether a value that was asked for is other than before the call.
fn moved(proof: &ProofOf<'_>, scope: &Scope<'_>, after: &[Value]) -> bool {
    let before = reads::pick(proof.read, proof.before.shown(), scope);
    let before = proof.kept(before);
    proof.verify.equals.iter().any(|(path, _)| values(&before, path) != values(after, path))
}

fn values<'v>(rows: &'v [Value], path: &str) -> Vec<&'v Value> {
    rows.iter().flat_map(|row| place::walk(row, path).0).collect()
}

/// Rows that must be gone. What was not seen before may be hidden from this account instead of gone.
fn gone(proof: &ProofOf<'_>, scope: &Scope<'_>, differences: &mut Vec<Difference>) -> (State, Option<&'static str>) {
    if !reads::pick(proof.read, proof.rows, scope).is_empty() {
        differences.push(Difference { path: sought(proof, scope), expected: "absent".into(), found: "present".into() });
        return (State::Failed, None);
    }
    if reads::pick(proof.read, proof.before.shown(), scope).is_empty() {
        return (State::Unknown, Some(NOT_THERE_BEFORE));
    }
    (State::Done, None)
}

/// `[id=7].`, by the field that identifies a row.
fn label(proof: &ProofOf<'_>, row: &Value) -> String {
    let key = reads::row_key(proof.read);
    row.get(key).map_or_else(String::new, |value| format!("[{key}={value}]."))
}

/// `[id=7]`, by what was looked for.
fn sought(proof: &ProofOf<'_>, scope: &Scope<'_>) -> String {
    let parts = proof.read.matches.iter().filter(|(path, _)| !super::difference::secret_at(proof.row, path));
    let parts = parts.filter_map(|(path, value)| Some(format!("{path}={}", place::resolve(value, scope)?)));
    format!("[{}]", parts.collect::<Vec<_>>().join(", "))
}

/// What identifies the item in the request: what `match` takes from it.
fn key_of(proof: &ProofOf<'_>, scope: &Scope<'_>) -> Value {
    let from_item = proof.read.matches.iter().find(|(_, value)| place::list_of(value).is_some());
    match from_item.map(|(_, value)| place::held(value, scope)) {
        Some(Held::One(value)) => value,
        Some(Held::Many(values)) => Value::Array(values),
        Some(Held::Nothing) | None => Value::Null,
    }
}
