//! `request`: the parameters of the panel, wrong in every way.

use serde_json::{Value, json};

use crate::{
    refused::{Bad, bad, refused},
    support::{WORD, World},
};

/// A value inside `levels` lists.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

fn requests() -> Vec<Bad> {
    let key = "bad-call-0001";
    vec![
        bad(
            "request is a list",
            "node.list",
            json!({ "request": [] }),
            "`request`: a list where an object is expected",
        ),
        bad(
            "request is a number",
            "node.list",
            json!({ "request": 5 }),
            "`request`: a number where an object is expected",
        ),
        bad(
            "request is null",
            "forward.diagnose",
            json!({ "request": null }),
            "`request`: null where an object is expected",
        ),
        bad(
            "request is JSON as text",
            "forward.diagnose",
            json!({ "request": "{\"forwardId\":1}" }),
            "`request`: a text where an object is expected; send the object itself, not its JSON as text",
        ),
        bad(
            "request is missing",
            "forward.diagnose",
            json!({}),
            "`request.forwardId`: required: Forward to test (not id)",
        ),
        bad(
            "a field is missing",
            "forward.diagnose",
            json!({ "request": {} }),
            "`request.forwardId`: required: Forward to test (not id)",
        ),
        bad(
            "a parameter on a tool without any",
            "node.list",
            json!({ "request": { "id": 1 } }),
            "`request.id`: unknown key; this tool takes no parameters",
        ),
        bad(
            "a kindred key",
            "forward.diagnose",
            json!({ "request": { "id": 1 } }),
            "`request.id`: unknown key; did you mean `forwardId`?; `request.forwardId`: required; did you mean it where you wrote `id`?",
        ),
        bad(
            "a misspelt key",
            "forward.diagnose",
            json!({ "request": { "forwardid": 1 } }),
            "`request.forwardid`: unknown key; did you mean `forwardId`?; `request.forwardId`: required; did you mean it where you wrote `forwardid`?",
        ),
        bad(
            "a far key",
            "forward.diagnose",
            json!({ "request": { "forwardId": 1, "colour": "red" } }),
            "`request.colour`: unknown key; known are `forwardId`",
        ),
        bad(
            "text for an integer",
            "forward.diagnose",
            json!({ "request": { "forwardId": "1" } }),
            "`request.forwardId`: a text where a whole number is expected",
        ),
        bad(
            "truth for an integer",
            "forward.diagnose",
            json!({ "request": { "forwardId": true } }),
            "`request.forwardId`: true or false where a whole number is expected",
        ),
        bad(
            "null for an integer",
            "forward.diagnose",
            json!({ "request": { "forwardId": null } }),
            "`request.forwardId`: null is not accepted; a whole number is expected",
        ),
        bad(
            "a list for an integer",
            "forward.diagnose",
            json!({ "request": { "forwardId": [1] } }),
            "`request.forwardId`: a list where a whole number is expected",
        ),
        bad(
            "a fraction for an integer",
            "forward.diagnose",
            json!({ "request": { "forwardId": 1.5 } }),
            "`request.forwardId`: 1.5 is not a whole number from -2^63 to 2^63 - 1",
        ),
        bad(
            "a whole number written as a fraction",
            "forward.diagnose",
            json!({ "request": { "forwardId": 1.0 } }),
            "`request.forwardId`: 1.0 is not a whole number from -2^63 to 2^63 - 1",
        ),
        bad(
            "zero",
            "forward.diagnose",
            json!({ "request": { "forwardId": 0 } }),
            "`request.forwardId`: 0 is too small; the smallest value is 1",
        ),
        bad(
            "minus one",
            "forward.diagnose",
            json!({ "request": { "forwardId": -1 } }),
            "`request.forwardId`: -1 is too small; the smallest value is 1",
        ),
        bad(
            "2^63",
            "forward.diagnose",
            json!({ "request": { "forwardId": 9_223_372_036_854_775_808_u64 } }),
            "`request.forwardId`: 9223372036854775808 is not a whole number from -2^63 to 2^63 - 1",
        ),
        bad(
            "2^64",
            "forward.diagnose",
            json!({ "request": { "forwardId": 18_446_744_073_709_551_616_f64 } }),
            "`request.forwardId`: 1.8446744073709552e+19 is not a whole number from -2^63 to 2^63 - 1",
        ),
        bad(
            "an empty list",
            "forward.batch_pause",
            json!({ "request": { "ids": [] }, "idempotency_key": key, "confirm_token": WORD }),
            "`request.ids`: empty list: this call would do nothing",
        ),
        bad(
            "no list at all",
            "forward.batch_pause",
            json!({ "request": { "ids": 1 }, "idempotency_key": key, "confirm_token": WORD }),
            "`request.ids`: a number where a list is expected",
        ),
        bad(
            "wrong items of a list",
            "forward.batch_pause",
            json!({ "request": { "ids": [1, "2", null, 0] }, "idempotency_key": key, "confirm_token": WORD }),
            "`request.ids[1]`: a text where a whole number is expected; `request.ids[2]`: null is not accepted; leave it out instead; `request.ids[3]`: 0 is too small; the smallest value is 1",
        ),
        bad(
            "a thousand wrong items are told eight times",
            "forward.batch_pause",
            json!({ "request": { "ids": vec!["x"; 1000] }, "idempotency_key": key, "confirm_token": WORD }),
            (0..8)
                .map(|index| format!("`request.ids[{index}]`: a text where a whole number is expected"))
                .collect::<Vec<_>>()
                .join("; "),
        ),
        bad(
            "deep nesting",
            "forward.batch_pause",
            json!({ "request": { "ids": nested(100) }, "idempotency_key": key, "confirm_token": WORD }),
            "`request.ids[0]`: a list where a whole number is expected",
        ),
        bad(
            "no object in a list of objects",
            "forward.update_order",
            json!({ "request": { "forwards": [1] }, "idempotency_key": key }),
            "`request.forwards[0]`: a number where an object is expected",
        ),
        bad(
            "the panel's own bug: ids for the rows",
            "forward.update_order",
            json!({ "request": { "orders": [{ "id": 1, "inx": 2 }] }, "idempotency_key": key }),
            "`request.orders`: unknown key; known are `forwards`; `request.forwards`: required: New positions",
        ),
        bad(
            "a key missing inside a list",
            "forward.update_order",
            json!({ "request": { "forwards": [{ "id": 1, "inx": 2 }, { "id": 2 }] }, "idempotency_key": key }),
            "`request.forwards[1].inx`: required: Sort position, ascending",
        ),
        bad(
            "an unknown key inside a list",
            "forward.update_order",
            json!({ "request": { "forwards": [{ "id": 1, "inx": 2, "name": "a" }] }, "idempotency_key": key }),
            "`request.forwards[0].name`: unknown key; known are `id`, `inx`",
        ),
        bad(
            "an ignored key",
            "tunnel.create",
            json!({ "request": { "name": "t", "inNodeId": [{ "nodeId": 1, "protocol": "tls" }] }, "idempotency_key": key }),
            "`request.inNodeId[0].protocol`: the panel ignores this key: An entry node does not listen for another hop; the value has no effect",
        ),
        bad(
            "a word outside the list of words",
            "tunnel.create",
            json!({ "request": { "name": "t", "inNodeId": [{ "nodeId": 1 }], "ipPreference": "ipv4" }, "idempotency_key": key }),
            r#"`request.ipPreference`: "ipv4" is not one of "" (automatic, IPv4 first), "v4" (IPv4), "v6" (IPv6)"#,
        ),
        bad(
            "a number outside the list of numbers",
            "announcement.update",
            json!({ "request": { "enabled": 2 }, "idempotency_key": key }),
            "`request.enabled`: 2 is not one of 1 (show), 0 (hide)",
        ),
        bad(
            "truth where the panel wants 0 or 1",
            "announcement.update",
            json!({ "request": { "enabled": true }, "idempotency_key": key }),
            "`request.enabled`: true or false where a whole number is expected, one of 1 (show), 0 (hide)",
        ),
        bad(
            "empty text",
            "user.create",
            json!({ "request": { "user": " ", "pwd": "fake-password" }, "idempotency_key": key }),
            "`request.user`: empty text is not accepted",
        ),
        bad(
            "short text",
            "user.create",
            json!({ "request": { "user": "zoe", "pwd": "12345" }, "idempotency_key": key }),
            "`request.pwd`: 5 characters; at least 6 are needed",
        ),
        bad(
            "huge text",
            "user.create",
            json!({ "request": { "user": "x".repeat(1 << 20), "pwd": "fake-password" }, "idempotency_key": key }),
            "`request.user`: 1048576 characters; at most 100 are taken",
        ),
        bad(
            "a NUL in a text",
            "user.create",
            json!({ "request": { "user": "zoe\u{0}", "pwd": "fake-password" }, "idempotency_key": key }),
            "`request.user`: a NUL character is not accepted",
        ),
        bad(
            "too large a number",
            "user.create",
            json!({ "request": { "user": "zoe", "pwd": "fake-password", "flow": 100_000 }, "idempotency_key": key }),
            "`request.flow`: 100000 is too large; the largest value is 99999",
        ),
        bad(
            "an empty map",
            "config.update",
            json!({ "request": {}, "idempotency_key": key, "confirm_token": WORD }),
            "`request`: empty: this call would do nothing",
        ),
        bad(
            "a value of another type in a map",
            "config.update",
            json!({ "request": { "captcha_enabled": true }, "idempotency_key": key, "confirm_token": WORD }),
            "`request.captcha_enabled`: true or false where a text is expected",
        ),
        bad(
            "one of two is needed",
            "federation.runtime_release_role",
            json!({ "request": {}, "idempotency_key": key, "confirm_token": WORD }),
            "`request`: one of `bindingId`, `reservationId`, `resourceKey` is required",
        ),
    ]
}

#[tokio::test]
async fn a_malformed_request_is_refused_with_the_path_and_the_cure() {
    refused(&World::start().await, requests()).await;
}
