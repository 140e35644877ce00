#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::{os::unix::fs::PermissionsExt as _, process::Command};

use super::*;

fn count(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM saved", [], |row| row.get(0))
}

fn row(id: &str) -> impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<usize> + Send + 'static {
    let id = id.to_owned();
    move |connection| {
        connection.execute("INSERT INTO saved VALUES (?1, 'backup', 't', 'p', 'u', 'x', 'f', 1, x'00', '', 1)", [id])
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart_and_for_another_process() {
    let folder = Folder::temporary().unwrap();
    let store = Store::open(folder.clone()).unwrap();
    let mac = store.mac("test", &[b"a"]);
    store.write(row("one")).await.unwrap();
    let beside = Store::open(folder.clone()).unwrap();
    beside.write(row("two")).await.unwrap();
    assert_eq!(store.read(count).await.unwrap(), 2);
    drop((store, beside));
    let again = Store::open(folder).unwrap();
    assert_eq!(again.read(count).await.unwrap(), 2);
    assert_eq!(again.mac("test", &[b"a"]), mac, "the key stays with the folder");
}

#[tokio::test]
async fn a_job_that_fails_does_no_harm_to_those_in_its_transaction() {
    let store = Store::open(Folder::temporary().unwrap()).unwrap();
    let mut jobs = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = store.clone();
        jobs.spawn(async move { store.write(row(&format!("id-{}", number / 2))).await.is_ok() });
    }
    assert_eq!(jobs.join_all().await.into_iter().filter(|ok| *ok).count(), 20, "each id once");
    assert_eq!(store.read(count).await.unwrap(), 20);
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_half_done_stays() {
    let store = Store::open(Folder::temporary().unwrap()).unwrap();
    store.write(|connection| connection.pragma_update(None, "max_page_count", 30)).await.unwrap();
    let fill = |connection: &rusqlite::Connection| {
        connection.execute(
            "INSERT INTO saved VALUES ('big', 'backup', 't', 'p', 'u', 'x', 'f', 1, zeroblob(4000000), '', 1)",
            [],
        )
    };
    let (small, big) = tokio::join!(store.write(row("small")), store.write(fill));
    assert!(matches!(big, Err(StoreError::DiskFull(_))), "{big:?}");
    let kept = store.read(count).await.unwrap();
    assert_eq!(kept, i64::from(small.is_ok()), "what was told is what is there");
    store.write(|connection| connection.pragma_update(None, "max_page_count", 100_000)).await.unwrap();
    store.write(row("after")).await.unwrap();
}

#[test]
fn others_may_not_look_into_the_folder() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("state");
    let store = Store::open(Folder::at(&path).unwrap()).unwrap();
    for entry in std::fs::read_dir(store.path()).unwrap().flatten() {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{} is open to others", entry.path().display());
    }
    let file = store.path().join("a.json");
    store.folder().write_new(&file, b"{}").unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(store.folder().write_new(&file, b"[]").is_err(), "a file is never replaced");
    assert_eq!(std::fs::read(&file).unwrap(), b"{}");
    drop(store);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = Folder::at(&path).unwrap_err().to_string();
    assert!(error.contains("mode 755") && error.contains("chmod 700"), "{error}");
}

#[test]
fn the_state_of_a_newer_version_is_left_alone() {
    let folder = Folder::temporary().unwrap();
    drop(Store::open(folder.clone()).unwrap());
    let file = rusqlite::Connection::open(folder.path().join("state.db")).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(folder).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
}

#[test]
fn a_process_that_was_killed_is_known_to_be_gone_at_once() {
    let folder = Folder::temporary().unwrap();
    let store = Store::open(folder.clone()).unwrap();
    let beside = Store::open(folder.clone()).unwrap();
    assert!(store.is_alive(beside.owner()) && beside.is_alive(store.owner()));
    let gone = beside.owner().clone();
    drop(beside);
    assert!(!store.is_alive(&gone));
    // A process that holds such a lock and is killed.
    let path = folder.path().join("owners").join("killed");
    std::fs::write(&path, "").unwrap();
    // Without a fork, so that the process that is killed is the one that holds the lock.
    let mut child =
        Command::new("flock").arg("--no-fork").arg(&path).args(["sleep", "60"]).spawn().expect("flock of util-linux");
    let owner = OwnerId::from_text("killed");
    while !store.is_alive(&owner) {
        assert!(child.try_wait().unwrap().is_none(), "flock took no lock");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!store.is_alive(&owner));
    assert!(!store.is_alive(&OwnerId::from_text("../state.db")));
}

#[test]
fn a_digest_depends_on_key_purpose_and_where_parts_end() {
    let (one, other) =
        (Store::open(Folder::temporary().unwrap()).unwrap(), Store::open(Folder::temporary().unwrap()).unwrap());
    assert_ne!(one.mac("a", &[b"x"]), other.mac("a", &[b"x"]));
    assert_ne!(one.mac("a", &[b"x"]), one.mac("b", &[b"x"]));
    assert_ne!(one.mac("a", &[b"x", b"y"]), one.mac("a", &[b"xy"]));
    assert!(!format!("{one:?}").contains(&format!("{:?}", one.mac("a", &[]))));
}
