//! Every example of the manifest read into its typed request and written back, and every request type's schema held
//! against the route's. What an example comes to on a panel is tested where there is one, on the sandbox.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use flvx_panel::generated::{ROUTES, route};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// What the tests do with one tool's types.
struct Typed {
    round_trip: fn(Value) -> serde_json::Result<Value>,
    request_schema: fn() -> Value,
    data: fn(Value) -> serde_json::Result<()>,
}

fn typed<Q: Serialize + DeserializeOwned + JsonSchema, D: DeserializeOwned>() -> Typed {
    Typed {
        round_trip: |value| serde_json::to_value(serde_json::from_value::<Q>(value)?),
        request_schema: || Q::json_schema(&mut SchemaGenerator::default()).to_value(),
        data: |value| serde_json::from_value::<D>(value).map(drop),
    }
}

macro_rules! all_types {
    ($($tool:literal => $request:ty, $data:ty;)*) => {
        fn types() -> BTreeMap<&'static str, Typed> {
            [$(($tool, typed::<$request, $data>())),*].into()
        }
    };
}
flvx_panel::each_tool!(all_types);

fn entry(tool: &str) -> Value {
    serde_json::from_str(route(tool).unwrap().entry).unwrap()
}

/// Numbers are equal when they are the same number: `1` and `1.0` are one to the panel.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

#[test]
fn every_tool_has_types() {
    let types = types();
    assert_eq!(types.keys().copied().collect::<Vec<_>>(), ROUTES.iter().map(|route| route.tool).collect::<Vec<_>>());
}

#[test]
fn every_example_survives_its_typed_request() {
    let mut wrong = Vec::new();
    let mut examples = 0;
    for (tool, typed) in types() {
        for example in entry(tool)["examples"].as_array().unwrap() {
            examples += 1;
            let request = &example["request"];
            match (typed.round_trip)(request.clone()) {
                Ok(back) if same(&back, request) => {}
                Ok(back) => wrong.push(format!("{tool}, {}: {request} came back as {back}", example["name"])),
                Err(error) => wrong.push(format!("{tool}, {}: {error}", example["name"])),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples >= ROUTES.len(), "every tool has an example, and there are only {examples}");
}

#[test]
fn every_expected_part_of_data_fits_the_typed_answer() {
    let mut wrong = Vec::new();
    for (tool, typed) in types() {
        for example in entry(tool)["examples"].as_array().unwrap() {
            let data = &example["expect"]["data"];
            if !data.is_null()
                && let Err(error) = (typed.data)(data.clone())
            {
                wrong.push(format!("{tool}, {}: {error}", example["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_request_type_has_the_schema_of_its_route() {
    for (tool, typed) in types() {
        assert_eq!(
            (typed.request_schema)(),
            serde_json::from_str::<Value>(route(tool).unwrap().request_schema).unwrap(),
            "{tool}"
        );
    }
}
