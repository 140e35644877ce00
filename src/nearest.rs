//! "Did you mean": the known word closest to a misspelt one.

/// How far a word may be from the one that is meant.
const FURTHEST: usize = 3;

/// The known word closest to `word`, if it is close enough to be meant. Case, `_`, `-` and `.` do not count.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-', '.'], "");
    let wanted = plain(word);
    let letters = wanted.chars().count();
    known
        // The distance is never less than the difference in length, and to compute it for a word of megabytes takes minutes.
        .filter(|name| plain(name).chars().count().abs_diff(letters) <= FURTHEST)
        .map(|name| (strsim::damerau_levenshtein(&wanted, &plain(name)), name))
        .filter(|(distance, name)| *distance <= (name.len().max(word.len()) / 3).min(FURTHEST))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
