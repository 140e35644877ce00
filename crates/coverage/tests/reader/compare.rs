//! The manifest held against readings that differ from it in one thing each; blessings; the judgement.

use crate::support::{changed, check, differences, request, route};
use flvx_coverage::{CheckError, Verdict};
use serde_json::json;

fn drift(change: impl FnOnce(&mut Vec<serde_json::Value>)) -> Vec<String> {
    let report = check(&changed(change));
    assert_eq!(report.verdict, Verdict::Drift);
    differences(&report)
}

#[test]
fn nothing_changed_is_in_step() {
    let report = check(&changed(|_| {}));
    assert_eq!((differences(&report), report.verdict.code()), (Vec::new(), 0));
}

#[test]
fn a_route_more_and_a_route_less_are_told_apart() {
    let found = drift(|routes| {
        routes.retain(|route| route["path"] != "/api/v1/node/install");
        routes.push(json!({ "path": "/api/v1/node/new", "methods": ["GET"], "auth": "admin", "handler": "Handler.nodeNew", "answer": "text", "body": "none" }));
    });
    assert_eq!(
        found,
        [
            "added GET /api/v1/node/new:  -> admin, handler Handler.nodeNew: no keys, answers text",
            "removed POST /api/v1/node/install: in the manifest -> not in the panel"
        ]
    );
}

#[test]
fn handler_method_auth_and_answer_are_told_apart() {
    let found = drift(|routes| {
        route(routes, "/api/v1/node/list")["handler"] = json!("Handler.other");
        route(routes, "/api/v1/node/delete")["methods"] = json!(["DELETE"]);
        route(routes, "/api/v1/config/get")["auth"] = json!("optional");
        route(routes, "/api/v1/user/list")["answer"] = json!("bare");
        route(routes, "/api/v1/user/create")["wrappers"] = json!(["guard"]);
    });
    assert_eq!(
        found,
        [
            "handler POST /api/v1/node/list: Handler.nodeList -> Handler.other",
            "handler POST /api/v1/user/create: Handler.userCreate -> guard > Handler.userCreate",
            "method POST /api/v1/node/delete: POST -> DELETE",
            "auth POST /api/v1/config/get: public -> optional",
            "answer POST /api/v1/user/list: envelope -> bare"
        ]
    );
}

#[test]
fn a_further_method_on_a_known_path_is_no_new_route() {
    let found = drift(|routes| {
        let mut second = route(routes, "/api/v1/node/list").clone();
        second["methods"] = json!(["GET"]);
        routes.push(second);
    });
    assert_eq!(found, ["method POST /api/v1/node/list: only POST -> also acts on GET"]);
}

#[test]
fn keys_missing_here_gone_there_and_of_another_type_are_told_apart_at_any_depth() {
    let found = drift(|routes| {
        let keys = &mut route(routes, "/api/v1/node/update-order")["keys"]["fields"]["nodes"]["items"]["fields"];
        keys["color"] = json!({ "type": "string" });
        keys["inx"] = json!({ "type": "string" });
        keys.as_object_mut().unwrap().remove("id");
        route(routes, "/api/v1/user/list")["query"] = json!({ "page": { "type": "integer" } });
        route(routes, "/api/v1/user/login")["headers"] = json!({ "X-Client": { "type": "string" } });
    });
    assert_eq!(
        found,
        [
            "key_missing POST /api/v1/node/update-order nodes[].color: not in the manifest -> read as string",
            "key_missing POST /api/v1/user/list ?page: not in the manifest -> read as integer",
            "key_missing POST /api/v1/user/login header X-Client: not in the manifest -> read as string",
            "key_gone POST /api/v1/node/update-order nodes[].id: in the manifest -> never read",
            "key_type POST /api/v1/node/update-order nodes[].inx: integer -> string"
        ]
    );
}

#[test]
fn a_difference_points_at_the_line_of_the_key_in_the_manifest() {
    let folder = changed(|routes| {
        let keys = &mut route(routes, "/api/v1/node/update-order")["keys"]["fields"]["nodes"]["items"]["fields"];
        keys["inx"] = json!({ "type": "string" });
    });
    let report = check(&folder);
    let line = report.comparison.differences[0].manifest.clone().unwrap();
    let text = std::fs::read_to_string(&line.file).unwrap();
    let at = text.lines().nth(usize::try_from(line.line).unwrap() - 1).unwrap();
    assert!(at.trim_start().starts_with("inx:") || at.contains("inx:"), "{}: {at}", line.line);
    let before: Vec<&str> =
        text.lines().take(usize::try_from(line.line).unwrap()).filter(|line| line.contains("- path:")).collect();
    assert!(before.last().unwrap().contains("/api/v1/node/update-order"), "{:?}", before.last());
}

