//! What is hidden does not show anywhere: lists, searches, suggestions, resources, prompts, counts, instructions.

use flvx_mcp::{config::Surface, gateway::Registry, ops, store::audit::Filter};
use serde_json::{Value, json};

use crate::setup::{Client, Guarded, digest};

fn policy(rest: &str) -> String {
    format!("principals:\n  bot: {{ tokens: ['{}'], {rest} }}\n", digest("t-bot"))
}

#[tokio::test]
async fn a_hidden_tool_is_in_no_search_no_map_no_resource_no_prompt_and_no_count() {
    let world = Guarded::start(&policy("role: viewer, deny: [ops.diagnose], toolsets: [forward]")).await;
    let mut bot = world.client(Some("t-bot")).await;
    let listed = bot.listed().await;
    assert!(listed.contains(&"forward_list".to_owned()) && !listed.contains(&"node_list".to_owned()), "{listed:?}");
    let registry = Registry::new(&Surface::default(), ops::OWN);
    let hidden: Vec<&str> = registry
        .iter()
        .filter(|tool| !listed.iter().any(|name| name == tool.wire_name))
        .map(|tool| tool.name)
        .collect();
    // The map and the search.
    for request in [json!({}), json!({ "query": "node" }), json!({ "danger": "critical" }), json!({ "domain": "node" })]
    {
        let map = bot.result("ops.routes", json!({ "request": request })).await;
        for row in map["data"]["tools"].as_array().unwrap() {
            assert!(!hidden.contains(&row["tool"].as_str().unwrap()), "{request}: {row}");
        }
        for domain in map["data"]["domains"].as_array().into_iter().flatten() {
            assert_eq!(domain["domain"], "forward");
        }
    }
    // One tool by name: as one that does not exist.
    let none = bot.result("ops.routes", json!({ "request": { "tool": "zq.xjw_zzzzzzzzzzz" } })).await;
    let there = bot.result("ops.routes", json!({ "request": { "tool": "backup.import" } })).await;
    assert_eq!(
        there["error"].to_string().replace("backup.import", "NAME"),
        none["error"].to_string().replace("zq.xjw_zzzzzzzzzzz", "NAME")
    );
    // Resources.
    let map = bot.modern("resources/read", json!({ "uri": "flvx://routes" })).await.json();
    let text = map["result"]["contents"][0]["text"].as_str().unwrap();
    let rows: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(rows.len(), listed.len());
    let hidden_one = bot.modern("resources/read", json!({ "uri": "flvx://tools/node.list" })).await.json();
    let no_one = bot.modern("resources/read", json!({ "uri": "flvx://tools/node.lisq" })).await.json();
    assert_eq!(hidden_one.to_string().replace("node.list", "NAME"), no_one.to_string().replace("node.lisq", "NAME"));
    // Prompts: all runbooks but one name something that is hidden.
    let prompts = bot.modern("prompts/list", json!({})).await.json();
    let books: Vec<&str> =
        prompts["result"]["prompts"].as_array().unwrap().iter().map(|book| book["name"].as_str().unwrap()).collect();
    assert_eq!(books, ["before_a_big_change"]);
    let one = bot.modern("prompts/get", json!({ "name": "daily_report" })).await.json();
    assert_eq!(one["error"]["message"], "there is no prompt `daily_report`");
    // Counts and instructions.
    let capabilities = bot.result("ops.capabilities", json!({})).await;
    assert_eq!(capabilities["data"]["tools"]["total"], listed.len());
    assert_eq!(capabilities["data"]["role"], "viewer");
    let discover = bot.modern("server/discover", json!({})).await.json();
    let instructions = discover["result"]["instructions"].as_str().unwrap();
    assert!(!instructions.contains("ops.diagnose") && !instructions.contains("idempotency_key"), "{instructions}");
}

#[tokio::test]
async fn a_summary_tells_nothing_of_what_may_not_be_listed() {
    let world = Guarded::start(&policy("role: viewer, toolsets: [forward]")).await;
    let found = world.client(Some("t-bot")).await.result("ops.diagnose", json!({})).await;
    assert_eq!(
        (&found["data"]["counts"]["nodes"], &found["data"]["counts"]["users"]),
        (&0.into(), &0.into()),
        "{found}"
    );
    assert_eq!(
        found["warnings"],
        json!(["not judged, because the caller or the panel account may not list them: nodes, tunnels, users"])
    );
    for path in ["/api/v1/node/list", "/api/v1/user/list", "/api/v1/tunnel/list"] {
        assert_eq!(world.asked(path), 0, "{path}");
    }
}

