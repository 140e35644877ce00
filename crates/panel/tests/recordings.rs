//! What a real panel answered, held against the manifest: every success fits the typed data and the route's table, every
//! refusal is known to a rule. The recordings stand in `tests/recordings` of the repository.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use flvx_panel::{
    generated::ROUTES,
    spec::{AnswerForm, Field, Kind, Route},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

type Reader = fn(&Value) -> Result<(), String>;

fn read<D: DeserializeOwned>(data: &Value) -> Result<(), String> {
    D::deserialize(data).map(drop).map_err(|error| error.to_string())
}

macro_rules! all_types {
    ($($tool:literal => $request:ty, $data:ty;)*) => {
        fn readers() -> BTreeMap<&'static str, Reader> {
            [$(($tool, read::<$data> as Reader)),*].into()
        }
    };
}
flvx_panel::each_tool!(all_types);

/// One recorded exchange with the route that it went to.
struct Exchange {
    route: &'static Route,
    name: String,
    /// Envelope code; 0 where the answer came without an envelope.
    code: i64,
    msg: String,
    data: Value,
    right_method: bool,
}

fn exchanges() -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings");
    for file in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        exchanges.extend(list.iter().filter_map(exchange));
    }
    exchanges
}

/// `None` for what is no answer of a tool's route: aliases, unknown paths, cut connections.
fn exchange(recorded: &Value) -> Option<Exchange> {
    let route = ROUTES.iter().find(|route| recorded["path"] == route.path)?;
    let body = &recorded["response"]["body"];
    let envelope = body.get("code").is_some() && body.get("msg").is_some();
    if !envelope && (route.answer == AnswerForm::Envelope || body.is_null()) {
        return None;
    }
    let (code, data) = if envelope {
        (body["code"].as_i64().unwrap(), body.get("data").cloned().unwrap_or_default())
    } else {
        (0, body.clone())
    };
    Some(Exchange {
        route,
        name: recorded["name"].as_str().unwrap().to_owned(),
        code,
        msg: body["msg"].as_str().unwrap_or_default().to_owned(),
        data,
        right_method: recorded["method"] == format!("{:?}", route.method).to_uppercase(),
    })
}

/// What a value has that its field does not describe. `described` is the field's place in the route's entry.
fn differences(field: &Field, described: &Value, value: &Value, place: &str, found: &mut BTreeSet<String>) {
    let say = |found: &mut BTreeSet<String>, what: String| {
        found.insert(format!("{place}: {what}"));
    };
    match (field.kind, value) {
        (_, Value::Null) if field.nullable || field.kind == Kind::Any => return,
        (Kind::Any, _)
        | (Kind::String, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Number, Value::Number(_)) => {}
        (Kind::Integer, Value::Number(number)) if number.is_i64() => {}
        (Kind::Map, Value::Object(map)) => {
            for value in map.values() {
                differences(field.items.unwrap(), &described["items"], value, &format!("{place}.*"), found);
            }
            return;
        }
        (Kind::Array, Value::Array(items)) => {
            for value in items {
                differences(field.items.unwrap(), &described["items"], value, &format!("{place}[]"), found);
            }
            return;
        }
        (Kind::Object, Value::Object(map)) => {
            for key in map.keys().filter(|key| !field.fields.iter().any(|field| field.name == *key)) {
                say(found, format!("key `{key}` is not described"));
            }
            for field in field.fields {
                let described = &described["fields"][field.name];
                match map.get(field.name) {
                    Some(value) => differences(field, described, value, &format!("{place}.{}", field.name), found),
                    None if described["optional"] == true => {}
                    None => say(found, format!("`{}` is absent and not optional", field.name)),
                }
            }
            return;
        }
        (kind, value) => say(found, format!("{value} is no {kind:?}")),
    }
    if !field.values.is_empty() && !field.values.iter().any(|known| known.value == value.to_string()) {
        say(found, format!("{value} is not among the values"));
    }
}

#[test]
fn every_recorded_success_fits_the_types_and_the_tables() {
    let readers = readers();
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    for exchange in exchanges().iter().filter(|exchange| exchange.code == 0 && exchange.right_method) {
        let tool = exchange.route.tool;
        seen.insert(tool);
        if let Err(error) = readers[tool](&exchange.data) {
            found.insert(format!("{tool} ({}): {error}", exchange.name));
        }
        let entry: Value = serde_json::from_str(exchange.route.entry).unwrap();
        match exchange.route.data {
            Some(field) => differences(field, &entry["response"]["data"], &exchange.data, tool, &mut found),
            None if exchange.data.is_null() => {}
            None => {
                found.insert(format!("{tool}: {} came and no data is described", exchange.data));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.into_iter().collect::<Vec<_>>().join("\n"));
    let baseline = ROUTES.iter().filter(|route| route.since.is_none());
    let unseen: Vec<&str> = baseline.map(|route| route.tool).filter(|tool| !seen.contains(tool)).collect();
    assert!(unseen.is_empty(), "no recorded success of {unseen:?}");
}

#[test]
fn every_recorded_refusal_is_known_to_a_rule() {
    let mut unknown = BTreeSet::new();
    let mut refusals = 0;
    for exchange in exchanges().iter().filter(|exchange| exchange.code != 0) {
        refusals += 1;
        if !exchange.route.errors.iter().any(|rule| rule.matches(exchange.code, &exchange.msg)) {
            unknown.insert(format!("{} ({}): {} {}", exchange.route.tool, exchange.name, exchange.code, exchange.msg));
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(refusals > 400, "only {refusals} refusals were looked at");
}
