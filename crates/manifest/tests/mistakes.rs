//! Every mistake that a manifest can hold is told in the exact words that stand in `tests/bad/<name>/expected.txt`.
//!
//! A fixture holds only the files that are wrong; the rest of its manifest is `tests/good`. `UPDATE=1` writes what is
//! told now, so that a change of words is a change in review.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{env, fs, path::Path};

use flvx_manifest::Style;
use support::{assemble, differences, fixtures};

#[test]
fn every_mistake_is_told_with_its_place_and_its_cure() {
    let mut wrong = Vec::new();
    let names = fixtures();
    assert!(names.len() > 100, "only {} fixtures are left", names.len());
    for name in names {
        let told = match flvx_manifest::load(&assemble(&name)) {
            Ok(_) => "nothing is wrong\n".to_owned(),
            Err(diagnostics) => diagnostics.render(Style::Plain),
        };
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad").join(&name).join("expected.txt");
        if env::var_os("UPDATE").is_some() {
            fs::write(&file, &told).unwrap();
        } else {
            let expected = fs::read_to_string(&file).unwrap_or_default();
            if told != expected {
                wrong.push(format!("{name}:\n{}", differences(&expected, &told)));
            }
        }
    }
    assert!(wrong.is_empty(), "UPDATE=1 writes what is told now\n{}", wrong.join("\n"));
}

#[test]
fn the_manifest_that_the_mistakes_start_from_has_none() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good");
    let manifest = flvx_manifest::load(&dir).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    assert_eq!(manifest.tools().count(), 8);
    assert_eq!(manifest.domain_of("thing.get").unwrap().domain, "thing");
}