#[tokio::test]
async fn a_preview_tells_nothing_of_what_may_not_be_listed() {
    let world = Guarded::start(&policy("role: operator, toolsets: [node]")).await;
    let preview = json!({ "request": { "tool": "node.delete", "request": { "id": 2 } } });
    let told = world.client(Some("t-bot")).await.result("ops.preview", preview).await;
    assert_eq!(told["data"]["summary"], "deletes node \"Tokyo-Relay-02\" (id 2)", "{told}");
    assert_eq!(told["data"]["confirm_phrase"], "Tokyo-Relay-02", "{told}");
    assert!(told["data"].get("dependents").is_none(), "{told}");
    assert_eq!(
        told["data"]["warnings"],
        json!(["what the caller may not list is not shown: things of other kinds may hang on it"])
    );
    // It is read all the same: what comes there makes the preview stale.
    assert!(world.asked("/api/v1/tunnel/list") > 0 && world.asked("/api/v1/forward/list") > 0);
}

#[tokio::test]
async fn arguments_that_raise_a_call_above_the_ceiling_are_refused_without_a_way_round() {
    let world = Guarded::start(&policy("role: operator, danger: write")).await;
    let mut bot = world.client(Some("t-bot")).await;
    // A protocol blocked on a node cuts traffic, which makes the update dangerous.
    let request = json!({ "request": { "id": 1, "http": 1 }, "idempotency_key": "ceiling-0001", "confirm_token": crate::support::WORD });
    let refused = bot.result("node.update", request).await;
    assert_eq!(
        (&refused["error"]["kind"], &refused["outcome"]),
        (&"forbidden".into(), &"rejected".into()),
        "{refused}"
    );
    let words = refused["error"].to_string();
    assert!(words.contains("dangerous") && !words.contains("confirm") && !words.contains("policy"), "{words}");
    assert_eq!(world.asked("/api/v1/node/update"), 0);
    // Its preview may be read, and gives nothing that would open it.
    let preview = json!({ "request": { "tool": "node.update", "request": { "id": 1, "http": 1 } } });
    let shown = bot.result("ops.preview", preview).await;
    assert!(shown["warnings"].to_string().contains("the call is more than you may do here"), "{shown}");
    assert!(shown["data"].get("confirm_token").is_none(), "{shown}");
    let needs = shown["data"]["needs"].as_str().unwrap();
    assert!(needs.contains("which this preview does not give") && !needs.contains("this confirm_token"), "{needs}");
    let fine = bot
        .result(
            "node.update",
            json!({ "request": { "id": 1, "name": "a new name" }, "idempotency_key": "ceiling-0002" }),
        )
        .await;
    assert_eq!(fine["ok"], true, "{fine}");
}

#[tokio::test]
async fn a_blank_around_a_name_is_no_way_past_the_ceiling() {
    let world = Guarded::start(&policy("role: operator")).await;
    let mut bot = world.client(Some("t-bot")).await;
    for (tool, request) in [
        ("config.update_single", json!({ "name": " captcha_enabled", "value": "true" })),
        ("config.update", json!({ "app_name": "x", "captcha_enabled\u{a0}": "true" })),
    ] {
        let call =
            json!({ "request": request, "idempotency_key": "ceiling-0003", "confirm_token": crate::support::WORD });
        let refused = bot.result(tool, call).await;
        assert_eq!(
            (&refused["error"]["kind"], &refused["outcome"]),
            (&"forbidden".into(), &"rejected".into()),
            "{tool}: {refused}"
        );
    }
    assert_eq!((world.asked("/api/v1/config/update"), world.asked("/api/v1/config/update-single")), (0, 0));
}

