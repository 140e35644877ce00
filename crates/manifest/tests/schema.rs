//! The JSON Schemas that editors use are checked in under `docs/`; `UPDATE=1` writes them anew.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{env, fs, path::Path};

use serde_json::Value;
use support::differences;

fn held_against_the_checked_in_one(name: &str, schema: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    let now = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let then = fs::read_to_string(&file).unwrap_or_default();
    assert!(now == then, "docs/{name} is old; UPDATE=1 writes it anew\n{}", differences(&then, &now));
}

#[test]
fn the_schema_of_a_domain_file_is_the_one_in_docs() {
    held_against_the_checked_in_one("manifest.schema.json", &flvx_manifest::language_schema());
}

#[test]
fn the_schema_of_the_shared_file_is_the_one_in_docs() {
    held_against_the_checked_in_one("manifest.shared.schema.json", &flvx_manifest::shared_language_schema());
}

#[test]
fn every_key_of_the_language_is_explained_and_none_may_be_null() {
    fn walk(schema: &Value, name: &str) {
        assert_ne!(schema.get("type"), Some(&Value::from("null")), "{name} may be null");
        for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            assert!(property.get("description").is_some(), "{name}.{key} has no description");
            walk(property, &format!("{name}.{key}"));
        }
        for (key, definition) in schema.get("$defs").and_then(Value::as_object).into_iter().flatten() {
            walk(definition, key);
        }
    }
    walk(&flvx_manifest::language_schema(), "domain file");
    walk(&flvx_manifest::shared_language_schema(), "shared file");
}
