//! Promises of the generated route tables that the rest of the program leans on without looking.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use flvx_panel::{
    generated::{DOMAINS, ROUTES, UNLISTED, route},
    spec::{Field, Kind, Location, Role, Wording},
};
use serde_json::Value;

#[test]
fn routes_and_domains_are_sorted_and_found_by_either_name() {
    assert!(ROUTES.is_sorted_by(|a, b| a.tool < b.tool));
    assert!(DOMAINS.is_sorted_by(|a, b| a.name < b.name));
    for known in ROUTES {
        assert_eq!(known.wire_name, known.tool.replace('.', "_"));
        assert!(std::ptr::eq(route(known.tool).unwrap(), known));
        assert!(std::ptr::eq(route(known.wire_name).unwrap(), known));
        assert!(DOMAINS.iter().any(|domain| domain.name == known.domain), "{}", known.tool);
    }
    assert!(route("node.lis").is_none() && route("").is_none());
}

#[test]
fn every_path_of_the_panel_stands_in_one_place() {
    let paths = ROUTES.iter().map(|route| (route.path, format!("{:?}", route.method)));
    let paths: Vec<_> = paths.chain(UNLISTED.iter().map(|path| (path.path, format!("{:?}", path.method)))).collect();
    assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len());
    assert!(paths.iter().all(|(path, _)| path.starts_with("/api/v1/")));
    for path in UNLISTED {
        assert_ne!(path.alias_of.is_some(), path.excluded.is_some(), "{}", path.path);
        assert!(path.alias_of.is_none_or(|tool| route(tool).is_some()), "{}", path.path);
    }
}

/// Every object of a schema, with where it stands.
fn objects<'a>(schema: &'a Value, place: &str, found: &mut Vec<(String, &'a Value)>) {
    if schema["properties"].is_object() {
        found.push((place.to_owned(), schema));
        for (name, inner) in schema["properties"].as_object().unwrap() {
            objects(inner, &format!("{place}.{name}"), found);
        }
    }
    for inner in ["items", "additionalProperties"].into_iter().filter(|inner| schema[inner].is_object()) {
        objects(&schema[inner], &format!("{place}.{inner}"), found);
    }
}

#[test]
fn request_schemas_are_closed_and_use_only_words_that_every_client_reads() {
    const WORDS: &[&str] = &[
        "type",
        "properties",
        "required",
        "enum",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "items",
        "additionalProperties",
        "description",
    ];
    fn words(schema: &Value, tool: &str) {
        for (word, value) in schema.as_object().into_iter().flatten() {
            assert!(WORDS.contains(&word.as_str()), "{tool}: {word}");
            match word.as_str() {
                "properties" => value.as_object().unwrap().values().for_each(|inner| words(inner, tool)),
                "items" | "additionalProperties" => words(value, tool),
                _ => {}
            }
        }
    }
    for route in ROUTES {
        let schema: Value = serde_json::from_str(route.request_schema).unwrap();
        words(&schema, route.tool);
        assert_eq!(schema["type"], "object", "{}", route.tool);
        assert!(schema.get("additionalProperties").is_some(), "{}", route.tool);
        let mut found = Vec::new();
        objects(&schema, route.tool, &mut found);
        for (place, object) in found {
            assert_eq!(object["additionalProperties"], Value::Bool(false), "{place}");
        }
    }
}

#[test]
fn schemas_offer_exactly_the_fields_that_are_not_ignored() {
    for route in ROUTES.iter().filter(|route| route.request.kind == Kind::Object) {
        let schema: Value = serde_json::from_str(route.request_schema).unwrap();
        let names =
            |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let offered: Vec<&Field> = route.request.fields.iter().filter(|field| !field.ignored).collect();
        assert_eq!(
            names(&schema["properties"]),
            offered.iter().map(|field| field.name).collect::<Vec<_>>(),
            "{}",
            route.tool
        );
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(
            required,
            offered.iter().filter(|field| field.required).map(|field| field.name).collect::<Vec<_>>(),
            "{}",
            route.tool
        );
    }
}

/// What all request schemas and texts of the tool list may weigh. It grows only on purpose: about 4 bytes are a token,
/// and the whole list of an administrator has 10,000 of them.
const LIST_BYTES: usize = 42_000;

#[test]
fn the_texts_of_the_tool_list_stay_within_their_budget() {
    let bytes: usize =
        ROUTES.iter().map(|route| route.tool.len() + route.brief.len() + route.request_schema.len()).sum();
    assert!(bytes <= LIST_BYTES, "{bytes} bytes");
    for route in ROUTES {
        assert!(route.brief.chars().count() <= 160, "{}", route.tool);
        assert!(route.request_schema.len() <= 2_000, "{}: {} bytes", route.tool, route.request_schema.len());
    }
}

#[test]
fn no_error_rule_hides_behind_a_vaguer_one() {
    let mut wrong = Vec::new();
    for route in ROUTES {
        for (place, rule) in route.errors.iter().enumerate() {
            let hidden = route.errors[..place].iter().any(|earlier| {
                earlier.code == rule.code
                    && match (earlier.wording, rule.wording) {
                        (Wording::Any, _) => true,
                        (Wording::Exact(earlier), Wording::Exact(text)) => earlier == text,
                        (Wording::Prefix(earlier), Wording::Exact(text) | Wording::Prefix(text)) => {
                            text.starts_with(earlier)
                        }
                        (
                            Wording::Contains(earlier),
                            Wording::Exact(text) | Wording::Prefix(text) | Wording::Contains(text),
                        ) => text.contains(earlier),
                        _ => false,
                    }
            });
            if hidden {
                wrong.push(format!("{}: rule `{}` is never reached", route.tool, rule.key));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_path_parameter_is_a_required_argument_of_the_path() {
    for route in ROUTES {
        let asked: BTreeSet<&str> =
            route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let placed = route.request.fields.iter().filter(|field| field.location == Location::Path);
        assert_eq!(
            asked,
            placed.inspect(|field| assert!(field.required, "{}", route.tool)).map(|field| field.name).collect(),
            "{}",
            route.tool
        );
    }
}

#[test]
fn the_gateway_is_never_laxer_than_the_panel() {
    let rank = |role: Role| match role {
        Role::Public => 0,
        Role::User => 1,
        Role::Admin => 2,
        Role::Peer => 3,
    };
    for route in ROUTES {
        assert!(rank(route.least_role) >= rank(route.role), "{}", route.tool);
    }
}

#[test]
fn every_entry_tells_the_whole_story_of_its_tool() {
    for route in ROUTES {
        let entry: Value = serde_json::from_str(route.entry).unwrap();
        assert_eq!(entry["tool"], route.tool);
        assert_eq!(entry["path"], route.path);
        assert!(entry["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{}", route.tool);
        assert!(!route.entry.contains("\"of\":"), "{}: types are written out", route.tool);
    }
}
