//! `kill -9` under load: whatever reached the panel has its intent on disk, and the chain fits each time.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use flvx_mcp::{
    audit::verify::verify,
    store::{Folder, Store, audit::Filter},
};
use serde_json::{Value, json};

use crate::{hands::json as read, support::Program};

const RUNS: u64 = 12;
const CHANGES: u64 = 60;

/// Names of the changes that a panel saw.
type Seen = Arc<Mutex<BTreeSet<String>>>;

/// A panel that outlives the gateway and notes the trace of every change.
fn panel() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Seen::default());
    let notes = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let notes = Arc::clone(&notes);
            thread::spawn(move || serve(stream, &notes));
        }
    });
    (address, seen)
}

fn serve(stream: TcpStream, seen: &Seen) {
    const BODY: &str = r#"{"code":0,"msg":"ok","data":{"content":"old","enabled":1},"ts":1}"#;
    let mut out = stream.try_clone().unwrap();
    let mut input = BufReader::new(stream);
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            if input.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            head.push_str(&line);
        }
        let header = |name: &str| {
            head.lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix(name).map(|value| value.trim().to_owned()))
        };
        let mut body = vec![0; header("content-length:").map_or(0, |length| length.parse().unwrap())];
        if input.read_exact(&mut body).is_err() {
            return;
        }
        if head.contains("/announcement/update") {
            seen.lock().unwrap().insert(header("x-trace-id:").unwrap());
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        if out.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn sigkill_under_load_loses_no_intent_of_what_the_panel_saw() {
    let (address, seen) = panel();
    let folder = Folder::temporary().unwrap();
    let (url, state) = (format!("http://{address}"), folder.path().to_str().unwrap().to_owned());
    let settings = [("PANEL_BASE_URL", url.as_str()), ("PANEL_TOKEN", "tests.e30.token"), ("MCP_STATE_DIR", &state)];
    let (mut records, mut unsettled) = (0, 0);
    for run in 0..RUNS {
        let mut gateway = Program::start(&["serve"], &settings);
        gateway.initialize();
        for number in 0..CHANGES {
            let arguments = json!({ "request": { "content": format!("{run}-{number}"), "enabled": 1 },
                "idempotency_key": format!("crash-{run}-{number}") });
            gateway.send(&json!({ "jsonrpc": "2.0", "id": number + 1, "method": "tools/call",
                "params": { "name": "announcement_update", "arguments": arguments } }));
            gateway.send(&json!({ "jsonrpc": "2.0", "id": number + 1_000, "method": "tools/call",
                "params": { "name": "announcement_get", "arguments": {} } }));
        }
        // Somewhere between the first change that arrives and the last.
        let random = uuid::Uuid::new_v4().as_u128();
        let (before, most) = (seen.lock().unwrap().len(), (random % u128::from(CHANGES)) as usize);
        for _ in 0..3_000 {
            if seen.lock().unwrap().len() - before >= most {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros((random >> 64) as u64 % 5_000)).await;
        gateway.signal("KILL");
        assert_eq!(gateway.end().0, None, "it was killed");

        let store = Store::open(folder.clone()).unwrap();
        let report = verify(&store, None).await.unwrap();
        assert_eq!(report.damages, [], "run {run}");
        assert!(report.records >= records, "nothing that was written is gone");
        records = report.records;
        let rows: Vec<Value> =
            store.audit_in_order(Filter::default(), usize::MAX).await.unwrap().iter().map(read).collect();
        let of_kind = |kind: &str| -> BTreeSet<String> {
            let fits = rows.iter().filter(|row| row["kind"] == kind && row["tool"] == "announcement.update");
            fits.map(|row| row["trace_id"].as_str().unwrap().to_owned()).collect()
        };
        let (intents, calls) = (of_kind("intent"), of_kind("call"));
        let seen = seen.lock().unwrap().clone();
        let without: Vec<&String> = seen.difference(&intents).collect();
        assert!(without.is_empty(), "run {run}: the panel saw {without:?}, and no intent says so");
        unsettled = intents.difference(&calls).count();
    }
    let seen = seen.lock().unwrap().len();
    println!(
        "{RUNS} times killed with SIGKILL: the panel saw {seen} changes, each has its intent; {unsettled} intents without a result; {records} records, chain whole each time"
    );
    assert!(seen > 0, "the load reached the panel");
}
