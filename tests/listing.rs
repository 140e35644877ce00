//! What clients are shown of the tools: a golden file, and the rules that every entry keeps. What a model must read is paid
//! for in every conversation, so the list's size has a bound. `UPDATE=1 cargo test --test listing` writes the file anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{collections::BTreeSet, fs, path::Path};

use flvx_mcp::{
    config::{Spelling, Surface},
    gateway::Registry,
    ops,
    transport::Listing,
};
use flvx_panel::generated::ROUTES;
use serde_json::{Value, json};
use support::{Connection, World, initialize, modern, modern_headers};

/// What a model reads of the whole list: names, descriptions and input schemas, in bytes. It grows only on purpose.
const MOST_MODEL_BYTES: usize = 44_600;
/// The whole list as it is sent.
const MOST_BYTES: usize = 70_400;

fn listed(surface: &Surface) -> Vec<Value> {
    let listing = Listing::new(&Registry::new(surface, ops::OWN), surface.spelling);
    listing.tools().iter().map(|tool| serde_json::to_value(tool).unwrap()).collect()
}

fn everything() -> Vec<Value> {
    listed(&Surface::default())
}

/// One tool a line, so that a change of one tool is a change of one line.
fn lines(tools: &[Value]) -> String {
    let lines: Vec<String> = tools.iter().map(Value::to_string).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

#[test]
fn the_list_is_the_one_in_the_golden_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tools.json");
    let found = lines(&everything());
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &found).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let other: Vec<&str> = found
        .lines()
        .filter(|line| !golden.lines().any(|known| known.trim_end_matches(',') == line.trim_end_matches(',')))
        .collect();
    assert!(
        golden == found,
        "{} tools are listed otherwise than in tests/golden/tools.json; look at each, then run UPDATE=1 cargo test --test listing:\n{}",
        other.len(),
        other.join("\n")
    );
}

#[test]
fn every_route_of_the_manifest_is_a_tool_and_so_is_each_of_the_gateways_own() {
    let names: BTreeSet<String> = everything().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
    for route in ROUTES {
        assert!(names.contains(route.wire_name), "{}", route.tool);
    }
    assert_eq!(names.len(), ROUTES.len() + ops::OWN.tools.len());
}

#[test]
fn names_are_ones_that_every_client_takes() {
    let tools = everything();
    let mut seen = BTreeSet::new();
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(
            name.len() <= 40 && name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(letters),
            "{name}"
        );
        assert!(seen.insert(name), "{name} is listed twice");
    }
    let dotted = listed(&Surface { spelling: Spelling::Dotted, ..Surface::default() });
    for (wire, canonical) in tools.iter().zip(&dotted) {
        assert_eq!(canonical["name"].as_str().unwrap().replace('.', "_"), wire["name"].as_str().unwrap());
        assert_eq!(canonical["inputSchema"], wire["inputSchema"]);
    }
}

#[test]
fn every_tool_has_a_title_a_short_description_and_hints() {
    for tool in everything() {
        let name = &tool["name"];
        assert!(tool["title"].as_str().is_some_and(|title| !title.is_empty() && title.chars().count() <= 60), "{name}");
        let description = tool["description"].as_str().unwrap();
        assert!(
            !description.is_empty() && description.chars().count() <= 160,
            "{name}: {} characters",
            description.chars().count()
        );
        assert!(!description.contains('\n'), "{name}");
        let hints = &tool["annotations"];
        assert!(hints["readOnlyHint"] == true || hints["destructiveHint"].is_boolean(), "{name}: {hints}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{name}");
    }
}

/// Words of JSON Schema that every client and model reads the same way.
const WORDS: &[&str] = &[
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "description",
];

fn lint(place: &str, schema: &Value, faults: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else {
        faults.push(format!("{place} is no schema"));
        return;
    };
    for (word, value) in schema {
        if !WORDS.contains(&word.as_str()) {
            faults.push(format!("{place}: `{word}`"));
        }
        match word.as_str() {
            "properties" => value
                .as_object()
                .unwrap()
                .iter()
                .for_each(|(name, inner)| lint(&format!("{place}.{name}"), inner, faults)),
            "items" => lint(&format!("{place}[]"), value, faults),
            "additionalProperties" if !value.is_boolean() => lint(&format!("{place}.*"), value, faults),
            "required" => {
                for name in value.as_array().unwrap() {
                    if schema["properties"].get(name.as_str().unwrap()).is_none() {
                        faults.push(format!("{place}: {name} is required and not described"));
                    }
                }
            }
            _ => {}
        }
    }
}

