//! What readers ask of a loaded manifest: references expanded, fields found, values held against fields.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use flvx_manifest::{
    Manifest,
    model::{Domain, Field, Unique},
};
use serde_json::{Value, json};

fn good() -> Manifest {
    flvx_manifest::load(&support::tests().join("good")).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn request(manifest: &Manifest, tool: &str) -> Unique<Field> {
    manifest.entry(tool).unwrap().request.clone().unwrap().fields
}

/// What does not fit, as `path: message`.
fn problems(field: &Field, value: Value) -> Vec<String> {
    field.check(&value).into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
}

#[test]
fn a_resolved_manifest_has_the_fields_of_each_shape_in_place() {
    let manifest = good();
    let places = request(&manifest, "thing.update").get("places").unwrap().items.clone().unwrap();
    assert_eq!(places.of.as_deref(), Some("Place"));
    assert!(places.fields.is_empty());
    let resolved = manifest.resolved();
    let places = request(&resolved, "thing.update").get("places").unwrap().items.clone().unwrap();
    assert_eq!(places.of, None);
    assert_eq!(places.fields.keys().collect::<Vec<_>>(), ["nodeId", "port"]);
    let text = serde_json::to_string(&resolved.domains).unwrap();
    assert!(!text.contains("\"of\":"), "a reference is left: {text}");
}

#[test]
fn resolving_changes_nothing_but_references() {
    let manifest = good();
    let entry = |manifest: &Manifest| serde_json::to_value(manifest.entry("thing.delete").unwrap()).unwrap();
    assert_eq!(entry(&manifest), entry(&manifest.resolved()));
    assert_eq!(manifest.tools().count(), manifest.resolved().tools().count());
}

#[test]
fn the_keys_of_an_object_are_found_through_its_shape_shared_or_not() {
    let manifest = good();
    let domain: &Domain = manifest.domain_of("thing.list").unwrap();
    let data = manifest.entry("thing.list").unwrap().response.clone().unwrap().data.unwrap();
    let row = data.items.unwrap();
    let keys = |name: &str| manifest.fields_of(domain, row.fields.get(name).unwrap()).keys().collect::<Vec<_>>();
    assert_eq!(keys("owner"), ["id", "name"]);
    let place = row.fields.get("places").unwrap().items.clone().unwrap();
    assert_eq!(manifest.fields_of(domain, &place).keys().collect::<Vec<_>>(), ["nodeId", "port"]);
}

#[test]
fn a_written_null_is_a_value() {
    let field: Field = serde_json::from_value(json!({ "type": "string", "nullable": true, "default": null })).unwrap();
    assert_eq!(field.default, Some(Value::Null));
    assert_eq!(serde_json::to_value(&field).unwrap().get("default"), Some(&Value::Null));
    let field: Field = serde_json::from_value(json!({ "type": "string" })).unwrap();
    assert_eq!(field.default, None);
}

#[test]
fn values_are_held_against_type_limits_and_words() {
    let field = |text: Value| serde_json::from_value::<Field>(text).unwrap();
    let number = field(json!({ "type": "integer", "min": 1, "max": 9, "special": { "99": "no limit" } }));
    assert_eq!(problems(&number, json!(0)), [": 0 is too small: at least 1"]);
    assert_eq!(problems(&number, json!(10)), [": 10 is too large: at most 9"]);
    assert_eq!(problems(&number, json!(1.0)), [": expected a whole number, found the number 1.0: of the wrong type"]);
    assert_eq!(problems(&number, json!(null)), [": expected a whole number, found `null`: of the wrong type"]);
    assert_eq!(problems(&number, json!(99)), [""; 0]);
    let word = field(json!({ "type": "string", "enum": { "a": "A", "b": "B" }, "max_length": 3 }));
    assert_eq!(
        problems(&word, json!("c")),
        [": the text `c` is not one of the values under `enum`: one of `a` and `b`"]
    );
    assert_eq!(problems(&word, json!("节点节点")).len(), 2, "four characters and no value of the enum");
    assert_eq!(problems(&word, json!("b")), [""; 0]);
    let flag = field(json!({ "type": "boolean", "nullable": true, "enum": { "true": "only so" } }));
    assert_eq!(problems(&flag, json!(null)), [""; 0]);
    assert_eq!(problems(&flag, json!(true)), [""; 0]);
    assert_eq!(problems(&flag, json!(false)).len(), 1);
    let any = field(json!({ "type": "any" }));
    assert_eq!(problems(&any, json!({ "a": [null] })), [""; 0]);
}

#[test]
fn objects_lists_and_maps_are_held_against_what_they_hold() {
    let resolved = good().resolved();
    let fields = request(&resolved, "thing.update");
    let places = fields.get("places").unwrap();
    assert_eq!(problems(places, json!([{ "nodeId": 1 }])), [""; 0]);
    assert_eq!(
        problems(places, json!([{ "nodeId": 1 }, { "prot": 70000, "port": 70000 }])),
        [
            "[1].prot: unknown field `prot`: the fields are `nodeId` and `port`",
            "[1].port: 70000 is too large: at most 65535",
            "[1]: `nodeId` is missing: the field is required",
        ]
    );
    let ids = request(&resolved, "thing.batch_delete");
    assert_eq!(problems(ids.get("ids").unwrap(), json!([])), [": the list has 0 items: at least 1"]);
    let config = resolved.entry("thing.set_config").unwrap().request.clone().unwrap().body.unwrap();
    assert_eq!(
        problems(&config, json!({ "colour": 1 })),
        ["colour: expected text, found the number 1: of the wrong type"]
    );
}

#[test]
fn an_object_whose_shape_is_not_resolved_may_hold_anything() {
    let fields = request(&good(), "thing.update");
    assert_eq!(problems(fields.get("places").unwrap(), json!([{ "whatever": true }])), [""; 0]);
}
