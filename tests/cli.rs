//! The command line: exit codes, first lines, and that every listing is what its format says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, net::TcpListener, path::Path, process::Command};

use flvx_sandbox::Sandbox;
use serde_json::Value;
use support::{ADMIN, program, text};

/// Runs a command to its end: exit code, standard output, standard error.
fn run(arguments: &[&str], settings: &[(&str, &str)]) -> (i32, String, String) {
    let output = program().args(arguments).envs(settings.iter().copied()).env("COLUMNS", "200").output().unwrap();
    let (out, errors) = text(&output);
    (output.status.code().expect("ended by itself"), out, errors)
}

fn first(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A port that nobody listens on.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn every_command_teaches_itself() {
    for (arguments, line) in [
        (
            vec!["--help"],
            "MCP gateway for the FLVX traffic-forwarding panel: every panel route as a typed tool, behind one set of gates",
        ),
        (vec!["serve", "--help"], "Serve MCP clients over stdio or HTTP (what happens without a command)"),
        (
            vec!["demo", "--help"],
            "Start a stand-in panel and the gateway over HTTP, show a short tour with real calls, then stay up",
        ),
        (vec!["sandbox", "--help"], "Run only the stand-in panel, for trying clients and faults"),
        (vec!["tools", "--help"], "List the tools, or show all about one"),
        (vec!["routes", "--help"], "List the panel's routes; check a manifest; print its JSON Schema"),
        (vec!["routes", "check", "--help"], "Check a folder of routes/*.yaml and show every mistake with its place"),
        (vec!["routes", "schema", "--help"], "Print the JSON Schema of routes/<domain>.yaml (or of shared.yaml)"),
        (vec!["call", "--help"], "Call one tool, the same way as any client's call"),
        (vec!["check", "--help"], "Doctor: configuration, panel, login, captcha, version, clock"),
    ] {
        let (code, out, errors) = run(&arguments, &[]);
        assert_eq!((code, first(&out), errors.as_str()), (0, line, ""), "{arguments:?}");
        assert!(out.contains("Usage: flvx-mcp"), "{arguments:?}");
    }
    let (_, help, _) = run(&["--help"], &[]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Exit codes: 0 done; 1 the call or check failed; 2 the command line or configuration cannot be used; 3 the panel cannot be reached."), "{help}");
    let (code, version, _) = run(&["--version"], &[]);
    assert_eq!((code, version.as_str()), (0, concat!("flvx-mcp ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn a_command_line_that_cannot_be_read_is_2() {
    for (arguments, line) in [
        (vec!["sevre"], "error: unrecognized subcommand 'sevre'"),
        (vec!["--transport", "pigeon"], "error: invalid value 'pigeon' for '--transport <TRANSPORT>'"),
        (vec!["tools", "--format", "xml"], "error: invalid value 'xml' for '--format <FORMAT>'"),
        (vec!["call"], "error: the following required arguments were not provided:"),
        (
            vec!["--sandbox", "--panel-url", "http://x"],
            "error: the argument '--sandbox' cannot be used with '--panel-url <URL>'",
        ),
    ] {
        let (code, out, errors) = run(&arguments, &[]);
        assert_eq!((code, out.as_str(), first(&errors)), (2, "", line), "{arguments:?}");
    }
}

#[test]
fn a_configuration_that_cannot_be_used_is_2_for_every_command_that_reads_it() {
    for arguments in [vec![], vec!["serve"], vec!["call", "node.list"], vec!["check"], vec!["--sandbox"]] {
        let (code, out, errors) = run(&arguments, &[("MCP_LOG", "loud")]);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert_eq!(
            errors,
            "flvx-mcp: the configuration cannot be used:\n  - MCP_LOG: `loud` is not one of off, error, warn, info, debug, trace\n",
            "{arguments:?}"
        );
    }
    let (code, _, errors) = run(&["serve", "--transport", "http", "--http-addr", "0.0.0.0:0"], &[]);
    assert_eq!(code, 2);
    assert!(errors.contains("MCP_HTTP_ADDR `0.0.0.0:0` can be reached from other machines"), "{errors}");
}

#[test]
fn a_call_prints_the_result_and_says_by_its_code_how_it_went() {
    let (code, out, errors) =
        run(&["call", "--sandbox", "node.list", r#"{"view":{"limit":1}}"#], &[("MCP_AUDIT_ENABLED", "false")]);
    let result: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &result["ok"], &result["page"]["returned"]), (0, &true.into(), &1.into()), "{errors}");
    assert_eq!(errors, "");

    let (code, out, _) = run(&["call", "--sandbox", "node_list", r#"{"request":{"id":1}}"#], &[]);
    let result: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &result["error"]["kind"]), (1, &"invalid_arguments".into()));

    let (code, out, errors) = run(&["call", "--sandbox", "node.lst"], &[]);
    assert_eq!(
        (code, out.as_str(), errors.lines().last().unwrap()),
        (
            2,
            "",
            "flvx-mcp: unknown tool `node.lst`; did you mean `node.list`? (flvx-mcp tools lists what is offered with these settings)"
        )
    );

    for (arguments, message) in [
        ("[]", "flvx-mcp: the arguments must be a JSON object, like '{\"request\":{\"id\":1}}'\n"),
        ("{", "flvx-mcp: the arguments are not JSON: EOF while parsing an object at line 1 column 1\n"),
    ] {
        assert_eq!(run(&["call", "--sandbox", "node.list", arguments], &[]), (2, String::new(), message.to_owned()));
    }

    for tool in ["auth.captcha_check", "node.list", "announcement.update"] {
        let url = format!("http://127.0.0.1:{}", closed_port());
        let arguments = if tool == "announcement.update" {
            r#"{"request":{"content":"x","enabled":1},"idempotency_key":"cli-test-1"}"#
        } else {
            "{}"
        };
        let settings =
            [("PANEL_USERNAME", "alice"), ("PANEL_PASSWORD", "fake-pw-alice"), ("MCP_AUDIT_ENABLED", "false")];
        let (code, out, errors) = run(&["call", "--panel-url", &url, tool, arguments], &settings);
        let result: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &result["error"]["kind"]), (3, &"panel_unreachable".into()), "{tool}: {out}");
        assert!(errors.lines().last().unwrap().contains("the panel could not be reached: "), "{errors}");
    }
}

#[test]
fn arguments_of_a_call_can_come_from_standard_input() {
    let mut child = program()
        .args(["call", "--sandbox", "node.list", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), br#"{"view":{"limit":2}}"#).unwrap();
    let output = child.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["page"]["returned"], 2);
}

#[test]
fn tools_and_routes_are_listed_in_three_formats() {
    for (command, heading, key) in [("tools", "tool", "node.list"), ("routes", "path", "/api/v1/node/list")] {
        let (code, table, _) = run(&[command], &[]);
        assert_eq!(code, 0);
        assert!(first(&table).trim_start().starts_with(heading), "{}", first(&table));
        let (_, json, _) = run(&[command, "--format", "json"], &[]);
        let rows: Vec<Value> = serde_json::from_str(&json).unwrap();
        assert!(rows.iter().any(|row| row[heading] == key));
        let (_, markdown, _) = run(&[command, "--format", "markdown"], &[]);
        assert!(first(&markdown).starts_with(&format!("| {heading} |")), "{}", first(&markdown));
        assert_eq!((table.lines().count() - 1, markdown.lines().count() - 2), (rows.len(), rows.len()), "{command}");
        let columns = first(&markdown).matches(" | ").count();
        assert!(markdown.lines().all(|line| line.replace("\\|", "").matches(" | ").count() == columns));
    }
}

#[test]
fn one_tool_is_shown_whole() {
    let (code, markdown, _) = run(&["tools", "node_list"], &[]);
    assert_eq!((code, first(&markdown)), (0, "## node.list"));
    let (_, json, _) = run(&["tools", "node.list", "--format", "json"], &[]);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["path"], "/api/v1/node/list");
    assert_eq!(
        run(&["tools", "node.lits"], &[]),
        (2, String::new(), "flvx-mcp: there is no tool `node.lits`; did you mean node.list? (flvx-mcp tools lists what is offered with these settings)\n".to_owned())
    );
    let (_, list, _) = run(&["tools", "--list"], &[]);
    let tools: Vec<Value> = serde_json::from_str(&list).unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "node_list" && tool["inputSchema"]["type"] == "object"));
}