#[tokio::test]
async fn the_gateways_own_settings_stay_the_upper_bound_over_every_principal() {
    let world = Guarded::with(&policy("role: admin"), &[("MCP_READ_ONLY", "true"), ("MCP_TOOLSETS", "node")]).await;
    let listed = world.client(Some("t-bot")).await.listed().await;
    assert!(listed.contains(&"node_list".to_owned()));
    assert!(!listed.contains(&"node_create".to_owned()) && !listed.contains(&"forward_list".to_owned()), "{listed:?}");
}

#[tokio::test]
async fn allow_and_deny_pick_single_tools() {
    let world = Guarded::start(&policy("role: operator, allow: [node.list, forward.list], deny: [forward.list]")).await;
    assert_eq!(world.client(Some("t-bot")).await.listed().await, ["node_list"]);
}

#[tokio::test]
async fn a_preview_can_be_denied_while_its_change_stays() {
    let settings = [("MCP_PREVIEW_TOOLS", "each")];
    let world = Guarded::with(&policy("role: admin, deny: [node.preview_delete]"), &settings).await;
    let listed = world.client(Some("t-bot")).await.listed().await;
    assert!(listed.contains(&"node_delete".to_owned()) && listed.contains(&"forward_preview_pause".to_owned()));
    assert!(!listed.contains(&"node_preview_delete".to_owned()), "{listed:?}");
}

#[tokio::test]
async fn a_saved_backup_is_hidden_with_its_tool_and_its_reading_is_recorded() {
    let world = Guarded::start(&policy("role: admin")).await;
    let mut bot = world.client(Some("t-bot")).await;
    let result = bot.result("backup.export", json!({})).await;
    let saved = result["data"]["saved"].as_str().unwrap().to_owned();
    let (uri, no_uri) = (format!("flvx://saved/{saved}"), "flvx://saved/nobody");
    let read = bot.modern("resources/read", json!({ "uri": uri })).await.json();
    assert!(read["result"]["contents"].is_array(), "{read}");
    world.gateway.audit().flush().await;
    let filter = Filter {
        principal: Some("bot".to_owned()),
        tool: Some("resources/read".to_owned()),
        target: Some(format!("saved={saved}")),
        outcome: Some("ok".to_owned()),
        ..Filter::default()
    };
    assert_eq!(world.gateway.store().search_audit(filter, 10).await.unwrap().len(), 1);
    world.place.write(&policy("role: admin, deny: [backup.export]"));
    world.gateway.reload().unwrap();
    let hidden = bot.modern("resources/read", json!({ "uri": uri })).await.json();
    let none = bot.modern("resources/read", json!({ "uri": no_uri })).await.json();
    assert!(hidden["error"].is_object(), "{hidden}");
    assert_eq!(hidden.to_string().replace(&uri, "URI"), none.to_string().replace(no_uri, "URI"));
    let listed = bot.modern("resources/list", json!({})).await.json();
    assert!(!listed.to_string().contains("flvx://saved/"), "{listed}");
}

#[tokio::test]
async fn the_instructions_send_nobody_to_a_preview_that_is_not_offered() {
    for (rest, told) in [("role: admin", true), ("role: admin, deny: [ops.preview]", false)] {
        let world = Guarded::start(&policy(rest)).await;
        let discover = world.client(Some("t-bot")).await.modern("server/discover", json!({})).await.json();
        let instructions = discover["result"]["instructions"].as_str().unwrap();
        assert_eq!(instructions.contains("ops.preview"), told, "{instructions}");
        assert!(instructions.contains("confirm_token"), "{instructions}");
    }
}

/// A world whose bot has these rights, and the bot.
async fn with_bot(rest: &str) -> (Guarded, Client) {
    let world = Guarded::start(&policy(rest)).await;
    let bot = world.client(Some("t-bot")).await;
    (world, bot)
}

/// Whether an error names a tool that the bot is not offered.
fn names_hidden(world: &Guarded, told: &Value) -> bool {
    assert!(told["error"]["kind"].is_string(), "{told}");
    let bot = world.gateway.policy().roster.by_token("t-bot").unwrap();
    world.gateway.offer(&bot).names_hidden(&told["error"].to_string())
}

