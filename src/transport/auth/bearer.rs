//! What a request brings as proof: the one `Authorization` header, nothing else. A token in the address is never looked at:
//! addresses end up in logs.

use http::{HeaderMap, header};

/// Longest token; those of providers that list all groups have some thousand letters.
const LONGEST: usize = 16 << 10;

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Presented<'a> {
    /// No header.
    Nothing,
    /// A header that cannot be right, and why.
    Malformed(&'static str),
    /// A bearer token.
    Token(&'a str),
}

/// Reads the header.
pub fn presented(headers: &HeaderMap) -> Presented<'_> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        let none = !headers.contains_key(header::AUTHORIZATION);
        return if none { Presented::Nothing } else { Presented::Malformed("several Authorization headers") };
    };
    let Ok(value) = value.to_str() else { return Presented::Malformed("an Authorization header that is no text") };
    let Some((scheme, token)) = value.split_once(' ') else {
        return Presented::Malformed("an Authorization header without a scheme");
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Presented::Malformed("another scheme than Bearer");
    }
    let token = token.trim_matches(' ');
    if token.is_empty() || token.len() > LONGEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Presented::Malformed("a token that is empty, too long or no token");
    }
    Presented::Token(token)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        format!("{:?}", presented(&headers))
    }

    #[test]
    fn one_bearer_token_is_read_and_everything_else_is_malformed() {
        assert_eq!(of(&[]), "Nothing");
        assert_eq!(of(&["Bearer abc"]), "Token(\"abc\")");
        assert_eq!(of(&["bearer   abc "]), "Token(\"abc\")");
        let long = format!("Bearer {}", "x".repeat(LONGEST + 1));
        for values in [&["abc"][..], &["Basic abc"], &["Bearer "], &["Bearer a b"], &["Bearer a", "Bearer b"], &[&long]]
        {
            assert!(of(values).starts_with("Malformed"), "{values:?}");
        }
    }
}
