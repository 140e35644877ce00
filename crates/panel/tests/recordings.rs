//! Every recorded answer of a real panel held against the manifest: the shape of `data` with no key too few or too
//! many, the typed answer, the rule for each refusal, and the marks on what is secret or written by others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod recordings {
    pub mod exchange;
    pub mod shape;
}

use std::collections::{BTreeMap, BTreeSet};

use flvx_panel::{
    generated::{ROUTES, route},
    spec::AnswerForm,
};
use recordings::{
    exchange::{Exchange, Said, all},
    shape::{misfits, texts},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Reader = fn(Value) -> serde_json::Result<()>;

fn reader<D: DeserializeOwned>() -> Reader {
    |value| serde_json::from_value::<D>(value).map(drop)
}

macro_rules! all_readers {
    ($($tool:literal => $request:ty, $data:ty;)*) => {
        fn readers() -> BTreeMap<&'static str, Reader> {
            [$(($tool, reader::<$data>())),*].into()
        }
    };
}
flvx_panel::each_tool!(all_readers);

/// What `data` of a route's success is, by its manifest entry; null when it answers with none.
fn shape(tool: &str) -> Value {
    let entry: Value = serde_json::from_str(route(tool).unwrap().entry).unwrap();
    entry["response"]["data"].clone()
}

/// Every recorded success with its tool and its data.
fn successes() -> Vec<(Exchange, &'static str, Option<Value>)> {
    let with_tool = all().into_iter().filter_map(|exchange| exchange.route().map(|route| (exchange, route)));
    let read = with_tool.filter_map(|(exchange, route)| match exchange.said(route) {
        Said::Done(data) => Some((exchange, route.tool, data)),
        Said::Refused { .. } | Said::Nothing => None,
    });
    read.collect()
}

#[test]
fn every_recorded_success_has_exactly_the_shape_of_its_route() {
    let mut wrong = Vec::new();
    let successes = successes();
    for (exchange, tool, data) in &successes {
        match (shape(tool), data) {
            (Value::Null, None | Some(Value::Null)) => {}
            (Value::Null, Some(data)) => {
                wrong.push(format!("{tool} ({exchange}): data where none is promised: {data}"));
            }
            (_, None) => wrong.push(format!("{tool} ({exchange}): no data")),
            (shape, Some(data)) => {
                wrong.extend(misfits(&shape, data).into_iter().map(|misfit| format!("{tool} ({exchange}): {misfit}")))
            }
        }
    }
    assert!(wrong.is_empty(), "{} misfits:\n{}", wrong.len(), wrong.join("\n"));
    assert!(successes.len() >= 277, "only {} recorded successes", successes.len());
}

#[test]
fn a_key_too_few_or_too_many_and_a_wrong_value_are_misfits() {
    let shape = json!({"type": "array", "items": {"type": "object", "fields": {
        "id": {"type": "integer"},
        "state": {"type": "string", "enum": {"up": "", "down": ""}, "nullable": true},
        "note": {"type": "string", "optional": true},
    }}});
    assert_eq!(
        misfits(&shape, &json!([{"id": 1, "state": "up", "note": "x"}, {"id": 2, "state": null}])),
        Vec::<String>::new()
    );
    for wrong in [
        json!({"id": 1}),
        json!({"id": 1, "state": "up", "more": 0}),
        json!({"id": "1", "state": "up"}),
        json!({"id": 1.5, "state": "up"}),
        json!({"id": null, "state": "up"}),
        json!({"id": 1, "state": "left"}),
        json!({"id": 1, "state": "up", "note": null}),
        json!([]),
    ] {
        assert_eq!(misfits(&shape, &json!([wrong])).len(), 1, "{wrong}");
    }
}

#[test]
fn every_recorded_success_is_read_by_its_typed_answer() {
    let readers = readers();
    for (exchange, tool, data) in successes() {
        if let Some(data) = data
            && let Err(error) = readers[tool](data)
        {
            panic!("{tool} ({exchange}): {error}");
        }
    }
}

