//! What the tests of this crate share: building the manifest of a fixture, and showing a difference.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where the tests of this crate are.
pub fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Names of all fixtures with a mistake.
pub fn fixtures() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(tests().join("bad"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// An empty directory of this name, for the one test that asks for it.
pub fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(env!("CARGO_CRATE_NAME")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// Puts the files of a fixture over the good ones, in a directory of the fixture's name. A file `x.yaml.missing` stands
/// for the absence of `x.yaml`.
pub fn assemble(name: &str) -> PathBuf {
    let dir = scratch(name);
    for from in [tests().join("good"), tests().join("bad").join(name)] {
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let file = entry.file_name().into_string().unwrap();
            match file.strip_suffix(".missing") {
                Some(absent) => fs::remove_file(dir.join(absent)).unwrap(),
                None if file == "expected.txt" => {}
                None => fs::write(dir.join(&file), fs::read(entry.path()).unwrap()).unwrap(),
            }
        }
    }
    dir
}

/// The lines in which two texts differ.
pub fn differences(expected: &str, told: &str) -> String {
    let (expected, told): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), told.lines().collect());
    let same_start = expected.iter().zip(&told).take_while(|(a, b)| a == b).count();
    let most = expected.len().min(told.len()) - same_start;
    let same_end = expected.iter().rev().zip(told.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let part = |lines: &[&str], sign: &str| -> String {
        lines[same_start..lines.len() - same_end].iter().map(|line| format!("  {sign} {line}\n")).collect()
    };
    format!("  line {}\n{}{}", same_start + 1, part(&expected, "-"), part(&told, "+"))
}
