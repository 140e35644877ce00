//! Functions of the standard library that work on texts.

use std::rc::Rc;

use super::{
    compare::node_of,
    value::{Data, Opaque, Taint, Value},
};

/// `strings.name(args)` for texts that are known; what is not known stays what it was made of.
pub(super) fn strings<'p>(name: &str, args: &[Value<'p>]) -> Option<Value<'p>> {
    let first = args.first()?;
    if let Value::OpenPath(start) = first {
        return Some(open_path(name, start, args));
    }
    // Changing the case of a method, or trimming it, changes nothing.
    if let (Value::Method(_), "ToUpper" | "ToLower" | "TrimSpace") = (first, name) {
        return Some(first.clone());
    }
    let known: Option<Vec<&str>> = args.iter().map(Value::as_text).collect();
    Some(match (name, known.as_deref()) {
        ("HasPrefix", Some([text, start])) => Value::Bool(text.starts_with(start)),
        ("HasSuffix", Some([text, end])) => Value::Bool(text.ends_with(end)),
        ("Contains", Some([text, part])) => Value::Bool(text.contains(part)),
        ("EqualFold", Some([a, b])) => Value::Bool(a.eq_ignore_ascii_case(b)),
        ("TrimSpace", Some([text])) => Value::text(text.trim()),
        ("ToLower", Some([text])) => Value::text(text.to_lowercase()),
        ("ToUpper", Some([text])) => Value::text(text.to_uppercase()),
        ("TrimPrefix", Some([text, start])) => Value::text(text.strip_prefix(start).unwrap_or(text)),
        ("TrimSuffix", Some([text, end])) => Value::text(text.strip_suffix(end).unwrap_or(text)),
        ("Trim", Some([text, set])) => Value::text(text.trim_matches(|c| set.contains(c))),
        ("TrimLeft", Some([text, set])) => Value::text(text.trim_start_matches(|c| set.contains(c))),
        ("TrimRight", Some([text, set])) => Value::text(text.trim_end_matches(|c| set.contains(c))),
        ("ReplaceAll", Some([text, from, to])) => Value::text(text.replace(from, to)),
        ("Split", Some([text, by])) if !by.is_empty() => Value::list(text.split(by).map(Value::text).collect()),
        ("Fields", Some([text])) => Value::list(text.split_whitespace().map(Value::text).collect()),
        ("Join", _) => return joined(args),
        ("HasPrefix" | "HasSuffix" | "Contains" | "EqualFold" | "ContainsAny", _) => test(first, args),
        _ => made_of(args),
    })
}

/// A test of the start of a path whose rest is open.
fn open_path<'p>(name: &str, start: &Rc<str>, args: &[Value<'p>]) -> Value<'p> {
    let with = args.get(1).and_then(Value::as_text);
    match (name, with) {
        ("HasPrefix", Some(text)) if start.starts_with(text) => Value::Bool(true),
        ("HasPrefix", Some(text)) if !text.starts_with(&**start) => Value::Bool(false),
        ("ToLower" | "TrimSpace" | "TrimRight" | "TrimSuffix", _) => Value::OpenPath(Rc::clone(start)),
        ("TrimPrefix", Some(text)) if start.starts_with(text) => {
            Value::OpenPath(Rc::from(start.get(text.len()..).unwrap_or_default()))
        }
        _ => Value::unknown(),
    }
}

fn joined<'p>(args: &[Value<'p>]) -> Option<Value<'p>> {
    let [Value::List(items), by] = args else { return Some(made_of(args)) };
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_text).collect();
    match (texts, by.as_text()) {
        (Some(texts), Some(by)) => Some(Value::text(texts.join(by))),
        _ => Some(made_of(args)),
    }
}

/// A test of a text that is not known: it fails when the text is missing.
fn test<'p>(first: &Value<'p>, args: &[Value<'p>]) -> Value<'p> {
    let taint = args.iter().fold(Taint::NONE, |taint, arg| taint | arg.taint());
    let absent = first.taint().has(Taint::TOKEN).then_some(false);
    Value::Opaque(Box::new(Opaque { taint, absent, ..Opaque::default() }))
}

/// What a function without meaning of its own gives: a part of the request stays that part, as a plain value.
pub(super) fn made_of<'p>(args: &[Value<'p>]) -> Value<'p> {
    let taint = args.iter().fold(Taint::NONE, |taint, arg| taint | arg.taint());
    match args.iter().find(|arg| matches!(arg, Value::Data(_))) {
        Some(Value::Data(data)) => Value::Data(Box::new(Data { scalar: true, ..data.as_ref().clone() })),
        _ => match args.first().and_then(node_of) {
            Some(node) => Value::Opaque(Box::new(Opaque { taint, missing: vec![node], ..Opaque::default() })),
            None => Value::tainted(taint),
        },
    }
}

/// `fmt.Sprintf` with values that are known.
pub(super) fn sprintf<'p>(args: &[Value<'p>]) -> Value<'p> {
    let unknown = || made_of(args.get(1..).unwrap_or_default());
    let Some(format) = args.first().and_then(Value::as_text) else { return unknown() };
    let mut values = args.iter().skip(1);
    let mut out = String::with_capacity(format.len());
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => out.push('%'),
            Some('s' | 'v' | 'd') => match values.next() {
                Some(Value::Int(number)) => out.push_str(&number.to_string()),
                Some(value) => match value.as_text() {
                    Some(text) => out.push_str(text),
                    None => return unknown(),
                },
                None => return unknown(),
            },
            _ => return unknown(),
        }
    }
    Value::text(out)
}

/// Cleans a path as `path.Clean` does, as far as plain paths need it.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') {
        format!("/{joined}")
    } else if joined.is_empty() {
        ".".to_owned()
    } else {
        joined
    }
}
