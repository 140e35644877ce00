//! "Did you mean": the known word nearest to a misspelt one.

/// The candidate nearest to `word`, if any is near enough to be what was meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = distance(word, candidate);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Changes of one character (put in, left out, replaced, swapped with its neighbour) between two words, without regard
/// to case or to the difference of `-` and `_`.
fn distance(from: &str, to: &str) -> usize {
    let fold = |text: &str| -> Vec<char> {
        text.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
    };
    let (from, to) = (fold(from), fold(to));
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut least = (cell(&last, j) + usize::from(a != b)).min(cell(&last, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped = i > 0 && j > 0 && from.get(i - 1) == Some(b) && to.get(j - 1) == Some(a);
            if swapped {
                least = least.min(cell(&before_last, j - 1) + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(from.len())
}

/// Words as a list for a sentence: `` `a`, `b` and `c` ``.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_the_word_that_was_meant() {
        let words = ["required", "nullable", "optional"];
        assert_eq!(nearest("requierd", words), Some("required"));
        assert_eq!(nearest("Optional", words), Some("optional"));
        assert_eq!(nearest("row-key", ["row_key"]), Some("row_key"));
    }

    #[test]
    fn a_quite_different_word_finds_nothing() {
        assert_eq!(nearest("colour", ["required", "nullable"]), None);
        assert_eq!(nearest("id", ["to"]), None);
    }

    #[test]
    fn of_two_near_words_the_nearer_is_taken() {
        assert_eq!(nearest("node.lst", ["node.last", "node.lists", "node.list"]), Some("node.last"));
        assert_eq!(nearest("node.lis", ["node.first", "node.list"]), Some("node.list"));
    }

    #[test]
    fn a_list_of_words_reads_as_a_sentence() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listed([]), "none");
    }
}
