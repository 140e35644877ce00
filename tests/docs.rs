//! `docs/tools.md` is what the program prints. `UPDATE=1 cargo test --test docs` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, path::Path};

use support::{program, text};

#[test]
fn the_reference_of_all_tools_is_the_one_that_the_program_prints() {
    let output = program().args(["tools", "--reference"]).output().unwrap();
    let (printed, errors) = text(&output);
    assert!(output.status.success(), "{errors}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tools.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let line = written
        .lines()
        .zip(printed.lines())
        .position(|(written, printed)| written != printed)
        .unwrap_or(written.lines().count().min(printed.lines().count()));
    assert!(
        written == printed,
        "docs/tools.md is out of date from line {} on; run UPDATE=1 cargo test --test docs",
        line + 1
    );
}
