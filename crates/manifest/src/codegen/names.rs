//! Rust names from the manifest's words: `speed_limit.list` becomes `SpeedLimitList`, `inNodeId` becomes `in_node_id`,
//! `type` becomes `r#type`.

/// Words that cannot name a field as they are, but can behind `r#`.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Words that not even `r#` makes a name.
const NEVER: &[&str] = &["crate", "self", "super", "_"];

/// The words of a name in lower case: at separators, at a capital after a small letter or digit, and before the last
/// capital of a run (`flowGB` is `flow gb`, `TCPPort` is `tcp port`).
pub fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, &current) in chars.iter().enumerate() {
        if !current.is_alphanumeric() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let before = index.checked_sub(1).and_then(|index| chars.get(index)).copied();
        let after = chars.get(index + 1).copied();
        let starts = current.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(char::is_lowercase))
            });
        if starts && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.extend(current.to_lowercase());
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// `NodeList`.
pub fn camel(name: &str) -> String {
    let mut text = String::new();
    for word in words(name) {
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            text.extend(first.to_uppercase());
            text.push_str(chars.as_str());
        }
    }
    if text.starts_with(|first: char| first.is_ascii_digit()) { format!("N{text}") } else { text }
}

/// `NODE_LIST`.
pub fn upper(name: &str) -> String {
    words(name).join("_").to_uppercase()
}

/// The name of a struct's field for a JSON key, usable as it stands.
pub fn member(key: &str) -> String {
    let name = words(key).join("_");
    if name.is_empty() || NEVER.contains(&name.as_str()) {
        return format!("{name}_value").trim_start_matches('_').to_owned();
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return format!("n{name}");
    }
    if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name }
}

/// What serde's `rename_all = "camelCase"` makes of a field's name.
pub fn serde_camel(member: &str) -> String {
    let mut text = String::new();
    let mut raise = false;
    for current in member.trim_start_matches("r#").chars() {
        if current == '_' {
            raise = true;
        } else if raise && !text.is_empty() {
            text.push(current.to_ascii_uppercase());
            raise = false;
        } else {
            text.push(current);
            raise = false;
        }
    }
    text
}

/// A text that ends like a sentence.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '。']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tool_becomes_a_type_and_a_constant() {
        assert_eq!(camel("speed_limit.list"), "SpeedLimitList");
        assert_eq!(upper("speed_limit.list"), "SPEED_LIMIT_LIST");
        assert_eq!(camel("2fa.enable"), "N2faEnable");
    }

    #[test]
    fn keys_are_split_where_a_reader_would_split_them() {
        assert_eq!(words("inNodeId"), ["in", "node", "id"]);
        assert_eq!(words("flowGB"), ["flow", "gb"]);
        assert_eq!(words("TCPPort"), ["tcp", "port"]);
        assert_eq!(words("ipv6Address"), ["ipv6", "address"]);
        assert_eq!(words("cf-connecting-ip"), ["cf", "connecting", "ip"]);
    }

    #[test]
    fn keywords_and_digits_become_legal_names() {
        assert_eq!(member("type"), "r#type");
        assert_eq!(member("self"), "self_value");
        assert_eq!(member("95th"), "n95th");
        assert_eq!(member("X-Request-Id"), "x_request_id");
    }

    #[test]
    fn serde_restores_the_usual_keys_by_itself() {
        for key in ["inNodeId", "id", "type", "ipv6Address"] {
            assert_eq!(serde_camel(&member(key)), key);
        }
        assert_ne!(serde_camel(&member("flowGB")), "flowGB");
    }
}
