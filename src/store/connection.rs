//! The two threads that speak to SQLite: one writes, one reads. Jobs come through bounded queues, so memory stays bounded and
//! whoever writes faster than the disk waits.

use std::{path::Path, thread, time::Duration};

use rusqlite::{Connection, config::DbConfig};
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, schema};

/// Jobs that may wait.
const QUEUE: usize = 1_024;
/// Most jobs of one transaction.
const GROUP: usize = 256;
/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs inside the transaction, or hears why there is none, and gives what is to be told when it is on disk.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Tell + Send>;
/// Tells the one who waits: the job's own result, or why the transaction failed.
type Tell = Box<dyn FnOnce(Result<(), StoreError>)>;

/// The thread that writes.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

/// The thread that reads.
#[derive(Debug)]
pub(super) struct Reader {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = connect(path)?;
        schema::bring_up_to_date(&connection, path)?;
        Ok(Self { jobs: start("store-writer", connection, write)? })
    }

    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        run(&self.jobs, |connection| savepoint(connection, job)).await
    }
}

impl Reader {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = connect(path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self { jobs: start("store-reader", connection, read)? })
    }

    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        run(&self.jobs, job).await
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // Each commit reaches the disk before it is reported: the record of a change must outlive the power.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // There are none of ours; one that somebody put into the file could swallow a record without a trace.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    Ok(connection)
}

fn start(
    name: &str,
    connection: Connection,
    work: fn(&Connection, mpsc::Receiver<Job>),
) -> Result<mpsc::Sender<Job>, StoreError> {
    let (jobs, waiting) = mpsc::channel(QUEUE);
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || work(&connection, waiting));
    thread.map_err(|error| StoreError::Other(error.to_string()))?;
    Ok(jobs)
}

async fn run<T: Send + 'static>(
    jobs: &mpsc::Sender<Job>,
    job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, waits) = oneshot::channel::<Result<T, StoreError>>();
    let job: Job = Box::new(move |connection| {
        let result = connection.and_then(|connection| job(connection).map_err(StoreError::from));
        Box::new(move |committed| {
            // Whoever asked may be gone; the work is done all the same.
            let _ = answer.send(committed.and(result));
        })
    });
    jobs.send(job).await.map_err(|_| StoreError::Closed)?;
    waits.await.map_err(|_| StoreError::Closed)?
}

/// One job among several of a transaction: what fails is taken back without harm to the others.
fn savepoint<T>(connection: &Connection, job: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT job")?;
    match job(connection) {
        Ok(value) => connection.execute_batch("RELEASE job").map(|()| value),
        Err(error) => {
            connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
            Err(error)
        }
    }
}

/// All that waits goes into one transaction.
fn write(connection: &Connection, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        let mut open = connection.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from);
        let mut told = Vec::with_capacity(group.len());
        for job in group {
            told.push(job(open.clone().map(|()| connection)));
            if open.is_ok() && connection.is_autocommit() {
                // A full disk makes SQLite give up the whole transaction, not only the statement.
                open = Err(StoreError::DiskFull("the transaction was given up".to_owned()));
            }
        }
        let committed = open.and_then(|()| Ok(connection.execute_batch("COMMIT")?));
        if committed.is_err() && !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        for tell in told {
            tell(committed.clone());
        }
    }
}

fn read(connection: &Connection, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.blocking_recv() {
        job(Ok(connection))(Ok(()));
    }
}
