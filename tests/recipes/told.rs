//! The whole gateway: no secret of the panel, of a request or of a saved file is in what a preview tells, nor in what is kept of
//! it for the person who confirms.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{WORD, World};

const CANARY: &str = "canary-5ecret";

/// A panel that holds a word in settings that the manifest lists as secrets, and in one that only sounds like it.
async fn planted() -> World {
    let world = World::start().await;
    {
        let mut state = world.sandbox.panel.state();
        for name in ["cloudflare_secret_key", "smtp_password"] {
            state.configs.set(name, &format!("{CANARY}-of-{name}"), 1);
        }
    }
    world
}

/// What a preview tells, after a look at it and at what is kept of it.
async fn told(world: &World, tool: &str, request: Value) -> Value {
    let before = kept(world).len();
    let told = world.call("ops.preview", json!({"request": {"tool": tool, "request": request}})).await;
    assert!(told["data"]["confirm_token"].is_string(), "{tool}: {told}");
    assert!(!told.to_string().contains(CANARY), "{tool}: {told}");
    let now = kept(world);
    assert_eq!(now.len(), before + 1, "{tool}");
    assert!(!now.iter().any(|text| text.contains(CANARY)), "{tool}: {now:?}");
    told["data"].clone()
}

/// What is kept of each confirmation.
fn kept(world: &World) -> Vec<String> {
    let path = world.gateway.store().path().join("state.db");
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    let texts = "SELECT summary || ' ' || phrase || ' ' || preview FROM confirmation";
    let mut statement = connection.prepare(texts).unwrap();
    let kept: Result<Vec<String>, _> = statement.query_map([], |row| row.get(0)).unwrap().collect();
    kept.unwrap()
}

/// The change of a field of this name, of whatever target.
fn field<'v>(preview: &'v Value, name: &str) -> &'v Value {
    let changes = preview["changes"].as_array().unwrap();
    let mut fields = changes.iter().flat_map(|change| change["fields"].as_array().unwrap());
    fields.find(|field| field["field"] == name).unwrap_or_else(|| panic!("no {name} in {preview}"))
}

#[tokio::test]
async fn the_stored_value_of_a_setting_is_told_by_its_name() {
    let world = planted().await;
    for name in ["cloudflare_secret_key", "smtp_password"] {
        let request = json!({"name": name, "value": format!("{CANARY}-given")});
        let preview = told(&world, "config.update_single", request).await;
        let target = &preview["targets"][0];
        assert_eq!((&target["current"]["name"], &target["current"]["value"]), (&json!(name), &json!("[redacted]")));
        assert_eq!(field(&preview, "value")["changed"], true);
    }
    let preview = told(&world, "config.update_single", json!({"name": "app_name", "value": "another"})).await;
    assert_eq!(preview["targets"][0]["current"]["value"], "FLVX 演示面板");
}

#[tokio::test]
async fn a_setting_that_sounds_like_a_secret_is_only_said_to_change() {
    let world = planted().await;
    let given = json!({"smtp_password": format!("{CANARY}-given"), " Bot-Token ": format!("{CANARY}-new"), "app_name": "another"});
    let whole = json!({"types": ["configs"], "version": "1.0", "configs": given});
    for (tool, request) in [("config.update", given), ("backup.import", whole)] {
        let preview = told(&world, tool, request).await;
        let password = field(&preview, "smtp_password");
        assert_eq!(
            (&password["before"], &password["after"], &password["changed"]),
            (&json!("[redacted]"), &json!("[redacted]"), &json!(true))
        );
        let new = field(&preview, "Bot-Token");
        assert_eq!((&new["before"], &new["after"]), (&Value::Null, &json!("[redacted]")));
        assert_eq!(field(&preview, "app_name")["after"], "another");
    }
}

#[tokio::test]
async fn the_values_of_a_saved_file_are_secrets_as_well() {
    let world = planted().await;
    let configs = json!({"smtp_password": format!("{CANARY}-given"), "app_name": "another"});
    let request = json!({"types": ["configs"], "version": "1.0", "configs": configs});
    let call = json!({"request": request, "idempotency_key": "import-0001", "confirm_token": WORD});
    let imported = world.call("backup.import", call).await;
    assert_eq!(imported["outcome"], "done", "{imported}");
    assert_eq!(world.sandbox.panel.state().configs.value("smtp_password"), Some("canary-5ecret-given"));
    let preview = told(&world, "ops.undo", json!({"trace_id": imported["trace_id"]})).await;
    let inverse = &preview["calls"][0]["preview"];
    let password = field(inverse, "smtp_password");
    assert_eq!((&password["after"], &password["changed"]), (&json!("[redacted]"), &json!(true)));
    assert_eq!(field(inverse, "app_name")["after"], "FLVX 演示面板");
}

#[tokio::test]
async fn data_of_any_form_is_looked_into() {
    let world = planted().await;
    let data = json!({"ip": "192.0.2.9", "port": 80, "auth": {"password": CANARY},
        "headers": [{"name": "Authorization", "value": CANARY}, {"key": "bot_token", "value": CANARY}, {"key": "lang", "value": "zh"}]});
    let request = json!({"commandType": "TcpPing", "data": data});
    let preview = told(&world, "federation.runtime_command", request).await;
    assert_eq!(
        field(&preview, "data")["after"],
        json!({"ip": "192.0.2.9", "port": 80, "auth": {"password": "[redacted]"},
            "headers": [{"name": "Authorization", "value": "[redacted]"}, {"key": "bot_token", "value": "[redacted]"}, {"key": "lang", "value": "zh"}]})
    );
}
