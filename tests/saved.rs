//! The command `saved`: what the operator sees of the files with secrets, and that nothing is shown without being asked for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use flvx_mcp::store::{Folder, NewSaved, Saved, SavedKind, Store};
use serde_json::{Value, json};
use support::{program, text};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("flvx-saved-").tempdir().unwrap();
        Self { folder }
    }

    /// Made by the program itself, which makes it private.
    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    fn store(&self) -> Store {
        Store::open(Folder::at(self.state()).unwrap()).unwrap()
    }

    async fn keep(&self, kind: SavedKind, tool: &str, content: &str) -> Saved {
        let text = |text: &str| text.to_owned();
        let new = NewSaved {
            kind,
            trace_id: text("trace-1"),
            panel: text("http://panel"),
            principal: text("alice"),
            tool: text(tool),
            note: text("a note"),
        };
        self.store().keep(new, content.as_bytes().to_vec()).await.unwrap()
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = program().arg("saved").args(arguments).env("MCP_STATE_DIR", self.state()).output().unwrap();
        let (out, told) = text(&output);
        (output.status.code().unwrap(), out, told)
    }
}

#[tokio::test]
async fn saved_files_are_listed_shown_and_deleted() {
    let place = Place::new();
    let document = json!({ "version": "1.0", "users": [{ "id": 1, "user": "a", "pwd": "canary-1" }] }).to_string();
    let backup = place.keep(SavedKind::Backup, "backup.export", &document).await;
    let secret = place.keep(SavedKind::Secret, "node.install_command", "install -s canary-2").await;

    let (code, out, _) = place.run(&["list", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!((code, rows.len()), (0, 2));
    let row = rows.iter().find(|row| row["id"] == backup.id.as_str()).unwrap();
    assert_eq!(
        (&row["kind"], &row["user"], &row["tool"]),
        (&json!("backup"), &json!("alice"), &json!("backup.export"))
    );
    for filter in [["--kind", "secret"], ["--user", "bob"], ["--trace", "trace-2"]] {
        let (_, out, _) = place.run(&["list", "--format", "json", filter[0], filter[1]]);
        let rows: Vec<Value> = serde_json::from_str(&out).unwrap();
        assert_eq!(rows.len(), usize::from(filter[1] == "secret"), "{filter:?}");
    }

    let (_, shown, _) = place.run(&["show", &backup.id]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["users"][0], json!({ "id": 1, "user": "a", "pwd": "[redacted]" }));
    let (_, revealed, _) = place.run(&["show", &backup.id[..8], "--reveal"]);
    assert_eq!(revealed.trim_end(), document, "the beginning of an id is enough");
    let (_, hidden, _) = place.run(&["show", &secret.id]);
    assert!(hidden.starts_with("[redacted]") && !hidden.contains("canary"), "{hidden}");
    assert_eq!(place.run(&["show", &secret.id, "--reveal"]).1.trim_end(), "install -s canary-2");
    assert_eq!(place.run(&["path", &secret.id]).1.trim_end(), secret.path.display().to_string());

    assert_eq!(place.run(&["remove", &secret.id[..8]]).0, 2, "deleting takes the whole id");
    assert_eq!(place.run(&["remove", &secret.id]).0, 0);
    assert!(!secret.path.exists());
    let (code, _, told) = place.run(&["show", &secret.id]);
    assert!(code == 2 && told.contains("saved list"), "{told}");
}

#[tokio::test]
async fn a_file_that_was_changed_is_not_shown() {
    let place = Place::new();
    let backup = place.keep(SavedKind::Backup, "backup.export", "{}").await;
    std::fs::write(&backup.path, "{\"users\":[]}").unwrap();
    let (code, out, told) = place.run(&["show", &backup.id, "--reveal"]);
    assert!(code == 1 && out.is_empty() && told.contains("changed after it was saved"), "{told}");
}

#[test]
fn a_call_from_the_command_line_reveals_what_it_is_asked_to_and_nothing_that_is_no_secret() {
    let call = |field: &str| {
        let view = r#"{"view":{"fields":["id","token"]}}"#;
        let output =
            program().args(["call", "--sandbox", "--reveal", field, "federation.share_list", view]).output().unwrap();
        let (out, told) = text(&output);
        (output.status.code().unwrap(), out, told)
    };
    let (code, out, told) = call("federation.share_list.data.token");
    let result: Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && result["data"][0]["token"].as_str().unwrap().len() == 64, "{out} {told}");
    let (code, _, told) = call("federation.share_list.data.tokn");
    assert!(code == 2 && told.contains("did you mean `token`?"), "{told}");
}

#[test]
fn a_list_that_is_cut_says_so_and_what_is_not_in_it_is_still_found() {
    let place = Place::new();
    drop(place.store());
    let database = rusqlite::Connection::open(place.state().join("state.db")).unwrap();
    let made = database.execute(
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1001) \
         INSERT INTO saved SELECT printf('%08x%024x', n, 0), iif(n = 1, 'secret', 'backup'), 't', 'p', 'alice', 'backup.export', \
         'file', 1, x'00', '', n FROM number",
        [],
    );
    assert_eq!(made.unwrap(), 1_001);
    drop(database);
    let (code, out, told) = place.run(&["list", "--format", "json"]);
    assert_eq!((code, serde_json::from_str::<Vec<Value>>(&out).unwrap().len()), (0, 1_000));
    assert!(told.contains("the newest 1000 of 1001 are listed"), "{told}");
    let (_, out, told) = place.run(&["list", "--format", "json", "--kind", "secret"]);
    assert_eq!((serde_json::from_str::<Vec<Value>>(&out).unwrap().len(), told.as_str()), (1, ""));

    let (code, out, told) = place.run(&["path", "00000001"]);
    assert!(code == 0 && out.trim_end().ends_with("secret/file"), "the oldest: {out}{told}");
    for (id, words) in [
        ("0000", "several saved files begin with 0000"),
        ("000", "`000` is too short to say which is meant"),
        ("0000%", "there is no saved file 0000%"),
    ] {
        let (code, out, told) = place.run(&["path", id]);
        assert!(code == 2 && out.is_empty() && told.contains(words), "{id}: {told}");
    }
}