#[test]
fn a_listing_that_nobody_reads_to_its_end_is_no_failure() {
    let command = format!("'{}' tools | head -1", env!("CARGO_BIN_EXE_flvx-mcp"));
    let output = Command::new("bash").args(["-c", &format!("set -o pipefail; {command}")]).output().unwrap();
    let (_, errors) = text(&output);
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_broken_manifest_is_shown_with_the_place_of_each_mistake() {
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("routes");
    let (code, good, errors) = run(&["routes", "check", routes.to_str().unwrap()], &[]);
    assert_eq!(code, 0, "{errors}");
    assert!(first(&good).ends_with(" tools, no mistake"), "{good}");

    let broken = std::env::temp_dir().join(format!("flvx-mcp-test-routes-{}", std::process::id()));
    copy(&routes, &broken);
    let file = broken.join("announcement.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let line = text.lines().position(|line| line.contains("danger: write")).unwrap() + 1;
    fs::write(&file, text.replacen("danger: write", "danger: writ", 1)).unwrap();
    let (code, out, _) = run(&["routes", "check", broken.to_str().unwrap()], &[]);
    assert_eq!(code, 1);
    assert!(out.contains("`writ`") && out.contains(&format!("announcement.yaml:{line}:")), "{out}");
    let (code, out, _) = run(&["routes", "check", broken.to_str().unwrap(), "--format", "github"], &[]);
    assert_eq!(code, 1);
    assert!(first(&out).starts_with("::error file=") && first(&out).contains(&format!("line={line}")), "{out}");
    fs::remove_dir_all(&broken).unwrap();
    let (code, out, errors) = run(&["routes", "check", "/no/such/folder"], &[]);
    assert_eq!(
        (code, first(&out)),
        (1, "error: the directory of the manifest cannot be read: No such file or directory (os error 2)"),
        "{errors}"
    );
}

#[test]
fn the_manifests_schemas_are_json() {
    for arguments in [vec!["routes", "schema"], vec!["routes", "schema", "--shared"]] {
        let (code, out, _) = run(&arguments, &[]);
        let schema: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &schema["type"]), (0, &"object".into()), "{arguments:?}");
    }
}

