//! Versions of the panel as `since`, `until` and `baseline` name them: `2.1.5-alpha6`, `3.1.0`.

use std::cmp::Ordering;

/// A version, comparable: a pre-release comes before its release, `alpha10` after `alpha6`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    /// `alpha6` as a word and a number.
    pre: Option<(String, u64)>,
}

impl Version {
    /// Reads `1.2.3` or `1.2.3-word4`.
    pub fn parse(text: &str) -> Option<Self> {
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (text, None),
        };
        let mut parts = numbers.split('.').map(whole);
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        if parts.next().is_some() {
            return None;
        }
        let pre = match pre {
            None => None,
            Some(pre) => {
                let word = pre.trim_end_matches(|c: char| c.is_ascii_digit());
                let number = pre.strip_prefix(word)?;
                if word.is_empty() || !word.chars().all(|c| c.is_ascii_lowercase() || c == '.') {
                    return None;
                }
                Some((word.to_owned(), if number.is_empty() { 0 } else { whole(number)? }))
            }
        };
        Some(Self { numbers, pre })
    }
}

fn whole(text: &str) -> Option<u64> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) { None } else { text.parse().ok() }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (&self.pre, &other.pre) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.cmp(b),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn versions_are_ordered_as_the_panel_releases_them() {
        let order = ["2.1.5-alpha6", "2.1.5-alpha10", "2.1.5-beta1", "2.1.5", "2.1.10", "3.1.0"];
        for pair in order.windows(2) {
            let [a, b] = pair else { unreachable!("windows of two") };
            assert!(Version::parse(a).unwrap() < Version::parse(b).unwrap(), "{a} < {b}");
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "3", "3.1", "3.1.0.0", "v3.1.0", "3.1.0-", "3.1.0-6", "3.x.0", "latest", "3.1.0 "] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
