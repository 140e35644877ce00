//! Whatever stands in a file, the loader ends, does not panic, and every place that it names lies inside the file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{fs, path::Path};

use flvx_manifest::Style;

/// Small numbers that only look random, the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}

/// What YAML and this language may stumble over.
const SNIPPETS: [&str; 40] = [
    "\n",
    " ",
    "  ",
    ": ",
    "- ",
    ", ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "#",
    " #",
    "|",
    ">",
    "&a ",
    "*a",
    "!t ",
    "<<: *a",
    "\t",
    "\r\n",
    "\u{0}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "节点",
    "null",
    "~",
    "true",
    "-1",
    "1e999",
    "$before.",
    "$request.ids[]",
    "---\n",
    "...\n",
    "? ",
    "%",
    "@",
    "type: object, of: Place",
];

fn mutated(text: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=dice.below(3) {
        let at = dice.below(chars.len());
        match dice.below(5) {
            0 => chars.truncate(at),
            1 => {
                let end = (at + 1 + dice.below(12)).min(chars.len());
                chars.drain(at..end);
            }
            2 => {
                let end = (at + 1 + dice.below(80)).min(chars.len());
                let piece: Vec<char> = chars[at..end].to_vec();
                let to = dice.below(chars.len());
                chars.splice(to..to, piece);
            }
            _ => {
                let snippet = SNIPPETS[dice.below(SNIPPETS.len())];
                chars.splice(at..at, snippet.chars());
            }
        }
        if chars.is_empty() {
            break;
        }
    }
    chars.into_iter().collect()
}

/// Whether there was anything to tell.
fn every_place_lies_inside(dir: &Path, text: &str) -> bool {
    let Err(diagnostics) = flvx_manifest::load(dir) else { return false };
    assert!(!diagnostics.is_empty());
    let places = diagnostics.iter().flat_map(|told| {
        let second = told.secondary.iter().map(|place| (place.file.as_str(), place.line, place.column));
        std::iter::once((told.file.as_str(), told.line, told.column)).chain(second)
    });
    for (file, line, column) in places {
        let name = file.rsplit('/').next().unwrap();
        let text = fs::read_to_string(dir.join(name)).unwrap_or_default();
        let lines: Vec<&str> = text.split('\n').collect();
        let width = lines.get(line - 1).map(|line| line.chars().count());
        assert!(width.is_some_and(|width| (1..=width + 1).contains(&column)), "{file}:{line}:{column} is outside");
    }
    let rendered = diagnostics.render(Style::Plain);
    assert!(rendered.starts_with("error: "), "{text}\n{rendered}");
    assert_eq!(diagnostics.github().lines().count(), diagnostics.len());
    true
}

#[test]
fn a_mutilated_file_never_makes_the_loader_panic_or_point_outside() {
    let dir = support::scratch("mutilated");
    let good = fs::read_to_string(support::tests().join("good/thing.yaml")).unwrap();
    let shared = fs::read_to_string(support::tests().join("good/shared.yaml")).unwrap();
    let mut dice = Dice(0x5eed_1234_abcd_ef01);
    let mut told = 0;
    for round in 0..150 {
        let (name, text, other) =
            if round % 5 == 0 { ("shared.yaml", &shared, &good) } else { ("thing.yaml", &good, &shared) };
        let other_name = if name == "shared.yaml" { "thing.yaml" } else { "shared.yaml" };
        let text = mutated(text, &mut dice);
        fs::write(dir.join(name), &text).unwrap();
        fs::write(dir.join(other_name), other).unwrap();
        told += usize::from(every_place_lies_inside(&dir, &text));
    }
    assert!(told > 100, "only {told} of 150 mutilations were told: they are too tame");
}

#[test]
fn every_truncation_of_a_file_is_told_and_not_stumbled_over() {
    let dir = support::scratch("truncated");
    let shared = fs::read_to_string(support::tests().join("good/shared.yaml")).unwrap();
    let ends: Vec<usize> = (0..shared.len()).step_by(9).filter(|end| shared.is_char_boundary(*end)).collect();
    let told = ends.iter().filter(|end| {
        let text = &shared[..**end];
        fs::write(dir.join("shared.yaml"), text).unwrap();
        every_place_lies_inside(&dir, text)
    });
    // A file can end after any entry, so some truncations are right.
    assert!(told.count() * 10 > ends.len() * 9, "most of {} truncations are mistakes", ends.len());
}