#[tokio::test]
async fn a_call_without_a_confirmation_is_sent_to_the_preview_that_is_offered_and_to_none_where_none_is() {
    let bare = json!({ "request": { "id": 3 }, "idempotency_key": "hints-0001" });
    let then = "show the operator what it says, then call again with its confirm_token.";
    for (rest, hint) in [
        ("role: admin", format!("Call ops.preview with this tool and request, {then}")),
        ("role: admin, allow: [forward.delete]", format!("Call forward.preview_delete with this request, {then}")),
        (
            "role: admin, allow: [forward.delete], deny: [forward.preview_delete]",
            "Show the operator exactly what will change and ask for their word; they give it as confirm_token."
                .to_owned(),
        ),
    ] {
        let (world, mut bot) = with_bot(rest).await;
        let told = bot.result("forward.delete", bare.clone()).await;
        assert_eq!(told["error"]["hint"], hint, "{rest}: {told}");
        assert!(!names_hidden(&world, &told), "{rest}: {told}");
    }
}

#[tokio::test]
async fn a_refused_confirmation_names_no_preview_that_is_not_offered() {
    let (world, mut bot) =
        with_bot("role: admin, allow: [forward.delete, forward.list, tunnel.list, node.check_status]").await;
    let shown = bot.result("forward.preview_delete", json!({ "request": { "id": 3 } })).await;
    let token = shown["data"]["confirm_token"].as_str().unwrap_or_else(|| panic!("{shown}"));
    for (id, token, key, hint) in [
        (
            4,
            token,
            "confirm_altered",
            "Send exactly the request of the preview, or call forward.preview_delete again for this one.",
        ),
        (3, "cft_made_up", "confirm_unknown", "Do not guess. Call forward.preview_delete, or ask the operator."),
    ] {
        let call = json!({ "request": { "id": id }, "idempotency_key": "hints-0002", "confirm_token": token });
        let told = bot.result("forward.delete", call).await;
        assert_eq!((&told["error"]["key"], &told["error"]["hint"]), (&key.into(), &hint.into()), "{told}");
        assert!(!names_hidden(&world, &told), "{told}");
    }
    assert_eq!(world.asked("/api/v1/forward/delete"), 0);
}

#[tokio::test]
async fn nobody_is_sent_to_a_login_or_a_list_of_credentials_that_is_not_offered() {
    for (rest, offered) in [("role: admin", true), ("role: admin, deny: [auth.login, auth.whoami]", false)] {
        let (world, mut bot) = with_bot(rest).await;
        for name in ["nobody", "login:nobody"] {
            for tool in ["forward.list", "auth.validate", "ops.capabilities", "ops.diagnose"] {
                let told = bot.result(tool, json!({ "auth_context": name })).await;
                assert_eq!(told["error"]["kind"], "unknown_credential", "{rest}: {told}");
                assert!(!names_hidden(&world, &told), "{rest}: {told}");
                let hint = told["error"]["hint"].as_str().unwrap_or_default();
                let again = hint.contains("log in again with auth.login");
                assert_eq!(again, offered && name.starts_with("login:"), "{rest}, {tool}, {name}: {hint}");
            }
        }
    }
}

#[tokio::test]
async fn summaries_and_templates_name_no_tool_that_is_not_offered() {
    for (rest, preview, undo) in [
        ("role: admin", json!("ops.preview"), json!("ops.undo")),
        ("role: admin, deny: [ops.preview, ops.undo]", json!("<domain>.preview_<action>"), Value::Null),
        ("role: viewer, deny: [ops.preview]", Value::Null, Value::Null),
    ] {
        let (_world, mut bot) = with_bot(rest).await;
        let told = bot.result("ops.capabilities", json!({})).await;
        let calls = &told["data"]["confirmed_calls"];
        assert_eq!((&calls["preview_with"], &calls["undo_with"]), (&preview, &undo), "{rest}: {told}");
    }
    let (_world, mut bot) = with_bot("role: viewer, toolsets: [forward], deny: [forward.diagnose, ops.routes]").await;
    let found = bot.result("ops.diagnose", json!({})).await;
    assert_eq!(found["data"]["next"], "status 1 does not prove that a node listens", "{found}");
    let templates = bot.modern("resources/templates/list", json!({})).await.text();
    assert!(templates.contains("flvx://tools/") && !templates.contains("ops.routes"), "{templates}");
}
