//! No secret is seen in a preview: not one that the panel stores, not one that the caller gives.

use flvx_panel::spec::Kind;
use serde_json::{Value, json};

use super::all_examples;
use crate::world::{World, examples, object, route};

const CANARY: &str = "canary-5ecret";

/// Puts a word into every secret that the panel stores.
fn plant(world: &World) {
    let mut state = world.panel.panel.state();
    state.nodes.nodes.iter_mut().for_each(|node| {
        node.secret = format!("{CANARY}-node-{}", node.id);
        node.remote_token = Some(format!("{CANARY}-remote-{}", node.id));
    });
    state.users.users.iter_mut().for_each(|user| user.pwd = format!("{CANARY}-pwd-{}", user.id));
    state.configs.set("cloudflare_secret_key", &format!("{CANARY}-key"), 1);
    state.configs.set("smtp_password", &format!("{CANARY}-smtp"), 1);
}

#[tokio::test]
async fn no_preview_holds_a_secret() {
    let (mut previews, mut given) = (0, 0);
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let mut request = examples(&world, route).remove(number);
        plant(&world);
        let fields = if route.request.kind == Kind::Map { &[][..] } else { route.request.fields };
        for field in fields.iter().filter(|field| field.secret && field.kind == Kind::String) {
            if route.tool != "federation.node_import" || field.name != "token" {
                request.insert(field.name.to_owned(), json!(format!("{CANARY}-given-{}", field.name)));
                given += 1;
            }
        }
        let seen = world.preview(route, &request).await;
        let said = format!("{seen:?} {}", serde_json::to_string(&seen).unwrap());
        let tokens: Vec<String> =
            world.panel.panel.state().federation.shares.iter().map(|share| share.token.clone()).collect();
        assert!(!said.contains(CANARY), "{} {number}: {said}", route.tool);
        assert!(!tokens.iter().any(|token| said.contains(token)), "{} {number}", route.tool);
        previews += 1;
    }
    println!("{previews} previews hold no secret; {given} were given by the caller");
    assert!(given > 10, "{given}");
}

#[tokio::test]
async fn a_secret_in_a_document_or_among_settings_is_only_said_to_change() {
    let world = World::fresh().await;
    plant(&world);
    let user = world.read("backup.export", json!({"types": ["users"]})).await["users"][1].clone();
    let mut other = user.clone();
    other["pwd"] = json!(format!("{CANARY}-new"));
    other["num"] = json!(77);
    let request = object(json!({
        "types": ["users", "configs"], "version": "1.0", "users": [other],
        "configs": {"cloudflare_secret_key": format!("{CANARY}-new"), "smtp_password": "", "footer_note": "hello"},
    }));
    let seen = world.preview(route("backup.import"), &request).await;
    assert!(!serde_json::to_string(&seen).unwrap().contains(CANARY));
    let fields: Vec<_> = seen.changes.iter().flat_map(|change| &change.fields).collect();
    let named =
        |name: &str| fields.iter().find(|field| field.field == name).unwrap_or_else(|| panic!("{name}: {fields:?}"));
    assert_eq!((named("pwd").changed, &named("pwd").after), (Some(true), &Some(json!("[redacted]"))));
    assert_eq!(named("num").after, Some(json!(77)));
    assert_eq!(named("footer_note").after, Some(json!("hello")));
    assert_eq!(named("cloudflare_secret_key").after, Some(Value::from("[redacted]")));
    assert_eq!(
        (named("smtp_password").changed, &named("smtp_password").before),
        (Some(true), &Some(json!("[redacted]")))
    );
}
