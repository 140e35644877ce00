//! Proof by a row that was not there before: the panel tells no id, so the new row is found by comparing the lists.

use serde_json::Value;

use super::{Difference, ProofOf, Verified};
use crate::recipes::{place, reads};

/// Finds the new row and its id.
pub(super) fn prove(proof: &ProofOf<'_>) -> Verified {
    let mut verified = Verified::default();
    let (Some(old), Some(id)) = (&proof.before.proof, proof.verify.id.as_deref()) else {
        verified.warnings.push("not verified: what was there before the call is not known".to_owned());
        return verified;
    };
    let is_new = |row: &&Value| id_of(row, id).is_some_and(|key| !old.keys.contains(&key));
    let new: Vec<Value> = proof.rows.iter().filter(is_new).cloned().collect();
    let mut found = reads::pick(proof.read, &new, &proof.scope);
    if found.is_empty() {
        nothing_new(proof, id, &new, &mut verified);
        return verified;
    }
    // Someone else may make a row of the same name at the same time; the one with all values asked for is ours.
    let agreeing: Vec<&Value> =
        found.iter().copied().filter(|row| proof.compare(row, &proof.scope, "").differences.is_empty()).collect();
    if !agreeing.is_empty() {
        found = agreeing;
    }
    verified.moved = true;
    found.sort_by_key(|row| id_of(row, id).and_then(|key| key.as_i64()));
    if let [row] = found.as_slice() {
        verified.new_id = id_of(row, id);
        verified.after.0 = proof.kept([*row]);
    } else {
        verified.several = true;
        verified.warnings.push(format!(
            "{} new rows fit, with {id} {}; which of them was made by this call cannot be told",
            found.len(),
            ids(&found, id)
        ));
    }
    if let Some(row) = found.last() {
        let compared = proof.compare(row, &proof.scope, "");
        verified.differences = compared.differences;
        verified.not_compared.extend(compared.unseen);
    }
    verified.verified = Some(verified.differences.is_empty());
    verified
}

/// No new row fits. Where a repeat is harmless, a row that was there already is what was asked for.
fn nothing_new(proof: &ProofOf<'_>, id: &str, new: &[Value], verified: &mut Verified) {
    let there: Vec<&Value> = reads::pick(proof.read, proof.rows, &proof.scope)
        .into_iter()
        .filter(|row| proof.compare(row, &proof.scope, "").differences.is_empty())
        .collect();
    if proof.route.idempotent && !there.is_empty() {
        verified.verified = Some(true);
        verified
            .warnings
            .push(format!("it was there before the call ({id} {}); nothing new was made", ids(&there, id)));
        return;
    }
    verified.verified = Some(false);
    verified.differences.push(Difference { path: id.to_owned(), expected: "a new row".into(), found: "none".into() });
    if !new.is_empty() {
        let new: Vec<&Value> = new.iter().collect();
        verified.warnings.push(format!("rows that do not fit are new since the call: {id} {}", ids(&new, id)));
    }
}

fn id_of(row: &Value, id: &str) -> Option<Value> {
    place::walk(row, id).0.first().map(|value| (*value).clone())
}

fn ids(rows: &[&Value], id: &str) -> String {
    let ids: Vec<String> = rows.iter().filter_map(|row| id_of(row, id)).map(|key| key.to_string()).collect();
    ids.join(", ")
}