#[test]
fn every_route_of_the_recorded_version_has_a_recorded_success() {
    let recorded: BTreeSet<&str> = successes().iter().map(|(_, tool, _)| *tool).collect();
    let missing: Vec<&str> = ROUTES
        .iter()
        .filter(|route| route.since.is_none())
        .map(|route| route.tool)
        .filter(|tool| !recorded.contains(tool))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Promised places that no recorded answer has. All of them have been seen on a real panel at another time, except for
/// those that the gateway itself adds and `requestId`, which is the agent's.
const UNRECORDED: [(&str, &[&str]); 7] = [
    // Made by the gateway in place of the token.
    ("auth.login", &["data.credential", "data.expires_at"]),
    // Rows are made by an hourly job.
    (
        "auth.user_package",
        &[
            "data.statisticsFlows[]",
            "data.statisticsFlows[].flow",
            "data.statisticsFlows[].id",
            "data.statisticsFlows[].time",
            "data.statisticsFlows[].totalFlow",
            "data.statisticsFlows[].userId",
        ],
    ),
    // Only on nodes of another panel, which the exporting panel of the recordings has none of.
    ("backup.export", &["data.nodes[].remoteConfig", "data.nodes[].remoteToken", "data.nodes[].remoteUrl"]),
    (
        "backup.import",
        &[
            "data.autoBackup.nodes[].remoteConfig",
            "data.autoBackup.nodes[].remoteToken",
            "data.autoBackup.nodes[].remoteUrl",
        ],
    ),
    (
        "backup.restore",
        &[
            "data.autoBackup.nodes[].remoteConfig",
            "data.autoBackup.nodes[].remoteToken",
            "data.autoBackup.nodes[].remoteUrl",
        ],
    ),
    // The first when the target does not answer.
    ("federation.runtime_diagnose", &["data.errorMessage", "data.requestId"]),
    // The row is that of node.list, which has it.
    ("node.check_status", &["data[].syncError"]),
];

#[test]
fn every_promised_field_was_seen_in_a_recorded_answer() {
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (_, tool, data) in successes() {
        seen.entry(tool).or_default().extend(data.iter().flat_map(recordings::shape::places));
    }
    let mut unseen = BTreeSet::new();
    for (tool, places) in &seen {
        unseen.extend(
            recordings::shape::promised(&shape(tool)).difference(places).map(|place| format!("{tool}: {place}")),
        );
    }
    let known = UNRECORDED.iter().flat_map(|(tool, places)| places.iter().map(move |place| format!("{tool}: {place}")));
    assert_eq!(unseen, known.collect());
}

#[test]
fn every_recorded_refusal_is_explained_by_a_rule_of_its_route() {
    let (mut unexplained, mut refusals) = (BTreeSet::new(), 0);
    for exchange in all() {
        let Some(route) = exchange.route() else { continue };
        let Said::Refused { code, msg } = exchange.said(route) else { continue };
        refusals += 1;
        if !route.errors.iter().any(|rule| rule.matches(code, &msg)) {
            unexplained.insert(format!("{} ({exchange}): {code} {msg}", route.tool));
        }
    }
    assert!(
        unexplained.is_empty(),
        "{} of {refusals}:\n{}",
        unexplained.len(),
        unexplained.into_iter().collect::<Vec<_>>().join("\n")
    );
    assert!(refusals > 300, "only {refusals} recorded refusals");
}

/// The recordings hold fakes in place of secrets, which tells them apart: node secrets, share tokens, tokens of
/// accounts, passwords and the key for Cloudflare.
const SECRETS: [&str; 5] = ["fa4e5ec2", "fa4e70ce", "eyJhbGci", "fake-pw", "fake-turnstile-secret"];

#[test]
fn every_recorded_secret_stands_in_a_field_marked_secret() {
    let (mut open, mut hidden) = (BTreeSet::new(), 0);
    for (exchange, tool, data) in successes() {
        for text in data.iter().flat_map(|data| texts(&shape(tool), data)) {
            match SECRETS.iter().any(|secret| text.text.contains(secret)) {
                true if text.secret => hidden += 1,
                true => {
                    open.insert(format!("{tool} ({exchange}): {}", text.place));
                }
                false => {}
            }
        }
    }
    assert!(open.is_empty(), "{}", open.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(hidden > 50, "only {hidden} secrets in the recordings");
}

#[test]
fn what_other_people_wrote_stands_in_a_field_marked_so() {
    let (mut trusted, mut marked) = (BTreeSet::new(), 0);
    for (exchange, tool, data) in successes() {
        for text in data.iter().flat_map(|data| texts(&shape(tool), data)) {
            match text.text.contains("ignore all previous instructions") || text.text.contains('\u{200b}') {
                true if text.free || text.secret => marked += 1,
                true => {
                    trusted.insert(format!("{tool} ({exchange}): {}", text.place));
                }
                false => {}
            }
        }
    }
    assert!(trusted.is_empty(), "{}", trusted.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(marked > 20, "only {marked} such texts in the recordings");
}

#[test]
fn routes_without_an_envelope_are_recorded_without_one() {
    for (exchange, tool, data) in successes() {
        let enveloped = exchange.body().get("code").is_some() && exchange.body().get("msg").is_some();
        assert_eq!(enveloped, route(tool).unwrap().answer == AnswerForm::Envelope, "{tool} ({exchange}): {data:?}");
    }
}
