//! String literals and struct tags.

use std::str::Chars;

/// The text that a Go string literal stands for.
pub fn unquoted(literal: &str) -> String {
    if let Some(raw) = literal.strip_prefix('`') {
        return raw.strip_suffix('`').unwrap_or(raw).replace('\r', "");
    }
    let inner = literal.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(literal);
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c == '\\' { out.extend(escaped(&mut chars)) } else { out.push(c) }
    }
    out
}

fn escaped(chars: &mut Chars<'_>) -> Option<char> {
    let c = chars.next()?;
    Some(match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'x' => return code(chars, 2, 16),
        'u' => return code(chars, 4, 16),
        'U' => return code(chars, 8, 16),
        '0'..='7' => {
            let rest: String = chars.by_ref().take(2).collect();
            return u32::from_str_radix(&format!("{c}{rest}"), 8).ok().and_then(char::from_u32);
        }
        other => other,
    })
}

fn code(chars: &mut Chars<'_>, digits: usize, radix: u32) -> Option<char> {
    let text: String = chars.by_ref().take(digits).collect();
    u32::from_str_radix(&text, radix).ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_stand_for_their_text() {
        for (literal, text) in [
            (r#""/api/v1/x""#, "/api/v1/x"),
            ("`/raw\\n`", "/raw\\n"),
            (r#""a\tb\"c\\""#, "a\tb\"c\\"),
            (r#""\x2fapi\u002fv1\057x""#, "/api/v1/x"),
        ] {
            assert_eq!(unquoted(literal), text, "{literal}");
        }
    }
}
