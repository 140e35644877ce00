//! The forms in which mistakes are told: for cargo, for GitHub, for a terminal.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::fs;

use flvx_manifest::{Diagnostics, Style};
use support::assemble;

fn mistakes(name: &str) -> Diagnostics {
    flvx_manifest::load(&assemble(name)).unwrap_err()
}

#[test]
fn cargo_gets_single_lines_that_start_with_the_place() {
    let lines = mistakes("wire_name_clash").cargo_lines();
    assert_eq!(
        lines,
        [
            "wire_name_clash/thing.yaml:185:11: `thing.batch_delete` and `thing.batch.delete` are the same name on the wire",
            "   --> wire_name_clash/thing.yaml:185:11",
            "    |",
            "185 |     tool: thing.batch_delete",
            "    |           ^^^^^^^^^^^^^^^^^^ both are spelled `thing_batch_delete` there",
            "    |",
            "   ::: wire_name_clash/part.yaml:10:11",
            "    |",
            " 10 |     tool: thing.batch.delete",
            "    |           ------------------ the other one",
            "1 mistake in 1 file",
        ]
    );
    assert!(mistakes("tool_texts_missing").cargo_lines().iter().all(|line| !line.contains('\n')));
}

#[test]
fn github_gets_one_annotation_a_mistake_with_everything_escaped() {
    assert_eq!(
        mistakes("alias_of_unknown_tool").github(),
        "::error file=alias_of_unknown_tool/part.yaml,line=9,col=15::there is no tool `thing.lst`: alias of an unknown tool; did you mean `thing.list`?\n"
    );
    let told = mistakes("shape_twice").github();
    assert!(told.ends_with("use the shared one%0Ashape_twice/shared.yaml:5:3: already defined here\n"), "{told}");
    assert_eq!(told.lines().count(), 1);
}

#[test]
fn a_terminal_gets_colours_only_when_asked() {
    let mistakes = mistakes("unknown_key");
    assert!(mistakes.render(Style::Ansi).contains('\u{1b}'));
    assert!(!mistakes.render(Style::Plain).contains('\u{1b}'));
    assert_eq!(mistakes.to_string(), mistakes.render(Style::Plain));
}

#[test]
fn a_mistake_can_be_read_piece_by_piece() {
    let mistakes = mistakes("key_twice");
    let told = mistakes.iter().next().unwrap();
    assert_eq!(told.place(), "key_twice/part.yaml:19:5");
    assert_eq!(told.message, "key `role` is written twice");
    assert_eq!(told.label, "only one of them can count");
    let second = told.secondary.as_ref().unwrap();
    assert_eq!((second.line, second.column, second.label.as_str()), (15, 5, "first written here"));
    assert_eq!(mistakes.len(), 1);
}

#[test]
fn a_directory_or_a_file_that_cannot_be_read_is_told() {
    let absent = support::scratch("absent").join("routes");
    let told = flvx_manifest::load(&absent).unwrap_err().to_string();
    assert!(told.starts_with("error: the directory of the manifest cannot be read: "), "{told}");
    let dir = assemble("unknown_key");
    fs::create_dir(dir.join("odd.yaml")).unwrap();
    let told = flvx_manifest::load(&dir).unwrap_err().to_string();
    assert!(told.contains("error: the file cannot be read: "), "{told}");
    assert!(told.contains("--> unknown_key/odd.yaml:1:1"), "{told}");
}

#[test]
fn cargo_is_not_flooded() {
    let dir = support::scratch("flood");
    let rules: String = (0..60).map(|n| format!("  e{n}: {{ code: 0, key: k, text: t, hint: h }}\n")).collect();
    fs::write(dir.join("shared.yaml"), format!("baseline: 1.0.0\nerrors:\n{rules}")).unwrap();
    let told = flvx_manifest::load(&dir).unwrap_err();
    assert_eq!(told.len(), 60);
    let lines = told.cargo_lines();
    assert_eq!(lines[lines.len() - 2..], ["and 10 more", "60 mistakes in 1 file"]);
    assert_eq!(lines.iter().filter(|line| line.contains("code 0 is no error")).count(), 50);
}
