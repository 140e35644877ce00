//! Path patterns of the libraries, and the one form that everything else here uses: `/a/{id}/b`, `{rest...}` for what
//! takes the rest, a `/` at the end for a subtree.

/// A `net/http` pattern: method, then path without its host.
pub fn net_http(pattern: &str) -> Option<(Option<String>, String)> {
    let (method, rest) = match pattern.trim().split_once([' ', '\t']) {
        Some((method, rest)) => (Some(method.to_owned()), rest.trim_start()),
        None => (None, pattern),
    };
    if method.as_deref().is_some_and(|method| method.is_empty() || !method.chars().all(|c| c.is_ascii_uppercase())) {
        return None;
    }
    // What stands before the first slash is a host.
    let path = rest.get(rest.find('/')?..)?;
    Some((
        method,
        path.strip_suffix("{$}")
            .map_or(path, |start| if start.len() > 1 { start.trim_end_matches('/') } else { start })
            .to_owned(),
    ))
}

/// A path of gin or echo: `:id` and `*rest`.
pub fn colon(path: &str) -> String {
    let part = |part: &str| match (part.strip_prefix(':'), part.strip_prefix('*')) {
        (Some(name), _) => format!("{{{name}}}"),
        (_, Some(name)) => format!("{{{}...}}", if name.is_empty() { "rest" } else { name }),
        _ => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A path of chi or gorilla: `{id:[0-9]+}` and `*`.
pub fn braces(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(start) = rest.find('{') {
        let (before, inner) = rest.split_at(start);
        out.push_str(before);
        let end = closing(inner).unwrap_or(inner.len());
        let name = inner.get(1..end).unwrap_or_default();
        out.push('{');
        out.push_str(name.split(':').next().unwrap_or_default());
        out.push('}');
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    match out.strip_suffix("/*") {
        Some(start) => format!("{start}/{{rest...}}"),
        None => out,
    }
}

/// The brace that closes the first one: an expression inside can have braces of its own.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Two parts of a path as one: exactly one slash between them.
pub fn join(prefix: &str, path: &str) -> String {
    match (prefix.ends_with('/'), path.starts_with('/')) {
        (true, true) => format!("{prefix}{}", path.trim_start_matches('/')),
        (false, false) if !prefix.is_empty() && !path.is_empty() => format!("{prefix}/{path}"),
        _ => format!("{prefix}{path}"),
    }
}

/// Whether a manifest's path, with all its parameters, is served by a route of the panel.
pub fn covers(route: &str, path: &str) -> bool {
    if let Some(start) = route.strip_suffix('/') {
        return path.strip_prefix(start).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'));
    }
    let (mut left, mut right) = (route.split('/'), path.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(part), Some(_)) if part.ends_with("...}") => return true,
            (Some(a), Some(b)) if a == b || (is_parameter(a) && is_parameter(b)) => {}
            _ => return false,
        }
    }
}

/// Whether a part of a path is a parameter.
pub fn is_parameter(part: &str) -> bool {
    part.starts_with('{') && part.ends_with('}')
}

/// The names of a path's parameters.
pub fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| is_parameter(part)).map(|part| part.trim_matches(['{', '}']).trim_end_matches("..."))
}

/// The text before the first parameter, and whether anything is open after it.
pub fn known_start(path: &str) -> (&str, bool) {
    match path.find('{') {
        Some(at) => (path.get(..at).unwrap_or(path), true),
        None => (path, path.ends_with('/')),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn net_http_patterns_are_taken_apart() {
        assert_eq!(net_http("/a/b"), Some((None, "/a/b".to_owned())));
        assert_eq!(net_http("POST /a/{id}"), Some((Some("POST".to_owned()), "/a/{id}".to_owned())));
        assert_eq!(net_http("GET  panel.example/a"), Some((Some("GET".to_owned()), "/a".to_owned())));
        assert_eq!(net_http("/a/{$}"), Some((None, "/a".to_owned())));
        assert_eq!(net_http("no path"), None);
    }

    #[test]
    fn parameters_of_every_library_become_braces() {
        assert_eq!(colon("/node/:id/*rest"), "/node/{id}/{rest...}");
        assert_eq!(braces("/node/{id:[0-9]{1,3}}/x"), "/node/{id}/x");
        assert_eq!(braces("/files/*"), "/files/{rest...}");
    }

    #[test]
    fn a_subtree_covers_what_is_below_it() {
        assert!(covers("/api/v1/monitor/nodes/", "/api/v1/monitor/nodes/{id}/metrics"));
        assert!(!covers("/api/v1/monitor/nodes/", "/api/v1/monitor/nodes"));
        assert!(covers("/api/v1/node/{nodeId}", "/api/v1/node/{id}"));
        assert!(!covers("/api/v1/node/{id}", "/api/v1/node/list"));
        assert!(covers("/files/{rest...}", "/files/a/b"));
    }
}
