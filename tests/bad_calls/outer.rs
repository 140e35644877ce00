//! Everything beside `request`: keys in the wrong place, `view`, the idempotency key, the operator's word, credentials.

use serde_json::{Value, json};

use crate::{
    refused::{Bad, bad, refused},
    support::{WORD, World},
};

fn outer() -> Vec<Bad> {
    let key = "bad-call-0001";
    let write = |extra: Value| {
        let mut arguments = json!({ "request": { "content": "x", "enabled": 1 } });
        for (name, value) in extra.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        arguments
    };
    vec![
        bad(
            "a parameter outside request",
            "forward.diagnose",
            json!({ "forwardId": 1 }),
            r#"`request.forwardId`: required: Forward to test (not id); `forwardId`: belongs inside `request`: {"request": {"forwardId": …}}"#,
        ),
        bad(
            "a parameter outside request, another inside",
            "tunnel.create",
            json!({ "name": "t", "request": { "inNodeId": [{ "nodeId": 1 }] }, "idempotency_key": key }),
            r#"`request.name`: required: Name, not used by another tunnel (the UI asks for 2-50 characters); `name`: belongs inside `request`: {"request": {"name": …}}"#,
        ),
        bad("a misspelt outer key", "node.list", json!({ "veiw": {} }), "`veiw`: unknown key; did you mean `view`?"),
        bad(
            "an unknown outer key",
            "node.list",
            json!({ "page": 2 }),
            "`page`: unknown key; the panel's parameters go inside `request`",
        ),
        bad(
            "view on a tool that gives no list",
            "announcement.get",
            json!({ "view": { "limit": 1 } }),
            "`view`: this tool gives no list; leave it out",
        ),
        bad(
            "view on one of the gateway's own tools",
            "ops.health",
            json!({ "view": {} }),
            "`view`: this tool gives no list; leave it out",
        ),
        bad(
            "view is no object",
            "node.list",
            json!({ "view": "all" }),
            "`view`: a text where an object is expected: {fields, filter, sort, limit, offset}",
        ),
        bad(
            "an unknown key of view",
            "node.list",
            json!({ "view": { "page": 1 } }),
            "`view.page`: unknown key; known are `fields`, `filter`, `sort`, `limit`, `offset`",
        ),
        bad(
            "view of an unknown field",
            "node.list",
            json!({ "view": { "fields": ["nam"] } }),
            "`view.fields[0]`: no such field `nam`; did you mean `name`?",
        ),
        bad(
            "view of a far field",
            "speed_limit.tunnels",
            json!({ "view": { "fields": ["colour"] } }),
            "`view.fields[0]`: no such field `colour`; rows have `id`, `inx`, `name`, `type`, `flow`, `trafficRatio`, `status`, `createdTime`, `inIp`, `ipPreference`, `inNodeId`, `outNodeId`, `chainNodes`",
        ),
        bad(
            "view of no field",
            "node.list",
            json!({ "view": { "fields": [] } }),
            r#"`view.fields`: empty list: name fields, or ["*"] for all, or leave it out"#,
        ),
        bad(
            "filter by an unknown field",
            "node.list",
            json!({ "view": { "filter": { "state": 1 } } }),
            "`view.filter.state`: no such field `state`; did you mean `status`?",
        ),
        bad(
            "filter by a secret",
            "node.list",
            json!({ "view": { "filter": { "remoteToken": "a" } } }),
            "`view.filter.remoteToken`: `remoteToken` is secret; it cannot be searched or sorted by",
        ),
        bad(
            "sort by a secret",
            "node.list",
            json!({ "view": { "sort": "-remoteToken" } }),
            "`view.sort`: `remoteToken` is secret; it cannot be searched or sorted by",
        ),
        bad(
            "filter by an unknown operator",
            "node.list",
            json!({ "view": { "filter": { "id": { "above": 1 } } } }),
            "`view.filter.id`: unknown operator `above`; known are eq, ne, gt, gte, lt, lte, contains, in",
        ),
        bad(
            "filter without an operator",
            "node.list",
            json!({ "view": { "filter": { "id": {} } } }),
            "`view.filter.id`: no operator; known are eq, ne, gt, gte, lt, lte, contains, in",
        ),
        bad(
            "in without a list",
            "node.list",
            json!({ "view": { "filter": { "id": { "in": 1 } } } }),
            "`view.filter.id`: `in` takes a list",
        ),
        bad(
            "sort by an unknown field",
            "node.list",
            json!({ "view": { "sort": "-nmae" } }),
            "`view.sort`: no such field `nmae`; did you mean `name`?",
        ),
        bad(
            "limit 0",
            "node.list",
            json!({ "view": { "limit": 0 } }),
            "`view.limit`: 0 rows would show nothing; the smallest value is 1",
        ),
        bad(
            "limit below 0",
            "node.list",
            json!({ "view": { "limit": -1 } }),
            "`view.limit`: -1 is not a whole number from 0 on",
        ),
        bad(
            "half a limit",
            "node.list",
            json!({ "view": { "limit": 1.5 } }),
            "`view.limit`: 1.5 is not a whole number from 0 on",
        ),
        bad(
            "fields as text",
            "node.list",
            json!({ "view": { "fields": "name" } }),
            "`view.fields`: a text where a list of names is expected",
        ),
        bad(
            "a number among the fields",
            "node.list",
            json!({ "view": { "fields": ["name", 1] } }),
            "`view.fields`: names of fields are texts",
        ),
        bad(
            "filter as text",
            "node.list",
            json!({ "view": { "filter": "status=1" } }),
            "`view.filter`: a text where an object is expected",
        ),
        bad(
            "sort as a list",
            "node.list",
            json!({ "view": { "sort": ["name"] } }),
            "`view.sort`: a list where a text is expected",
        ),
        bad(
            "several mistakes in view",
            "node.list",
            json!({ "view": { "limt": 5, "offset": "x", "columns": [] } }),
            "`view.limt`: unknown key; did you mean `limit`?; `view.offset`: a text where a whole number is expected; `view.columns`: unknown key; known are `fields`, `filter`, `sort`, `limit`, `offset`",
        ),
        bad(
            "limit as text",
            "node.list",
            json!({ "view": { "limit": "10" } }),
            "`view.limit`: a text where a whole number is expected",
        ),
        bad(
            "idempotency key too short",
            "announcement.update",
            write(json!({ "idempotency_key": "1234567" })),
            "`idempotency_key`: 7 characters; 8 to 200 are taken (a UUID is a good key)",
        ),
        bad(
            "idempotency key too long",
            "announcement.update",
            write(json!({ "idempotency_key": "k".repeat(201) })),
            "`idempotency_key`: 201 characters; 8 to 200 are taken (a UUID is a good key)",
        ),
        bad(
            "idempotency key empty",
            "announcement.update",
            write(json!({ "idempotency_key": "" })),
            "`idempotency_key`: empty text; give a value or leave the key out",
        ),
        bad(
            "idempotency key with a blank",
            "announcement.update",
            write(json!({ "idempotency_key": "two words" })),
            "`idempotency_key`: only visible ASCII characters without spaces are taken (a UUID is a good key)",
        ),
        bad(
            "idempotency key with a line break",
            "announcement.update",
            write(json!({ "idempotency_key": "line\nbreak-1" })),
            "`idempotency_key`: only visible ASCII characters without spaces are taken (a UUID is a good key)",
        ),
        bad(
            "idempotency key in Chinese",
            "announcement.update",
            write(json!({ "idempotency_key": "公告公告" })),
            "`idempotency_key`: only visible ASCII characters without spaces are taken (a UUID is a good key)",
        ),
        bad(
            "idempotency key as a number",
            "announcement.update",
            write(json!({ "idempotency_key": 12_345_678 })),
            "`idempotency_key`: a number where a text is expected",
        ),
        bad(
            "idempotency key on a read",
            "node.list",
            json!({ "idempotency_key": key }),
            "`idempotency_key`: this tool changes nothing; leave it out",
        ),
        bad(
            "confirm token on a read",
            "node.list",
            json!({ "confirm_token": WORD }),
            "`confirm_token`: this tool changes nothing; leave it out",
        ),
        bad(
            "confirm token as a number",
            "forward.delete",
            json!({ "request": { "id": 1 }, "idempotency_key": key, "confirm_token": 1 }),
            "`confirm_token`: a number where a text is expected",
        ),
        bad(
            "confirm token empty",
            "forward.delete",
            json!({ "request": { "id": 1 }, "idempotency_key": key, "confirm_token": "" }),
            "`confirm_token`: empty text; give a value or leave the key out",
        ),
        bad(
            "auth_context as a list",
            "node.list",
            json!({ "auth_context": ["default"] }),
            "`auth_context`: a list where a text is expected",
        ),
        bad(
            "auth_context empty",
            "node.list",
            json!({ "auth_context": "" }),
            "`auth_context`: empty text; give a value or leave the key out",
        ),
        bad(
            "three mistakes at once",
            "forward.delete",
            json!({ "request": { "ID": "1" }, "idempotency_key": "short", "confirm": WORD }),
            "`request.ID`: unknown key; did you mean `id`?; `request.id`: required; did you mean it where you wrote `ID`?; `idempotency_key`: 5 characters; 8 to 200 are taken (a UUID is a good key); `confirm`: unknown key; the panel's parameters go inside `request`",
        ),
        Bad {
            kind: "idempotency_key_required",
            ..bad(
                "no idempotency key",
                "announcement.update",
                write(json!({})),
                "this tool changes something and needs an idempotency_key",
            )
        },
        Bad {
            kind: "idempotency_key_required",
            ..bad(
                "null as idempotency key",
                "announcement.update",
                write(json!({ "idempotency_key": null })),
                "this tool changes something and needs an idempotency_key",
            )
        },
        Bad {
            kind: "confirmation_required",
            ..bad(
                "no confirm token",
                "forward.delete",
                json!({ "request": { "id": 1 }, "idempotency_key": key }),
                "this call is dangerous and needs a confirmation",
            )
        },
        Bad {
            kind: "confirmation_required",
            ..bad(
                "no confirm token for a critical call",
                "forward.batch_delete",
                json!({ "request": { "ids": [1] }, "idempotency_key": key }),
                "this call is critical and needs a confirmation",
            )
        },
        Bad {
            kind: "confirmation_rejected",
            ..bad(
                "a wrong confirm token",
                "forward.delete",
                json!({ "request": { "id": 1 }, "idempotency_key": key, "confirm_token": "a-wrong-word-here" }),
                "the confirm_token is neither one of this gateway's previews nor the operator's",
            )
        },
        Bad {
            kind: "unknown_credential",
            ..bad(
                "an unknown credential for a read",
                "node.list",
                json!({ "auth_context": "root" }),
                "`auth_context`: no credential is called `root`; known are `default`, `peer`",
            )
        },
        Bad {
            kind: "unknown_credential",
            ..bad(
                "an unknown credential for a tool of the gateway's own",
                "ops.capabilities",
                json!({ "auth_context": "root" }),
                "no credential is called `root`",
            )
        },
        Bad {
            kind: "unknown_credential",
            ..bad(
                "an unknown credential for a change",
                "announcement.update",
                write(json!({ "idempotency_key": key, "auth_context": "root" })),
                "`auth_context`: no credential is called `root`; known are `default`, `peer`",
            )
        },
    ]
}

#[tokio::test]
async fn a_malformed_outer_argument_is_refused_with_the_path_and_the_cure() {
    refused(&World::start().await, outer()).await;
}
