//! Which methods a handler really acts on, seen from what it does when each of them is tried.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::go::ast::Pos;

/// A method that no handler speaks of.
pub const OTHER: &str = "OTHER";

/// What a handler does when one method is tried.
#[derive(Debug, Clone, Default)]
pub struct Tried {
    /// Calls that do something.
    pub work: BTreeSet<Pos>,
    /// Statements that are walked.
    pub visited: HashSet<Pos>,
}

/// The methods that are accepted; `OTHER` among them stands for every method that is not named.
pub fn accepted(tried: &BTreeMap<String, Tried>) -> BTreeSet<String> {
    let all: BTreeSet<String> = tried.keys().cloned().collect();
    let Some(other) = tried.get(OTHER) else { return all };
    if tried.values().all(|one| one.visited == other.visited) {
        return all;
    }
    if tried.values().all(|one| one.work.is_empty()) {
        // Nothing is done for any of them: those that are treated as no other is are meant.
        return tried
            .iter()
            .filter(|(_, one)| one.visited != other.visited)
            .map(|(method, _)| method.clone())
            .collect();
    }
    let refused = |one: &Tried| {
        let less = |more: &Tried| one.work.len() < more.work.len() && one.work.is_subset(&more.work);
        let turned_away = |more: &Tried| one.work.is_empty() || !one.visited.is_subset(&more.visited);
        tried.values().any(|more| less(more) && turned_away(more))
    };
    tried.iter().filter(|(_, one)| !refused(one)).map(|(method, _)| method.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(work: &[u32], visited: &[u32]) -> Tried {
        let at = |line: &u32| Pos { file: 0, line: *line, byte: *line };
        Tried { work: work.iter().map(at).collect(), visited: visited.iter().map(at).collect() }
    }

    fn accepts(each: &[(&str, Tried)]) -> Vec<String> {
        accepted(&each.iter().map(|(method, tried)| ((*method).to_owned(), tried.clone())).collect())
            .into_iter()
            .collect()
    }

    #[test]
    fn a_method_that_is_turned_away_is_not_accepted() {
        assert_eq!(accepts(&[(OTHER, tried(&[], &[1, 2])), ("POST", tried(&[5], &[1, 5]))]), ["POST"]);
    }

    #[test]
    fn a_switch_without_default_accepts_its_cases() {
        assert_eq!(
            accepts(&[(OTHER, tried(&[], &[1])), ("GET", tried(&[5], &[1, 5])), ("POST", tried(&[7], &[1, 7]))]),
            ["GET", "POST"]
        );
    }

    #[test]
    fn a_method_with_something_extra_turns_no_other_away() {
        assert_eq!(accepts(&[(OTHER, tried(&[9], &[1, 9])), ("POST", tried(&[5, 9], &[1, 5, 9]))]), [OTHER, "POST"]);
    }

    #[test]
    fn without_any_test_every_method_is_accepted() {
        assert_eq!(accepts(&[(OTHER, tried(&[5], &[5]))]), [OTHER]);
    }
}
