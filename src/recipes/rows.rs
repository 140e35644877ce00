//! Conditions on rows, as `save.keep`, and `rows` and `saved` of an `undo` write them.

use flvx_manifest::model::{Conditions, Unique};
use serde_json::Value;

use super::{
    compare,
    fill::{self, Sources, fill},
    place::{self, Held},
};

/// Whether a row fits all of the conditions. A condition that comes to nothing fits no row: what is not known must not
/// mean every row.
pub(super) fn fits(row: &Value, conditions: &Conditions, sources: &Sources<'_>) -> bool {
    conditions.iter().all(|(path, value)| {
        let (value, wanted) = value.get("not").map_or((value, true), |other| (other, false));
        let meant = fill::held(value, sources).unwrap_or_else(|| Held::One(fill::plain(value)));
        let meets = match fill::held(&Value::from(path), sources) {
            Some(Held::One(found)) => compare::meets(&meant, &[&found]),
            Some(Held::Many(found)) => compare::meets(&meant, &found.iter().collect::<Vec<_>>()),
            Some(Held::Nothing) => None,
            None => match &meant {
                // A list that stands written in a record means any of its items, as it did when it was a place.
                Held::One(Value::Array(any)) => compare::meets(&Held::Many(any.clone()), &place::walk(row, path).0),
                meant => compare::meets(meant, &place::walk(row, path).0),
            },
        };
        meets == Some(wanted)
    })
}

/// Cuts the lists of a document down to the rows that are meant, one list after the other; a later one may look at what is
/// left of an earlier one with `$saved`.
pub(super) fn cut(document: &mut Value, lists: &Unique<Vec<Conditions>>, sources: &Sources<'_>) {
    for (list, alternatives) in lists.iter() {
        let so_far = document.clone();
        let sources = sources.with("$saved", fill::Source::One(Some(&so_far)));
        if let Some(rows) = at(document, list).and_then(Value::as_array_mut) {
            rows.retain(|row| alternatives.iter().any(|conditions| fits(row, conditions, &sources)));
        }
    }
}

fn at<'v>(document: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    path.split('.').filter(|name| !name.is_empty()).try_fold(document, |value, name| value.get_mut(name))
}

/// The conditions with all known places filled, for later use without them.
pub(super) fn filled(lists: &Unique<Vec<Conditions>>, sources: &Sources<'_>) -> Unique<Vec<Conditions>> {
    let of_list = |alternatives: &Vec<Conditions>| {
        alternatives.iter().filter_map(|conditions| of_call(conditions, sources)).collect()
    };
    lists.iter().map(|(list, alternatives)| (list.to_owned(), of_list(alternatives))).collect()
}

/// One alternative without its conditions on the call; `None`: the call does not meet them.
fn of_call(conditions: &Conditions, sources: &Sources<'_>) -> Option<Conditions> {
    let mut rest = Vec::new();
    for (path, value) in conditions.iter() {
        if path.starts_with('$') {
            let one: Conditions = [(path.to_owned(), value.clone())].into_iter().collect();
            fits(&Value::Null, &one, sources).then_some(())?;
        } else {
            let filled = match value.get("not") {
                Some(other) => Value::Object([("not".to_owned(), fill(other, sources)?)].into_iter().collect()),
                None => fill(value, sources)?,
            };
            rest.push((path.to_owned(), filled));
        }
    }
    Some(rest.into_iter().collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    fn lists(value: Value) -> Unique<Vec<Conditions>> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn lists_are_cut_in_order_and_later_ones_look_at_what_is_left() {
        let mut document = json!({
            "tunnels": [{"id": 1, "hops": [{"n": 5}]}, {"id": 2, "hops": [{"n": 6}]}],
            "forwards": [{"id": 10, "t": 1, "status": 1}, {"id": 11, "t": 1, "status": 0}, {"id": 12, "t": 2, "status": 0}],
            "whole": [1, 2],
        });
        let keep = json!({
            "tunnels": [{"hops[].n": "$request.ids[]"}],
            "forwards": [{"t": "$saved.tunnels[].id", "status": 0}],
            "absent": [{"id": 1}],
        });
        let request = json!({"ids": [5, 9]});
        cut(&mut document, &lists(keep), &Sources::default().with("$request", fill::Source::One(Some(&request))));
        assert_eq!(
            document,
            json!({"tunnels": [{"id": 1, "hops": [{"n": 5}]}], "forwards": [{"id": 11, "t": 1, "status": 0}], "whole": [1, 2]})
        );
    }

    #[test]
    fn a_condition_on_the_call_decides_about_all_rows_and_one_without_a_value_fits_none() {
        let request = json!({"type": 1, "id": 2});
        let sources = Sources::default().with("$request", fill::Source::One(Some(&request)));
        let fit = |conditions: Value| fits(&json!({"id": 2}), &serde_json::from_value(conditions).unwrap(), &sources);
        assert!(fit(json!({"$request.type": 1, "id": "$request.id"})));
        assert!(!fit(json!({"$request.type": 2, "id": "$request.id"})));
        assert!(!fit(json!({"id": "$request.gone"})));
        assert!(!fit(json!({"id": {"not": "$request.gone"}})));
        assert!(fit(json!({"id": {"not": "$request.type"}})) && !fit(json!({"id": {"not": "$request.id"}})));
        assert!(fit(json!({"id": [1, 2]})) && !fit(json!({"id": {"not": [1, 2]}})));
        assert!(!fit(json!({"$request.gone": 1})));
    }
}
