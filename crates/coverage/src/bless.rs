//! `routes/coverage.yaml`: differences that are meant, each with its reason.
//!
//! A blessing names one difference exactly. One that applies to nothing any more is itself reported: it would hide the
//! next difference of that kind.

use std::{fs, io, path::Path};

use flvx_manifest::Version;
use serde::Deserialize;

use crate::{
    diff::{Comparison, Difference, What},
    locate::Line,
};

/// Name of the file in the folder of the manifest.
pub const FILE: &str = "coverage.yaml";

/// The file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    blessed: Vec<Blessing>,
}

/// One difference that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blessing {
    /// Path of the route.
    pub path: String,
    /// What differs, by its word.
    pub what: String,
    /// The key, when it is about one: `nodes[].id`.
    #[serde(default)]
    pub key: String,
    /// What the panel does, when only that is meant: `optional` for an auth class, `GET` for a method.
    #[serde(default)]
    pub there: Option<String>,
    /// Why it is all right.
    pub reason: String,
    /// First panel version that it holds for.
    #[serde(default)]
    pub since: Option<String>,
    /// First panel version that it holds for no more.
    #[serde(default)]
    pub until: Option<String>,
    /// Its line.
    #[serde(skip)]
    line: u32,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum BlessError {
    /// It is there and cannot be read.
    #[error("{file} cannot be read: {error}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// It is not what it should be.
    #[error(
        "{file}: {error}; an entry has `path`, `what`, `reason`, and where they apply `key`, `there`, `since`, `until`"
    )]
    Form {
        /// The file.
        file: String,
        /// Why.
        error: serde_yaml::Error,
    },
    /// One entry makes no sense.
    #[error("{file}:{line}: {problem}")]
    Entry {
        /// The file.
        file: String,
        /// Line of the entry.
        line: u32,
        /// What is wrong.
        problem: String,
    },
}

/// The blessings of a folder.
#[derive(Debug, Clone, Default)]
pub struct Blessings {
    file: String,
    list: Vec<Blessing>,
}

impl Blessings {
    /// Reads the file of a folder; none is none.
    pub fn read(dir: &Path) -> Result<Self, BlessError> {
        let path = dir.join(FILE);
        let file = path.to_string_lossy().into_owned();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self { file, list: Vec::new() }),
            Err(error) => return Err(BlessError::Read { file, error }),
        };
        Self::parse(file, &text)
    }

    /// Reads a text.
    pub fn parse(file: String, text: &str) -> Result<Self, BlessError> {
        let is_empty = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        let written: Written = match is_empty {
            true => Written::default(),
            false => serde_yaml::from_str(text).map_err(|error| BlessError::Form { file: file.clone(), error })?,
        };
        let starts = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("- "));
        let mut lines = starts.map(|(number, _)| u32::try_from(number + 1).unwrap_or(u32::MAX));
        let mut list: Vec<Blessing> = Vec::new();
        for mut blessing in written.blessed {
            blessing.line = lines.next().unwrap_or(1);
            let problem = problem(&blessing).or_else(|| {
                let twice = list.iter().find(|other| other.is_same(&blessing))?;
                Some(format!("the same difference is blessed in line {} already", twice.line))
            });
            if let Some(problem) = problem {
                return Err(BlessError::Entry { file, line: blessing.line, problem });
            }
            list.push(blessing);
        }
        Ok(Self { file, list })
    }

    /// Marks what is blessed, and adds what of the blessings applies to nothing.
    pub fn apply(&self, comparison: &mut Comparison, version: &Version) {
        for blessing in self.list.iter().filter(|blessing| blessing.holds(version)) {
            let mut used = false;
            for difference in comparison.differences.iter_mut().filter(|difference| blessing.is_for(difference)) {
                difference.blessed = Some(blessing.reason.clone());
                used = true;
            }
            if !used {
                comparison.differences.push(Difference {
                    what: What::Stale,
                    path: blessing.path.clone(),
                    method: String::new(),
                    key: blessing.key.clone(),
                    here: format!("`{}` is blessed", blessing.what),
                    there: "there is no such difference (any more): take the entry out".to_owned(),
                    manifest: Some(Line { file: self.file.clone(), line: blessing.line }),
                    source: None,
                    blessed: None,
                });
            }
        }
        comparison.differences.sort();
    }
}

impl Blessing {
    fn is_same(&self, other: &Self) -> bool {
        (&self.path, &self.what, &self.key, &self.there, &self.since, &self.until)
            == (&other.path, &other.what, &other.key, &other.there, &other.since, &other.until)
    }

    fn holds(&self, version: &Version) -> bool {
        let bound = |text: &Option<String>| text.as_deref().and_then(Version::parse);
        bound(&self.since).is_none_or(|since| *version >= since)
            && bound(&self.until).is_none_or(|until| *version < until)
    }

    fn is_for(&self, difference: &Difference) -> bool {
        self.path == difference.path
            && self.what == difference.what.word()
            && self.key == difference.key
            && self.there.as_deref().is_none_or(|there| there == difference.there)
    }
}

fn problem(blessing: &Blessing) -> Option<String> {
    let words = What::ALL.iter().filter(|what| **what != What::Stale).map(|what| what.word());
    if !words.clone().any(|word| word == blessing.what) {
        return Some(format!("`what: {}` is none of {}", blessing.what, words.collect::<Vec<_>>().join(", ")));
    }
    if !blessing.path.starts_with(crate::read::PREFIX) {
        return Some(format!("the path `{}` does not start with `{}`", blessing.path, crate::read::PREFIX));
    }
    if blessing.reason.trim().len() < 10 {
        return Some("the reason says nothing; say why the difference is all right".to_owned());
    }
    if blessing.what.starts_with("key") && blessing.key.is_empty() {
        return Some(format!("`{}` is about a key: name it with `key`", blessing.what));
    }
    let versions = [&blessing.since, &blessing.until];
    let bad = versions.into_iter().flatten().find(|text| Version::parse(text).is_none());
    bad.map(|text| format!("`{text}` is no version; write it like 2.1.5-alpha6 or 3.1.0"))
}
