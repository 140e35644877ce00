//! The forms in which the findings are told.

use crate::support::{Folder, WORKS, backend, changed, check, program, route};
use flvx_coverage::{Format, Panel, Report, Request};
use serde_json::{Value, json};

fn report() -> Report {
    check(&changed(|routes| {
        routes.retain(|route| route["path"] != "/api/v1/node/install");
        route(routes, "/api/v1/config/get")["auth"] = json!("optional");
        let keys = &mut route(routes, "/api/v1/user/create")["keys"]["fields"];
        keys["one"] = json!({ "type": "string" });
        keys["two"] = json!({ "type": "string" });
        routes.push(json!({ "path": "/api/v1/a|b`<x>", "methods": ["POST"], "auth": "user", "handler": "h", "answer": "envelope", "body": "none" }));
    }))
}

/// A backend whose one route is known to the manifest, so that there are lines in Go to point at.
fn of_source(force: bool) -> (Folder, Report) {
    let folder = backend(&[(
        "main.go",
        &program(&format!(
            "{WORKS}\nfunc main() {{\n\thttp.HandleFunc(\"/api/v1/node/list\", (&Handler{{}}).list)\n\thttp.HandleFunc(\"/api/v1/new\", (&Handler{{}}).list)\n}}"
        )),
    )]);
    let routes = changed(|_| {});
    let request = Request {
        panel: Panel::Backend(folder.path().to_owned()),
        routes: routes.path().join("routes"),
        version: None,
        force,
    };
    let report = flvx_coverage::check(&request).unwrap();
    (folder, report)
}

#[test]
fn json_holds_everything_and_the_exit_code() {
    let value: Value = serde_json::from_str(&report().render(Format::Json)).unwrap();
    assert_eq!(value["exit_code"], 1);
    assert_eq!(value["routes"], json!({ "manifest": 97, "panel": 97, "matched": 96 }));
    assert_eq!(value["differences"]["auth"][0]["panel"], "optional");
    assert_eq!(value["differences"]["key_missing"].as_array().unwrap().len(), 2);
    assert_eq!(value["differences"]["added"][0]["manifest_at"], Value::Null);
    assert_eq!(value["unresolved"], json!([]));
}

#[test]
fn the_table_names_each_difference_once_with_its_places() {
    let text = report().render(Format::Table);
    assert!(
        text.contains("request keys missing in the manifest (1)\n  POST /api/v1/user/create  one, two\n"),
        "{text}"
    );
    assert!(
        text.contains("auth changed (1)\n  POST /api/v1/config/get  manifest: public, panel: optional\n"),
        "{text}"
    );
    assert!(text.contains("routes/config.yaml:"), "{text}");
    assert!(
        text.trim_end().ends_with("drift: 1 added, 1 removed, 1 auth, 2 key missing (for panel 2.1.5-alpha6)"),
        "{text}"
    );
}

#[test]
fn markdown_lets_no_name_of_the_source_become_markup() {
    let text = report().render(Format::Markdown);
    assert!(text.starts_with("### ❌ flvx-mcp coverage\n"));
    assert!(text.contains("| `POST /api/v1/a'b'<x>` |"), "{text}");
    assert!(!text.contains("a|b"), "{text}");
    assert!(text.len() < 65_536);
}

#[test]
fn markdown_of_a_panel_that_is_all_new_fits_into_a_comment() {
    let folder = changed(|routes| {
        for number in 0..3_000 {
            let keys = json!({ "type": "object", "fields": { "a_rather_long_key_name": { "type": "string" } } });
            routes.push(json!({ "path": format!("/api/v1/more/{number}"), "methods": ["POST"], "auth": "user", "handler": "h", "answer": "envelope", "body": "typed", "keys": keys }));
        }
    });
    let text = check(&folder).render(Format::Markdown);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("and 2850 more"), "the reader is told that there is more");
}

#[test]
fn sarif_has_a_rule_for_each_result_and_both_places() {
    let (_folder, report) = of_source(true);
    let value: Value = serde_json::from_str(&report.render(Format::Sarif)).unwrap();
    assert_eq!(value["version"], "2.1.0");
    let run = &value["runs"][0];
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        assert!(rules.contains(&result["ruleId"].as_str().unwrap()), "{result}");
        let line = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
        assert!(line.as_u64().unwrap() >= 1, "{result}");
    }
    let auth = results.iter().find(|result| result["ruleId"] == "auth").unwrap();
    assert!(
        auth["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .ends_with("routes/node.yaml")
    );
    assert!(
        auth["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .ends_with("main.go")
    );
}

#[test]
fn annotations_point_at_the_manifest_and_at_go_and_cannot_be_broken_out_of() {
    let (_folder, report) = of_source(true);
    let text = report.render(Format::Github);
    let auth: Vec<&str> = text.lines().filter(|line| line.contains("coverage%3A auth")).collect();
    assert_eq!(auth.len(), 2, "{text}");
    assert!(auth[0].contains("routes/node.yaml,line="), "{}", auth[0]);
    assert!(auth[1].contains("main.go,line="), "{}", auth[1]);
    assert!(text.lines().all(|line| line.starts_with("::error ") || line.starts_with("::notice ")), "{text}");
}

#[test]
fn a_panel_of_another_kind_is_told_in_one_sentence() {
    let (_folder, report) = of_source(false);
    assert_eq!(report.verdict.code(), 3);
    let text = report.render(Format::Table);
    assert!(text.contains("2 routes under /api/v1 were found, and only 1 of the manifest's 97 among them"), "{text}");
}

#[test]
fn what_is_not_understood_outranks_drift() {
    let folder = changed(|_| {});
    let backend = backend(&[(
        "main.go",
        &program(&format!(
            "{WORKS}\nfunc main() {{\n\thttp.HandleFunc(\"/api/v1/node/list\", (&Handler{{}}).list)\n\thttp.HandleFunc(outside(), (&Handler{{}}).list)\n}}\nfunc outside() string {{ return gone }}"
        )),
    )]);
    let request = Request {
        panel: Panel::Backend(backend.path().to_owned()),
        routes: folder.path().join("routes"),
        version: None,
        force: true,
    };
    let report = flvx_coverage::check(&request).unwrap();
    assert_eq!(report.verdict.code(), 2);
    assert!(report.render(Format::Github).contains("main.go,line="));
}