/// The rows of `check` as JSON, by name.
fn checks(out: &str) -> Vec<(String, String, String)> {
    let rows: Vec<Value> = serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out}"));
    let cell = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter().map(|row| (cell(row, "check"), cell(row, "state"), cell(row, "details"))).collect()
}

fn state(rows: &[(String, String, String)], name: &str) -> (String, String) {
    let row = rows.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("no {name} in {rows:?}"));
    (row.1.clone(), row.2.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_is_wrong_and_by_its_code_how_bad_it_is() {
    let (code, out, errors) = run(&["check", "--sandbox", "--format", "json"], &[]);
    let rows = checks(&out);
    assert_eq!(code, 0, "{out}{errors}");
    for (name, details) in [("login", "`admin_user`, an administrator"), ("captcha", "off")] {
        assert_eq!(state(&rows, name), ("ok".to_owned(), details.to_owned()));
    }
    assert!(rows.iter().all(|row| row.1 == "ok"), "{rows:?}");

    let url = format!("http://127.0.0.1:{}", closed_port());
    let (code, out, errors) = run(&["check", "--panel-url", &url, "--format", "json"], &[]);
    let (found, details) = state(&checks(&out), "panel");
    assert_eq!((code, found.as_str(), errors.as_str()), (3, "WRONG", "flvx-mcp: the panel cannot be reached\n"));
    assert!(details.contains("the panel could not be reached: "), "{details}");

    let sandbox = Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
    let settings = |password| [("PANEL_USERNAME", ADMIN), ("PANEL_PASSWORD", password)];
    let (code, out, _) =
        run(&["check", "--panel-url", &sandbox.url(), "--format", "json"], &settings("not-the-password"));
    assert_eq!(
        (code, state(&checks(&out), "login")),
        (1, ("WRONG".to_owned(), "the panel refused the login of `admin_user` (code -1): 账号或密码错误".to_owned()))
    );

    let (code, out, _) = run(
        &["check", "--panel-url", &sandbox.url(), "--format", "json"],
        &[("PANEL_USERNAME", "alice"), ("PANEL_PASSWORD", "fake-pw-alice")],
    );
    assert_eq!((code, state(&checks(&out), "login").0), (0, "warning".to_owned()));
    let (code, out, _) = run(&["check", "--panel-url", &sandbox.url(), "--format", "json"], &[]);
    assert_eq!((code, state(&checks(&out), "login").0), (0, "warning".to_owned()));
    let (code, out, _) =
        run(&["check", "--panel-url", &sandbox.url(), "--format", "json"], &[("PANEL_TOKEN", "fake-token")]);
    assert_eq!((code, state(&checks(&out), "login").0), (1, "WRONG".to_owned()));

    let (code, out, _) =
        run(&["check", "--sandbox", "--settings"], &[("MCP_CONFIRM_TOKEN", "do-not-print-me"), ("MCP_LOG", "warn")]);
    assert_eq!(code, 0);
    assert!(out.contains("(set)") && !out.contains("do-not-print-me") && out.contains(":8088 (default)"), "{out}");
}

#[test]
fn the_stand_in_panel_listens_on_loopback_only() {
    for (arguments, message) in [
        (
            vec!["sandbox", "--addr", "0.0.0.0:0"],
            "flvx-mcp: the sandbox has well-known passwords and listens on loopback only, not on 0.0.0.0:0\n",
        ),
        (
            vec!["demo", "--http-addr", "192.0.2.1:1"],
            "flvx-mcp: the demo has no authentication and listens on loopback only, not on 192.0.2.1:1\n",
        ),
    ] {
        assert_eq!(run(&arguments, &[]), (2, String::new(), message.to_owned()));
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, errors) = run(&["sandbox", "--addr", &address], &[]);
    assert_eq!(code, 1);
    assert!(errors.starts_with(&format!("flvx-mcp: {address} cannot be listened on: ")), "{errors}");
    let (code, _, errors) = run(&["serve", "--sandbox", "--transport", "http", "--http-addr", &address], &[]);
    assert_eq!(code, 1);
    assert!(errors.contains(&format!("{address} cannot be listened on: ")), "{errors}");
}

#[test]
fn the_demo_shows_real_calls_and_ends_when_told_to() {
    let (code, out, errors) = run(&["demo", "--once", "--http-addr", "127.0.0.1:0"], &[]);
    assert_eq!(code, 0, "{errors}");
    assert!(first(&out).starts_with("A stand-in FLVX panel is up at http://127.0.0.1:"), "{out}");
    let results: Vec<&str> = out.lines().filter(|line| line.starts_with("{\"ok\":")).collect();
    let calls = out.lines().filter(|line| line.starts_with("> ")).count();
    assert_eq!(results.len(), calls);
    let said = |part: &str| results.iter().any(|line| line.contains(part));
    assert!(
        said("\"kind\":\"idempotency_key_required\"")
            && said("\"outcome\":\"replayed\"")
            && said("\"kind\":\"confirmation_required\"")
            && said("\"outcome\":\"done\""),
        "{out}"
    );
}
