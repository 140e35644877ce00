//! The matrix: every tool, for everybody, in both eras of the protocol: listed exactly when it should be, callable exactly when it is
//! listed. What should be is worked out here from the manifest's words alone.

use std::collections::BTreeSet;

use flvx_mcp::{config::Surface, gateway::Registry, ops};
use flvx_panel::spec::{Danger, Role};
use serde_json::{Value, json};

use crate::setup::{Client, Guarded, digest, names};
use crate::support::Reply;

/// Name, token, highest danger, whether only reads, and what the panel credential can be: user, admin, peer.
type Row = (&'static str, Option<&'static str>, Danger, bool, (bool, bool, bool));

const ROWS: [Row; 7] = [
    ("anonymous", None, Danger::Read, true, (true, true, false)),
    ("viewer", Some("t-viewer"), Danger::Read, true, (true, true, false)),
    ("operator", Some("t-operator"), Danger::Dangerous, false, (true, true, false)),
    ("admin", Some("t-admin"), Danger::Critical, false, (true, true, false)),
    ("panel-user", Some("t-user"), Danger::Critical, false, (true, false, false)),
    ("panel-admin", Some("t-padmin"), Danger::Critical, false, (true, true, false)),
    ("peer", Some("t-peer"), Danger::Critical, false, (false, false, true)),
];

fn policy() -> String {
    let token = |name: &str| digest(name);
    format!(
        "credentials:\n  alice: {{ username: alice, password_file: alice.pw }}\n  boss: {{ username: admin_user, password_file: boss.pw }}\n\
         http: {{ anonymous: true }}\n\
         principals:\n  anonymous: {{ role: viewer }}\n  viewer: {{ role: viewer, tokens: ['{}'] }}\n  operator: {{ role: operator, tokens: ['{}'] }}\n  \
         admin: {{ role: admin, tokens: ['{}'] }}\n  panel-user: {{ role: admin, credential: alice, tokens: ['{}'] }}\n  \
         panel-admin: {{ role: admin, credential: boss, tokens: ['{}'] }}\n  peer: {{ role: admin, credential: peer, tokens: ['{}'] }}\n",
        token("t-viewer"),
        token("t-operator"),
        token("t-admin"),
        token("t-user"),
        token("t-padmin"),
        token("t-peer")
    )
}

/// What a reply says, without what differs from one moment to the next.
fn told(reply: &Reply, name: &str) -> (u16, Vec<(String, String)>, String) {
    let headers =
        reply.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "content-length")).cloned().collect();
    // The nearest listed name differs with the name that was asked for.
    let text = reply.json().to_string().replace(name, "NAME");
    let bare = match text.split_once("; did you mean `") {
        Some((before, after)) => format!("{before}{}", after.split_once("`?").unwrap().1),
        None => text,
    };
    (reply.status, headers, bare)
}

/// A call that cannot run: nobody takes this key, so a tool that exists says so and does nothing.
async fn tried(client: &mut Client, modern: bool, name: &str) -> Reply {
    let params = json!({ "name": name, "arguments": { "no_such_key": 1 } });
    if modern { client.modern("tools/call", params).await } else { client.legacy("tools/call", params).await }
}

#[tokio::test]
async fn every_tool_is_listed_and_callable_for_exactly_those_who_may_in_both_eras() {
    let place = crate::setup::Place::new(&policy());
    place.secret("alice.pw", "fake-pw-alice\n");
    place.secret("boss.pw", &format!("{}\n", crate::support::ADMIN));
    let world = Guarded::at(place, &[]).await;
    let registry = Registry::new(&Surface::default(), ops::OWN);
    let (mut cells, mut listed_cells, mut faults) = (0, 0, Vec::new());
    for (who, token, ceiling, read_only, (user, admin, peer)) in ROWS {
        let mut client = world.client(token).await;
        // The role of an account is known once it has logged in.
        client.result("auth.validate", json!({})).await;
        let expected: BTreeSet<&str> = registry
            .iter()
            .filter(|tool| {
                let reached = tool.route().is_none_or(|route| match route.least_role {
                    Role::Public => true,
                    Role::User => user,
                    Role::Admin => admin,
                    Role::Peer => peer,
                });
                reached && tool.danger <= ceiling && (!read_only || tool.danger == Danger::Read)
            })
            .map(|tool| tool.wire_name)
            .collect();
        client.initialize().await;
        for modern in [true, false] {
            let list: Value = if modern {
                client.modern("tools/list", json!({})).await.json()
            } else {
                client.legacy("tools/list", json!({})).await.json()
            };
            let listed = names(&list);
            let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
            if listed != expected {
                let wrong: Vec<_> = listed.symmetric_difference(&expected).collect();
                faults.push(format!("{who}, modern {modern}: listed wrongly: {wrong:?}"));
            }
            let nothing = told(&tried(&mut client, modern, "zq_xjw_zzzzzzzzzzzz").await, "zq_xjw_zzzzzzzzzzzz");
            for tool in registry.iter() {
                for name in [tool.wire_name, tool.name] {
                    let reply = tried(&mut client, modern, name).await;
                    let answer = reply.json();
                    let exists = answer["result"]["structuredContent"]["error"]["kind"] == "invalid_arguments";
                    if exists != expected.contains(tool.wire_name) {
                        faults.push(format!("{who}, modern {modern}, {name}: {answer}"));
                    }
                    if !exists && told(&reply, name) != nothing {
                        faults.push(format!("{who}, modern {modern}, {name} differs from nothing: {answer}"));
                    }
                    let suggested =
                        answer["error"]["message"].as_str().and_then(|text| text.split_once("did you mean `"));
                    if let Some((_, suggested)) = suggested {
                        let suggested = suggested.trim_end_matches("`?");
                        let known = registry.resolve(suggested).is_some_and(|tool| expected.contains(tool.wire_name));
                        if !known {
                            faults.push(format!("{who}: {name} is answered with the hidden {suggested}"));
                        }
                    }
                }
                cells += 1;
                listed_cells += usize::from(listed.contains(tool.wire_name));
            }
        }
        println!("{who}: {} of {} tools", expected.len(), registry.iter().count());
    }
    println!(
        "{cells} cells (tool x who x era), each by both spellings; {listed_cells} listed and callable, {} hidden",
        cells - listed_cells
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(world.asked("/api/v1/node/list"), 0, "a call was carried out");
}
