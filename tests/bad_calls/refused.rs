//! One malformed call with its answer, and the check that all of a table are answered so.

use serde_json::{Value, json};

use crate::support::World;

/// A call, and what is said to it.
pub struct Bad {
    pub what: &'static str,
    pub tool: &'static str,
    pub arguments: Value,
    pub kind: &'static str,
    pub message: String,
}

pub fn bad(what: &'static str, tool: &'static str, arguments: Value, message: impl Into<String>) -> Bad {
    Bad { what, tool, arguments, kind: "invalid_arguments", message: message.into() }
}

/// Makes the calls and holds the answers against the table.
pub async fn refused(world: &World, cases: Vec<Bad>) {
    let count = cases.len();
    let mut wrong = Vec::new();
    for case in cases {
        let result = world.call(case.tool, case.arguments).await;
        let tool = world.gateway.registry().resolve(case.tool).unwrap();
        let error = &result["error"];
        let outcome = if tool.is_change() { json!("rejected") } else { Value::Null };
        if result["ok"] != false
            || error["kind"] != case.kind
            || error["message"] != case.message
            || result["outcome"] != outcome
        {
            wrong.push(format!("{} | {} | {} | {}", case.what, error["kind"], result["outcome"], error["message"]));
        }
        assert!(
            error["hint"].as_str().is_some_and(|hint| !hint.is_empty()),
            "{}: an error without a cure: {result}",
            case.what
        );
        assert!(result.get("data").is_none(), "{}: {result}", case.what);
    }
    assert!(wrong.is_empty(), "{} of {count} are answered otherwise:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(world.asked_at_all(), 0, "a refused call reached the panel");
}
