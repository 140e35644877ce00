//! The built program with everything logged that can be: what a client sends reaches libraries first, and they log too.

use serde_json::json;

use crate::support::Program;

#[test]
fn no_secret_of_a_request_is_in_the_programs_log_at_its_most_talkative() {
    let mut program = Program::start(&["serve", "--sandbox"], &[("MCP_LOG", "trace")]);
    program.initialize();
    for (id, tool, request) in [
        (1, "auth_login", json!({ "username": "alice", "password": "Zq7canaryP" })),
        (2, "openapi_sub_store", json!({ "user": "alice", "pwd": "Zq7canaryQ" })),
    ] {
        let answer = program.call(id, tool, json!({ "request": request }));
        assert_eq!(answer["isError"], true, "{answer}");
        assert!(!answer.to_string().contains("Zq7canary"), "{answer}");
    }
    program.hang_up();
    let (_, _, log) = program.end();
    assert!(log.contains("audit"), "the log is part of the search: {log}");
    let line = log.lines().find(|line| line.contains("Zq7canary"));
    assert!(line.is_none(), "{line:?}");
}
