//! No secret reaches a record: a canary in every place where the manifest says that one may stand, and under every name that
//! a client may make up, through every tool.

use flvx_mcp::store::audit::Filter;
use flvx_panel::{
    generated::ROUTES,
    spec::{Field, Kind},
};
use serde_json::{Map, Value, json};

use crate::support::{WORD, World};

const CANARY: &str = "canary-7f3a91";

/// A value of a field with a canary in every secret place; how many there are.
fn planted(field: &Field, count: &mut usize) -> Value {
    if field.secret {
        *count += 1;
        return match field.kind {
            Kind::Array => json!([CANARY]),
            Kind::Object | Kind::Map => json!({ CANARY: CANARY }),
            _ => json!(CANARY),
        };
    }
    match field.kind {
        Kind::Object | Kind::Map => {
            let mut map: Map<String, Value> = field
                .fields
                .iter()
                .filter(|inner| !inner.ignored)
                .map(|inner| (inner.name.to_owned(), planted(inner, count)))
                .collect();
            for key in field.secret_keys {
                *count += 1;
                map.insert((*key).to_owned(), json!(CANARY));
            }
            if field.kind == Kind::Map {
                for key in ["password", "apiToken", "X-Secret", "private_key"] {
                    *count += 1;
                    map.insert(key.to_owned(), field.items.map_or(json!(CANARY), |_| json!(CANARY)));
                }
            }
            Value::Object(map)
        }
        Kind::Array => Value::Array(field.items.iter().map(|items| planted(items, count)).collect()),
        Kind::String => field
            .values
            .first()
            .and_then(|value| serde_json::from_str(value.value).ok())
            .unwrap_or_else(|| json!("plain")),
        Kind::Integer | Kind::Number => json!(1),
        Kind::Boolean => json!(true),
        _ => Value::Null,
    }
}

#[tokio::test]
async fn no_canary_is_in_any_row() {
    let world = World::with(&[("PANEL_TOKEN", "")]).await;
    let (mut places, mut calls) = (0, 0);
    for route in ROUTES {
        let request = planted(route.request, &mut places);
        let mut astray = request.clone();
        if let Some(map) = astray.as_object_mut() {
            map.insert("pasword".to_owned(), json!(CANARY));
        }
        places += 3;
        for (number, request) in [request, astray, json!(CANARY)].into_iter().enumerate() {
            let mut arguments = json!({ "request": request, "passphrase": CANARY });
            if number == 0 {
                arguments = json!({ "request": request });
            }
            if route.danger >= flvx_panel::spec::Danger::Write {
                arguments["idempotency_key"] = json!(format!("canary-test-{}-{number}", route.tool));
                // Half of them with a wrong word, half with the right one.
                arguments["confirm_token"] = json!(if number == 1 { CANARY } else { WORD });
            }
            world.call(route.tool, arguments).await;
            calls += 1;
        }
    }
    let _ = world
        .gateway
        .call(&crate::support::caller(), "no.tool", json!({ "password": CANARY }).as_object().unwrap().clone())
        .await;
    world.gateway.audit().flush().await;
    let rows = world.gateway.store().audit_in_order(Filter::default(), usize::MAX).await.unwrap();
    assert!(rows.len() > calls, "every call and some intents are there");
    let keys = ["canary-test-", "\"tool\""];
    for row in &rows {
        let record = row.record.replace("canary-test-", "");
        assert!(!record.contains("canary-"), "{}", row.record);
        assert!(!record.contains(WORD), "{}", row.record);
    }
    assert!(rows.iter().any(|row| keys.iter().all(|key| row.record.contains(key))));
    println!("{places} secret places in {calls} calls, {} records, no canary", rows.len());
    assert!(places > 300, "{places}");
}