#[test]
fn a_path_parameter_may_be_called_otherwise() {
    // The manifest of the baseline has no path parameters; a route below a subtree stands for one.
    let report = check(&changed(|routes| {
        let list = route(routes, "/api/v1/node/list");
        list["path"] = json!("/api/v1/node/");
    }));
    // Exact routes go before the subtree, so only the one that lost its own path falls to it.
    assert_eq!(differences(&report), [""; 0]);
}

#[test]
fn a_blessing_takes_one_difference_away_and_keeps_its_reason() {
    let folder = changed(|routes| {
        route(routes, "/api/v1/config/get")["auth"] = json!("optional");
        route(routes, "/api/v1/user/list")["auth"] = json!("user");
    });
    folder.write(
        "routes/coverage.yaml",
        "blessed:\n  - path: /api/v1/config/get\n    what: auth\n    there: optional\n    reason: the gateway always sends its credential\n",
    );
    let report = check(&folder);
    assert_eq!(differences(&report), ["auth POST /api/v1/user/list: admin -> user"]);
    let blessed: Vec<&str> =
        report.comparison.differences.iter().filter_map(|difference| difference.blessed.as_deref()).collect();
    assert_eq!(blessed, ["the gateway always sends its credential"]);
}

#[test]
fn a_blessing_that_applies_to_nothing_is_told_with_its_line() {
    let folder = changed(|_| {});
    let text =
        "# why\nblessed:\n  - path: /api/v1/config/get\n    what: auth\n    reason: it was so once upon a time\n";
    folder.write("routes/coverage.yaml", text);
    let report = check(&folder);
    assert_eq!(report.verdict, Verdict::Drift);
    let stale = &report.comparison.differences[0];
    assert_eq!((stale.what.word(), stale.manifest.as_ref().unwrap().line), ("stale_blessing", 3));
}

#[test]
fn a_blessing_for_other_versions_is_left_alone() {
    let folder = changed(|_| {});
    folder.write("routes/coverage.yaml", "blessed:\n  - path: /api/v1/config/get\n    what: auth\n    since: 3.1.0\n    reason: comes with the new panel\n");
    assert_eq!(check(&folder).verdict, Verdict::InStep);
}

#[test]
fn a_blessing_that_makes_no_sense_is_refused_with_its_line() {
    let entry = |text: &str| {
        let folder = changed(|_| {});
        folder.write(
            "routes/coverage.yaml",
            format!(
                "blessed:\n  - path: /api/v1/config/get\n    what: auth\n    reason: long enough to say why\n{text}"
            ),
        );
        match flvx_coverage::check(&request(&folder)) {
            Err(error @ CheckError::Bless(_)) => error.to_string().rsplit('/').next().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        entry("  - path: /api/v1/x\n    what: everything\n    reason: long enough to say why\n"),
        "coverage.yaml:5: `what: everything` is none of added, removed, handler, method, auth, key_missing, key_gone, key_type, answer"
    );
    assert_eq!(
        entry("  - path: /api/v1/x\n    what: auth\n    reason: ok\n"),
        "coverage.yaml:5: the reason says nothing; say why the difference is all right"
    );
    assert_eq!(
        entry("  - path: /api/v1/x\n    what: key_gone\n    reason: long enough to say why\n"),
        "coverage.yaml:5: `key_gone` is about a key: name it with `key`"
    );
    assert_eq!(
        entry("  - path: /api/v1/config/get\n    what: auth\n    reason: long enough to say why\n"),
        "coverage.yaml:5: the same difference is blessed in line 2 already"
    );
    assert!(entry("  - path: /api/v1/x\n    whatever: auth\n    reason: r\n").contains("unknown field `whatever`"));
}

#[test]
fn a_panel_of_which_little_is_known_is_no_drift() {
    let folder = changed(|routes| routes.truncate(40));
    let report = check(&folder);
    assert_eq!((report.verdict, report.verdict.code(), report.comparison.differences.len()), (Verdict::Foreign, 3, 0));
    let forced = flvx_coverage::check(&flvx_coverage::Request { force: true, ..request(&folder) }).unwrap();
    assert_eq!(forced.verdict, Verdict::Drift);
    assert_eq!(forced.comparison.differences.len(), 57);
}

#[test]
fn a_version_that_is_none_and_a_file_that_is_no_reading_are_refused() {
    let folder = changed(|_| {});
    let bad = flvx_coverage::check(&flvx_coverage::Request { version: Some("latest".to_owned()), ..request(&folder) });
    assert_eq!(bad.unwrap_err().to_string(), "`latest` is no panel version; write it like 2.1.5-alpha6 or 3.1.0");
    folder.write("panel.json", "{}");
    let error = flvx_coverage::check(&request(&folder)).unwrap_err().to_string();
    assert!(error.contains("is no snapshot") && error.contains("--write-snapshot"), "{error}");
}
