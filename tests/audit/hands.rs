//! Hands of the tests in this folder: a store with a chain in it, the rows as they lie there, and a second look at the file.

use std::sync::Arc;

use flvx_mcp::{
    access::{Principal, Rights, Via},
    audit::{Audit, Record, Settings},
    gateway::{Caller, Gateway, Registry, Tool},
    ops,
    result::CallOutput,
    store::{
        Folder, Store,
        audit::{Filter, Stored},
    },
};
use rusqlite::Connection;
use serde_json::Value;

/// An empty store in a folder of its own.
pub fn store() -> Store {
    Store::open(Folder::temporary().unwrap()).unwrap()
}

/// A record in that store.
pub fn audit(store: &Store) -> Audit {
    Audit::new(store.clone(), &Settings { enabled: true, jsonl: None }).unwrap()
}

/// Somebody.
pub fn somebody(name: &str) -> Caller {
    Caller {
        principal: Principal::new(name, Via::Token, Rights::all()),
        client: Some("tests/1".to_owned()),
        traceparent: None,
    }
}

/// A tool by its name.
pub fn tool(name: &str) -> Tool {
    *Registry::new(&surface(), ops::OWN).resolve(name).unwrap()
}

fn surface() -> flvx_mcp::config::Surface {
    flvx_mcp::config::Config::from_env(&[("PANEL_PEER_TOKEN", "peer-token"), ("MCP_STATE_DIR", "temporary")].into())
        .unwrap()
        .surface
}

/// A chain of so many records of reads and changes.
pub async fn chain(records: usize) -> Store {
    let store = store();
    let audit = audit(&store);
    let caller = somebody("alice");
    for number in 0..records {
        let tool = tool(if number % 2 == 0 { "node.delete" } else { "user.update" });
        let mut record = Record::new(&format!("trace-{number}"), &caller, &tool);
        record.target("node", &number.to_string(), Some("香港"));
        audit.write(record, &CallOutput::default(), std::time::Duration::from_millis(3)).await.unwrap();
    }
    store
}

/// The file itself, as a tamperer opens it.
pub fn file(store: &Store) -> Connection {
    let file = Connection::open(store.path().join("state.db")).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    file
}

/// All records of a gateway, oldest first.
pub async fn recorded(gateway: &Arc<Gateway>) -> Vec<Value> {
    gateway.audit().flush().await;
    let all = gateway.store().audit_in_order(Filter::default(), usize::MAX).await.unwrap();
    all.iter().map(json).collect()
}

pub fn json(stored: &Stored) -> Value {
    serde_json::from_str(&stored.record).unwrap_or_else(|error| panic!("{error}: {}", stored.record))
}
