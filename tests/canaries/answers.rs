//! Every tool, answered with every secret that its tables know, and refused in every way with what it was given repeated.

use std::collections::BTreeSet;

use flvx_panel::{generated::ROUTES, spec::Danger};
use serde_json::json;

use crate::{
    arguments,
    between::Between,
    in_state,
    plant::{Canaries, answer, requests},
    support::{Log, WORD, caller, environment, gateway, object},
};

/// Answers of a panel: what was asked for, refusals that repeat what they were given, and what is no answer at all.
fn scripts(kind: &'static str, data: String, quoted: &str) -> Vec<(&'static str, &'static str, String)> {
    let json = "application/json";
    let refusals = [-1, -2, 401, 403, 500].map(|code| {
        ("200 OK", json, json!({ "code": code, "msg": format!("拒绝 {quoted}"), "data": quoted, "ts": 1 }).to_string())
    });
    let mut scripts = vec![("200 OK", kind, data)];
    scripts.extend(refusals);
    scripts.push(("502 Bad Gateway", "text/html", format!("<html>{quoted}</html>")));
    scripts.push(("200 OK", json, format!("{{\"code\":0,\"data\":{quoted}")));
    scripts.push(("200 OK", json, json!({ "code": 0, "msg": quoted, "data": { "said": quoted } }).to_string()));
    scripts
}

#[tokio::test]
async fn no_secret_field_of_any_tool_is_in_any_output() {
    let log = Log::listen();
    let sandbox = flvx_sandbox::Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
    let between = Between::before(sandbox.addr).await;
    let gateway = gateway(&environment(&sandbox, &[("PANEL_BASE_URL", &between.url())]));
    let (mut all, mut wrong, mut calls, mut answers_told, mut fields) = (Canaries::default(), Vec::new(), 0, 0, 0);
    for route in ROUTES {
        let (mut outputs, mut paths, mut unheard) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (request, mut canaries) in requests(route) {
            let quoted = canaries.quoted();
            let asked: Vec<_> = canaries.0.clone();
            let (kind, data) = answer(route, &mut canaries);
            for (status, kind, body) in scripts(kind, data, &quoted) {
                between.say(route.path, status, kind, &body);
                let mut ways = vec![arguments(route, &request, calls)];
                if route.to_file {
                    let mut view = ways[0].clone();
                    view["view"] = json!({ "fields": ["*"] });
                    ways.push(view);
                }
                for arguments in ways {
                    calls += 1;
                    let output = gateway.call(&caller(), route.tool, object(arguments)).await.unwrap();
                    answers_told += usize::from(output.ok());
                    let text = format!("{} {:?}", output.to_json(), output.link);
                    wrong.extend(
                        canaries.found_in(&text).map(|(path, _)| format!("{} shows {path}: {text}", route.tool)),
                    );
                    outputs.push(text);
                }
            }
            for (path, canary) in asked {
                if between.heard(&canary) {
                    unheard.remove(&path)
                } else {
                    unheard.insert(path.clone())
                };
                paths.insert(path);
            }
            paths.extend(canaries.0.iter().map(|(path, _)| path.clone()));
            all.0.extend(canaries.0);
        }
        // The last request has every field there is, and some panels' rules stand against that; one that came through is enough.
        unheard.retain(|path| !all.0.iter().any(|(known, canary)| known == path && between.heard(canary)));
        assert!(unheard.is_empty(), "{}: the panel was never asked with {unheard:?}: {}", route.tool, outputs[0]);
        fields += paths.len();
    }
    let debug = format!("{gateway:?}");
    wrong.extend(all.found_in(&debug).map(|(path, _)| format!("{path} is in debug output")));
    wrong.extend(in_state(gateway.store().path(), &all));
    let log = log.text();
    assert!(log.len() > 100_000, "the log is part of the search");
    for line in log.lines().filter(|line| line.contains("Zq7canary")) {
        wrong.extend(all.found_in(line).map(|(path, _)| format!("{path} is in the log: {line}")));
    }
    println!(
        "{fields} secret fields of {} tools, {} canaries, {calls} calls ({answers_told} ok), {} bytes of log",
        ROUTES.len(),
        all.0.len(),
        log.len()
    );
    wrong.iter_mut().for_each(|text| text.truncate(700));
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(answers_told >= ROUTES.iter().filter(|route| route.danger < Danger::Write).count() && !WORD.is_empty());
}
