//! Limits of fields: on the right type, in order, and kept by the field's own default, example and values.

use super::fields::Scope;
use crate::{
    finding::Finding,
    fit::{Misfit, Strictness, kind_in_words, misfits},
    model::{Field, Kind, Unique},
    path::At,
};

/// Ranges, lengths, `enum`, `special`, `default` and `example` of one field.
pub fn check(scope: &Scope<'_>, field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    on_the_right_type(field, at, findings);
    in_order(field, at, findings);
    values("enum", &field.values, field, at, findings);
    values("special", &field.special, field, at, findings);
    let resolved = scope.draft.manifest.resolve_field(scope.domain, field);
    if let Some(default) = &field.default {
        // On an update the default is what the panel falls back to, legal or not; on the rest it must be legal.
        let field = if field.omitted.is_some() { without_limits(&resolved) } else { resolved.clone() };
        tell("default", misfits(&field, default, Strictness::Part), at, findings);
    }
    if let Some(example) = &field.example {
        tell("example", misfits(&resolved, example, Strictness::Part), at, findings);
    }
}

fn tell(key: &str, misfits: Vec<Misfit>, at: &At<'_>, findings: &mut Vec<Finding>) {
    let about = format!("`{key}` does not fit the field");
    findings.extend(misfits.into_iter().map(|misfit| misfit.finding(at.key(key).at_value(), &about)));
}

fn on_the_right_type(field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    let number = matches!(field.kind, Kind::Integer | Kind::Number);
    let list = matches!(field.kind, Kind::Array | Kind::Map);
    let text = field.kind == Kind::String;
    let limits = [
        ("min", field.min.is_some(), number, "numbers have it; a list has `min_items`, a text `min_length`"),
        ("max", field.max.is_some(), number, "numbers have it; a list has `max_items`, a text `max_length`"),
        ("min_items", field.min_items.is_some(), list, "lists and maps have it"),
        ("max_items", field.max_items.is_some(), list, "lists and maps have it"),
        ("min_length", field.min_length.is_some(), text, "texts have it"),
        ("max_length", field.max_length.is_some(), text, "texts have it"),
    ];
    for (key, _, _, label) in limits.into_iter().filter(|(_, said, fits, _)| *said && !fits) {
        findings.push(
            Finding::new(at.key(key).at_key(), format!("`{key}` on a field of type `{}`", kind_word(field.kind)))
                .label(label),
        );
    }
}

fn in_order(field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    let as_number = |count: Option<u64>| count.map(|count| count as f64);
    let pairs = [
        ("min", field.min, "max", field.max),
        ("min_items", as_number(field.min_items), "max_items", as_number(field.max_items)),
        ("min_length", as_number(field.min_length), "max_length", as_number(field.max_length)),
    ];
    for (least, from, most, to) in pairs {
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            let finding = Finding::new(at.key(least).at_value(), format!("`{least}` {from} is above `{most}` {to}"));
            findings.push(finding.label("nothing could fit").also(at.key(most).at_value(), format!("`{most}`")));
        }
    }
}

/// Keys of `enum` and `special` are values of the field.
fn values(key: &str, written: &Unique<String>, field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    let here = at.key(key);
    if !written.is_empty() && !matches!(field.kind, Kind::String | Kind::Integer | Kind::Number | Kind::Boolean) {
        findings.push(
            Finding::new(here.at_key(), format!("`{key}` on a field of type `{}`", kind_word(field.kind)))
                .label("only texts, numbers and booleans have single values"),
        );
        return;
    }
    for (value, meaning) in written.iter() {
        let parses = match field.kind {
            Kind::Integer => value.parse::<i64>().is_ok() || value.parse::<u64>().is_ok(),
            Kind::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
            Kind::Boolean => value == "true" || value == "false",
            _ => true,
        };
        let spot = here.key(value).at_key();
        if !parses {
            findings.push(
                Finding::new(spot, format!("`{value}` is not {}", kind_in_words(field.kind)))
                    .label(format!("a value of the field, under `{key}`")),
            );
        } else if key == "enum" && outside(field, value) {
            findings.push(
                Finding::new(spot, format!("the value `{value}` lies outside `min` and `max`"))
                    .label("could never be given"),
            );
        } else if key == "special" && !field.values.is_empty() && field.values.get(value).is_some() {
            findings.push(
                Finding::new(spot, format!("`{value}` stands under `enum` and under `special`"))
                    .label("its meaning is said once"),
            );
        }
        if meaning.trim().is_empty() {
            findings.push(
                Finding::new(here.key(value).at_value(), format!("the value `{value}` has no meaning"))
                    .label("say what it means"),
            );
        }
    }
}

fn outside(field: &Field, value: &str) -> bool {
    let Ok(number) = value.parse::<f64>() else { return false };
    matches!(field.kind, Kind::Integer | Kind::Number)
        && (field.min.is_some_and(|least| number < least) || field.max.is_some_and(|most| number > most))
}

fn without_limits(field: &Field) -> Field {
    Field {
        values: Unique::default(),
        min: None,
        max: None,
        min_items: None,
        max_items: None,
        min_length: None,
        max_length: None,
        ..field.clone()
    }
}

/// The word for a kind in the manifest.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Object => "object",
        Kind::Array => "array",
        Kind::Map => "map",
        Kind::Any => "any",
    }
}
