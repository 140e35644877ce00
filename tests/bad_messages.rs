//! What is no call at all: bytes, messages and headers that are wrong before a tool's name is read. Over HTTP each has its
//! status and words; over stdio the next line is still answered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{Connection, Program, World, initialize, json_headers, modern, modern_headers};

struct Bad {
    what: &'static str,
    method: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    status: u16,
    /// The whole text, or the code and message of a JSON-RPC error.
    says: Says,
}

enum Says {
    Text(&'static str),
    Starts(&'static str),
    Error(i64, &'static str),
}

fn post(what: &'static str, body: impl Into<Vec<u8>>, status: u16, says: Says) -> Bad {
    Bad { what, method: "POST", headers: json_headers(), body: body.into(), status, says }
}

fn without(headers: Vec<(&'static str, String)>, name: &str) -> Vec<(&'static str, String)> {
    headers.into_iter().filter(|(known, _)| *known != name).collect()
}

fn with(headers: Vec<(&'static str, String)>, name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    let mut headers = without(headers, name);
    headers.push((name, value.to_owned()));
    headers
}

fn call() -> Value {
    modern(1, "tools/call", json!({ "name": "node_list", "arguments": {} }))
}

fn cases() -> Vec<Bad> {
    let list = modern(1, "tools/list", json!({}));
    let headed = |what, headers, status, says| Bad { headers, ..post(what, list.to_string(), status, says) };
    let plain = |what, message: Value, status, says| Bad {
        headers: modern_headers(&message),
        ..post(what, message.to_string(), status, says)
    };
    vec![
        post("nothing", "", 415, Says::Starts("fail to deserialize request body EOF while parsing")),
        post("no JSON", "hello", 415, Says::Starts("fail to deserialize request body expected value")),
        post(
            "half a JSON",
            r#"{"jsonrpc":"2.0","id":1,"meth"#,
            415,
            Says::Starts("fail to deserialize request body EOF while parsing"),
        ),
        post(
            "bytes that are not UTF-8",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec(),
            415,
            Says::Starts("fail to deserialize request body "),
        ),
        post("null", "null", 415, Says::Starts("fail to deserialize request body ")),
        post("a number", "1", 415, Says::Starts("fail to deserialize request body ")),
        post("a batch", format!("[{list}]"), 415, Says::Starts("fail to deserialize request body ")),
        post(
            "no JSON-RPC",
            r#"{"id":1,"method":"tools/list"}"#,
            415,
            Says::Starts("fail to deserialize request body "),
        ),
        post(
            "deep nesting",
            format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
            415,
            Says::Starts("fail to deserialize request body "),
        ),
        post(
            "more than the endpoint takes",
            vec![b' '; 5 << 20],
            413,
            Says::Starts("Payload Too Large: request body exceeds "),
        ),
        headed(
            "no content type",
            without(modern_headers(&list), "content-type"),
            415,
            Says::Text("Unsupported Media Type: Content-Type must be application/json"),
        ),
        headed(
            "text as content type",
            with(modern_headers(&list), "content-type", "text/plain"),
            415,
            Says::Text("Unsupported Media Type: Content-Type must be application/json"),
        ),
        headed(
            "no Accept",
            without(modern_headers(&list), "accept"),
            406,
            Says::Text("Not Acceptable: Client must accept both application/json and text/event-stream"),
        ),
        headed(
            "half an Accept",
            with(modern_headers(&list), "accept", "application/json"),
            406,
            Says::Text("Not Acceptable: Client must accept both application/json and text/event-stream"),
        ),
        headed(
            "another Host",
            with(modern_headers(&list), "host", "evil.example"),
            403,
            Says::Text("Forbidden: Host header is not allowed"),
        ),
        headed(
            "another Origin",
            with(modern_headers(&list), "origin", "https://evil.example"),
            403,
            Says::Text("Forbidden: Origin header is not allowed"),
        ),
        headed(
            "an unknown revision in the header",
            with(modern_headers(&list), "mcp-protocol-version", "2024-01-01"),
            400,
            Says::Error(
                -32020,
                "MCP-Protocol-Version header (2024-01-01) does not match request _meta protocolVersion (2026-07-28)",
            ),
        ),
        headed(
            "a method in the header that is not the body's",
            with(modern_headers(&list), "mcp-method", "tools/call"),
            400,
            Says::Error(-32020, "Mcp-Method header `tools/call` does not match body method `tools/list`"),
        ),
        headed(
            "no method in the header",
            without(modern_headers(&list), "mcp-method"),
            400,
            Says::Error(-32020, "missing required Mcp-Method header"),
        ),
        Bad {
            headers: with(modern_headers(&call()), "mcp-name", "node_delete"),
            ..post(
                "a tool in the header that is not the body's",
                call().to_string(),
                400,
                Says::Error(-32020, "Mcp-Name header `node_delete` does not match body value `node_list`"),
            )
        },
        plain(
            "an unknown method",
            modern(1, "tools/run", json!({})),
            404,
            Says::Error(-32601, "unknown method `tools/run`"),
        ),
        plain(
            "an unknown tool",
            modern(1, "tools/call", json!({ "name": "node_lst" })),
            200,
            Says::Error(-32602, "unknown tool `node_lst`; did you mean `node.list`?"),
        ),
        plain(
            "a far tool",
            modern(1, "tools/call", json!({ "name": "make_coffee" })),
            200,
            Says::Error(-32602, "unknown tool `make_coffee`"),
        ),
        plain(
            "no tool",
            modern(1, "tools/call", json!({})),
            200,
            Says::Error(-32602, "malformed params of tools/call: `name` is a text and `arguments` an object"),
        ),
        plain(
            "arguments that are a list",
            modern(1, "tools/call", json!({ "name": "node_list", "arguments": [] })),
            200,
            Says::Error(-32602, "malformed params of tools/call: `name` is a text and `arguments` an object"),
        ),
        plain(
            "arguments that are text",
            modern(1, "tools/call", json!({ "name": "node_list", "arguments": "{}" })),
            200,
            Says::Error(-32602, "malformed params of tools/call: `name` is a text and `arguments` an object"),
        ),
        Bad {
            method: "GET",
            ..post("GET without a session", "", 400, Says::Text("Bad Request: Session ID is required"))
        },
        Bad {
            method: "DELETE",
            ..post("DELETE without a session", "", 400, Says::Text("Bad Request: Session ID is required"))
        },
        Bad { method: "PUT", ..post("PUT", "", 405, Says::Text("Method Not Allowed")) },
        Bad {
            method: "GET",
            headers: with(json_headers(), "mcp-session-id", "nobody"),
            ..post("GET of an unknown session", "", 404, Says::Text("Not Found: Session not found"))
        },
        Bad {
            headers: with(json_headers(), "mcp-session-id", "nobody"),
            ..post(
                "a call in an unknown session",
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
                404,
                Says::Text("Not Found: Session not found"),
            )
        },
        post(
            "a call of the older revisions without a session",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            400,
            Says::Text("Bad Request: Session ID is required"),
        ),
    ]
}

#[tokio::test]
async fn over_http_each_malformed_message_has_its_answer_and_the_next_one_is_served() {
    let world = World::start().await;
    let served = world.serve().await;
    let mut wrong = Vec::new();
    for case in cases() {
        let mut connection = Connection::open(served.address).await;
        let reply = connection.request(case.method, "/mcp", &case.headers, &case.body).await;
        let text = reply.text();
        let holds = match case.says {
            Says::Text(wanted) => text == wanted,
            Says::Starts(wanted) => !wanted.is_empty() && text.starts_with(wanted),
            Says::Error(code, message) => {
                let error = reply.json()["error"].clone();
                error["code"] == code && error["message"] == message
            }
        };
        if reply.status != case.status || !holds {
            wrong.push(format!("{}: {} {text}", case.what, reply.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.asked_at_all(), 0);
    let mut connection = Connection::open(served.address).await;
    assert_eq!(support::call_modern(&mut connection, "node_list", json!({})).await["isError"], false);
    let (headers, hello) = initialize(&mut connection).await;
    assert_eq!((hello.status, headers.len()), (200, 4));
}

#[test]
fn over_stdio_a_malformed_line_does_not_silence_the_program() {
    let mut program = Program::start(&["--sandbox"], &[]);
    program.initialize();
    let mut id = 100;
    let lines: Vec<(&str, Vec<u8>)> = vec![
        ("no JSON", b"hello".to_vec()),
        ("half a JSON", b"{\"jsonrpc\":\"2.0\",\"id\":1,\"meth".to_vec()),
        ("nothing", b"".to_vec()),
        ("a number", b"1".to_vec()),
        ("null", b"null".to_vec()),
        ("a list", b"[1]".to_vec()),
        ("bytes that are not UTF-8", b"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"\xff\"}".to_vec()),
        ("an unknown method", br#"{"jsonrpc":"2.0","id":3,"method":"tools/run"}"#.to_vec()),
        ("an unknown notification", br#"{"jsonrpc":"2.0","method":"notifications/nothing"}"#.to_vec()),
        ("an answer to nothing", br#"{"jsonrpc":"2.0","id":99,"result":{}}"#.to_vec()),
        (
            "arguments that are a list",
            br#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"node_list","arguments":[]}}"#.to_vec(),
        ),
        (
            "an unknown tool",
            br#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"node_lst","arguments":{}}}"#.to_vec(),
        ),
        ("deep nesting", [vec![b'['; 100_000], vec![b']'; 100_000]].concat()),
    ];
    let mut said = Vec::new();
    for (what, line) in lines {
        program.write(&line);
        id += 1;
        program.send(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": "auth_whoami", "arguments": {} } }));
        loop {
            let message = program.message();
            if message["id"] == id {
                assert_eq!(message["result"]["isError"], false, "{what}");
                break;
            }
            said.push(format!(
                "{what}: {} {} {}",
                message["id"],
                message["error"]["code"],
                message["error"]["message"].as_str().unwrap_or_default()
            ));
        }
    }
    assert_eq!(
        said,
        [
            "a number: null -32600 Invalid request",
            "null: null -32600 Invalid request",
            "a list: null -32600 Invalid request",
            "an unknown method: 3 -32601 unknown method `tools/run`",
            "arguments that are a list: 4 -32602 malformed params of tools/call: `name` is a text and `arguments` an object",
            "an unknown tool: 5 -32602 unknown tool `node_lst`; did you mean `node.list`?",
        ]
    );
    program.hang_up();
    assert_eq!(program.end().0, Some(0));
}
