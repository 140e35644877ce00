//! This repository's manifest against the reading of the baseline that it keeps: what CI asks on every change.

use crate::support::{differences, repository_routes};
use flvx_coverage::{LOCK, Panel, Request, Verdict, check};

#[test]
fn the_manifest_is_in_step_with_the_baseline() {
    let routes = repository_routes();
    let report =
        check(&Request { panel: Panel::Snapshot(routes.join(LOCK)), routes, version: None, force: false }).unwrap();
    assert_eq!(differences(&report), [""; 0]);
    assert_eq!((report.comparison.matched, report.comparison.entries), (97, 97));
    assert_eq!(report.verdict, Verdict::InStep);
}

#[test]
fn the_reading_holds_facts_and_no_code() {
    let text = std::fs::read_to_string(repository_routes().join(LOCK)).unwrap();
    for word in ["func ", "import ", "package ", "return ", ".go:"] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(text.lines().filter(|line| line.contains("\"path\"")).count(), 97, "one route a line");
}
