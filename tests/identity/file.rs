//! The schema and the example in `docs/` are those of the program. `UPDATE=1 cargo test --test identity` writes the schema anew.

use std::{fs, path::Path};

use flvx_mcp::{
    config::{Config, Environment, Login, policy},
    gateway::Gateway,
    ops,
};

use crate::setup::Place;

fn docs(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

#[test]
fn the_schema_in_docs_is_that_of_the_program() {
    let now = serde_json::to_string_pretty(&policy::schema()).unwrap() + "\n";
    let file = docs("policy.schema.json");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &now).unwrap();
    }
    assert!(
        fs::read_to_string(&file).unwrap_or_default() == now,
        "docs/policy.schema.json is old; UPDATE=1 writes it anew"
    );
}

#[test]
fn every_key_of_the_schema_is_explained() {
    fn walk(schema: &serde_json::Value, name: &str) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property.get("description").is_some(), "{name}.{key} has no description");
        }
        for (key, definition) in schema["$defs"].as_object().into_iter().flatten() {
            walk(definition, key);
        }
    }
    walk(&policy::schema(), "policy");
}

#[test]
fn the_example_in_docs_is_a_policy() {
    let example = fs::read_to_string(docs("flvx-mcp.example.yaml")).unwrap();
    // The secrets and keys that it names.
    let place = Place::new(&example.replace("/etc/flvx-mcp/", ""));
    place.secret("alice.password", "a password\n");
    place.secret("peer.token", "a token\n");
    let path = place.path();
    let environment = Environment::from([
        ("MCP_POLICY_FILE", path.to_str().unwrap()),
        ("MCP_STATE_DIR", "temporary"),
        ("MCP_TRANSPORT", "http"),
        ("MCP_HTTP_ADDR", "0.0.0.0:8088"),
        ("READER_PASSWORD", "a password"),
    ]);
    let gateway =
        Gateway::new(Config::from_env(&environment).unwrap(), ops::OWN).unwrap_or_else(|error| panic!("{error}"));
    let policy = gateway.policy();
    assert!(policy.authenticates() && policy.jwt.is_some() && policy.roster.iter().count() >= 4);
    // Every key that exists is shown, so that the example is a reference.
    let schema = policy::schema();
    let keys = schema["properties"].as_object().unwrap().keys().chain(
        schema["$defs"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(|definition| definition["properties"].as_object())
            .flat_map(|keys| keys.keys()),
    );
    for key in keys {
        assert!(example.contains(&format!("{key}:")), "`{key}` is not in the example");
    }
}

#[test]
fn a_secret_can_come_from_a_variable_that_looks_like_one_of_ours() {
    let place = Place::new("credentials: { reader: { token_env: PANEL_TOKEN_RO } }\n");
    let path = place.path();
    let environment = Environment::from([
        ("MCP_POLICY_FILE", path.to_str().unwrap()),
        ("MCP_STATE_DIR", "temporary"),
        ("PANEL_TOKEN_RO", "fake.panel.token"),
    ]);
    let gateway =
        Gateway::new(Config::from_env(&environment).unwrap(), ops::OWN).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(gateway.policy().logins.get("reader"), Some(&Login::Token("fake.panel.token".into())));
}