#[test]
fn input_schemas_are_plain_objects_with_a_closed_request() {
    let mut faults = Vec::new();
    for tool in everything() {
        let (name, schema) = (tool["name"].as_str().unwrap(), &tool["inputSchema"]);
        lint(name, schema, &mut faults);
        assert_eq!(schema["type"], "object", "{name}");
        let request = &schema["properties"]["request"];
        if !request.is_null() {
            let free = request["additionalProperties"].is_object();
            assert!(free || request["additionalProperties"] == false, "{name}: an open request");
        }
        for outer in schema["properties"].as_object().into_iter().flatten().map(|(outer, _)| outer) {
            assert!(
                ["request", "view", "auth_context", "idempotency_key", "confirm_token"].contains(&outer.as_str()),
                "{name}: {outer}"
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_the_schema_asks_for_is_what_the_gateway_asks_for() {
    let registry = Registry::new(&Surface::default(), ops::OWN);
    for tool in everything() {
        let known = registry.resolve(tool["name"].as_str().unwrap()).unwrap();
        let required: Vec<&str> = tool["inputSchema"]["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap())
            .collect();
        assert_eq!(required.contains(&"idempotency_key"), known.is_change(), "{}", known.name);
        let read_only = tool["annotations"]["readOnlyHint"] == true;
        assert_eq!(read_only, !known.is_change(), "{}", known.name);
        assert_eq!(tool["inputSchema"]["properties"].get("view").is_some(), known.is_list(), "{}", known.name);
    }
}

#[test]
fn the_list_stays_within_its_size() {
    let tools = everything();
    let bytes = serde_json::to_string(&tools).unwrap().len();
    let model: usize = tools
        .iter()
        .map(|tool| {
            ["name", "description", "inputSchema"].iter().map(|part| tool[*part].to_string().len()).sum::<usize>()
        })
        .sum();
    println!("{} tools, {bytes} bytes as sent, {model} bytes of them for the model", tools.len());
    assert!(model <= MOST_MODEL_BYTES, "{model} bytes for the model; the bound is {MOST_MODEL_BYTES}");
    assert!(bytes <= MOST_BYTES, "{bytes} bytes as sent; the bound is {MOST_BYTES}");
}

#[test]
fn toolsets_and_read_only_take_tools_away_and_change_none() {
    let all = everything();
    let some = listed(&Surface { toolsets: vec!["node".to_owned()], read_only: true, ..Surface::default() });
    let names: Vec<&str> = some.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"node_list") && names.contains(&"ops_routes") && names.contains(&"auth_whoami"));
    assert!(
        !names.contains(&"node_create") && !names.contains(&"node_install_command") && !names.contains(&"forward_list")
    );
    assert!(some.iter().all(|tool| all.contains(tool)));
}

#[tokio::test]
async fn without_a_share_token_exactly_the_routes_between_panels_are_missing() {
    let world = World::with(&[("PANEL_PEER_TOKEN", "")]).await;
    let caller = support::caller();
    let offer = world.gateway.offer(&caller.principal);
    let hidden: Vec<&str> =
        world.gateway.registry().iter().filter(|tool| !offer.has(tool)).map(|tool| tool.name).collect();
    assert!(!hidden.is_empty() && hidden.iter().all(|name| name.starts_with("federation.")), "{hidden:?}");
}

#[tokio::test]
async fn both_eras_are_sent_exactly_this_list() {
    let world = World::start().await;
    let served = world.serve().await;
    let expected = everything();
    let mut connection = Connection::open(served.address).await;
    let message = modern(1, "tools/list", json!({}));
    let reply = connection.request("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    assert_eq!(reply.json()["result"]["tools"], json!(expected));
    let (headers, _) = initialize(&mut connection).await;
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let reply = connection.request("POST", "/mcp", &headers, message.to_string().as_bytes()).await;
    assert_eq!(reply.json()["result"]["tools"], json!(expected));
}
