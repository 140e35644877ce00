//! The request of a drafted entry: every key that the source reads, with type, default and whether it is needed.

use std::collections::BTreeMap;

use super::Text;
use crate::facts::{Body, Field, Kind, Route};

/// What a person must say of a field.
const DOC: &str = "doc: FIXME";

/// `request:` of an entry.
pub fn request(text: &mut Text, route: &Route) {
    text.line(2, "request:");
    let decoding = match route.body {
        Body::None => "none",
        Body::Typed => "strict",
        Body::Loose => "loose",
    };
    text.line(3, &format!("decoding: {decoding}"));
    let none = BTreeMap::new();
    let body = route.keys.as_ref();
    let keys = body.map_or(&none, |body| &body.fields);
    if let Some(body) = body.filter(|body| body.fields.is_empty() && body.kind == Kind::Map) {
        text.line(3, "body:");
        inside(text, 4, body, None);
        return;
    }
    if keys.is_empty() && route.query.is_empty() && route.parameters.is_empty() && route.headers.is_empty() {
        if body.is_some() {
            text.line(3, "# FIXME the body is decoded, but no key of it was seen to be read");
        }
        return;
    }
    text.line(3, "fields:");
    for (place, fields) in [
        (Some("path"), &route.parameters),
        (Some("query"), &route.query),
        (Some("header"), &route.headers),
        (None, keys),
    ] {
        for (name, field) in fields {
            text.line(4, &format!("{}:", key(name)));
            inside(text, 5, field, place);
        }
    }
}

/// The inside of a field.
fn inside(text: &mut Text, level: usize, field: &Field, place: Option<&str>) {
    match (field.kind, place) {
        // A part of a path or query is a text until somebody says more.
        (Kind::Unknown, Some(_)) => text.line(level, "type: string # FIXME what is it converted to?"),
        (Kind::Unknown, None) => text.line(level, "type: any # FIXME its type could not be read"),
        (kind, _) => text.line(level, &format!("type: {}", kind.word())),
    }
    if let Some(place) = place {
        text.line(level, &format!("in: {place}"));
    }
    if field.required || place == Some("path") {
        text.line(level, "required: true");
    }
    if let Some(default) = field.default.as_ref().filter(|_| !field.required) {
        text.line(level, &format!("default: {default}"));
    }
    if !field.fields.is_empty() {
        text.line(level, "fields:");
        for (name, inner) in &field.fields {
            text.line(level + 1, &format!("{}:", key(name)));
            inside(text, level + 2, inner, None);
        }
    }
    match (&field.items, field.kind) {
        (Some(items), _) => {
            text.line(level, "items:");
            item(text, level + 1, items);
        }
        (None, Kind::Array | Kind::Map) => {
            text.line(level, "items: { type: any } # FIXME what it holds could not be read")
        }
        (None, _) => {}
    }
    text.line(level, DOC);
}

/// An item has no name, so it needs no words of its own.
fn item(text: &mut Text, level: usize, field: &Field) {
    let kind = if field.kind == Kind::Unknown { Kind::Any } else { field.kind };
    text.line(level, &format!("type: {}", kind.word()));
    if !field.fields.is_empty() {
        text.line(level, "fields:");
        for (name, inner) in &field.fields {
            text.line(level + 1, &format!("{}:", key(name)));
            inside(text, level + 2, inner, None);
        }
    }
    if let Some(items) = &field.items {
        text.line(level, "items:");
        item(text, level + 1, items);
    } else if matches!(field.kind, Kind::Array | Kind::Map) {
        text.line(level, "items: { type: any }");
    }
}

/// A key as YAML: quoted unless it is a plain word.
fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let word =
        matches!(name.to_lowercase().as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null");
    if plain && !word { name.to_owned() } else { serde_json::to_string(name).unwrap_or_default() }
}
