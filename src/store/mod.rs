//! Durable state: one folder with an SQLite file, a key, and files that hold secrets. What must survive is only here.
//!
//! [`Store`] is the front door; what it keeps is told in the files beside it, one a kind of record. Writes are grouped: all
//! that wait together share one transaction and one `fsync`, and each is durable when its future is ready. Several processes
//! may use one folder at the same time. Nothing of SQLite shows in the signatures, so that another backend can follow.

pub mod audit;
mod confirm;
mod connection;
mod error;
mod folder;
mod key;
mod ledger;
mod owner;
mod saved;
mod schema;
mod time;

use std::{path::Path, sync::Arc};

pub use confirm::{Approval, Confirmation, Decided, Decision};
pub use error::StoreError;
pub use folder::Folder;
pub use ledger::{Begun, Intent, LedgerFilter, LedgerKey, LedgerRow, Settlement, Stage};
pub use owner::OwnerId;
pub use saved::{NewSaved, Saved, SavedFilter, SavedKind, utc};
pub use time::{millis, now_ms};

use connection::{Reader, Writer};
use key::Key;
use owner::Owners;

/// The state of one gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    writer: Writer,
    reader: Reader,
    key: Key,
    owners: Owners,
    // Last, so that a temporary folder goes after the files in it are closed.
    folder: Folder,
}

/// Name of the SQLite file in the folder.
const FILE: &str = "state.db";

impl Store {
    /// Whether a state was begun in that folder. Makes nothing.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Opens the state in a folder, making what is not there yet.
    ///
    /// # Errors
    /// The folder cannot be used, or holds the state of a newer version.
    pub fn open(folder: Folder) -> Result<Self, StoreError> {
        let path = folder.path().join(FILE);
        folder.private_file(&path)?;
        let writer = Writer::open(&path)?;
        let reader = Reader::open(&path)?;
        saved::clear_orphans(&folder, &path)?;
        let key = Key::of(&folder)?;
        let owners = Owners::enter(&folder)?;
        Ok(Self { inner: Arc::new(Inner { writer, reader, key, owners, folder }) })
    }

    /// The folder that all of it lies in.
    pub fn folder(&self) -> &Folder {
        &self.inner.folder
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        self.inner.folder.path()
    }

    /// A digest that only this store can make: of texts that could be guessed (passwords in requests), and of records that
    /// nobody else may forge. `purpose` keeps digests of different kinds apart.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.inner.key.mac(purpose, parts)
    }

    /// This process, as the owner of what is under way.
    pub fn owner(&self) -> &OwnerId {
        self.inner.owners.own()
    }

    /// Whether the process that owns something still runs. A process that was killed does not, from that moment on.
    pub fn is_alive(&self, owner: &OwnerId) -> bool {
        self.inner.owners.is_alive(owner)
    }

    /// Runs a job in a write transaction. When the future is ready the work is on disk.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.writer.run(job).await
    }

    /// Runs a read beside the writes.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.reader.run(job).await
    }
}

/// For tests alone.
impl Store {
    /// Lets the file grow to so many pages and no further, as a full disk would.
    ///
    /// # Errors
    /// The store is closed.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.write(move |connection| connection.pragma_update(None, "max_page_count", pages)).await
    }
}

#[cfg(test)]
mod tests;
