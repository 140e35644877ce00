//! Which process owns what is under way, and whether it still runs. Each process holds a lock on a file of its own; the
//! operating system takes the lock away in the moment the process ends, however it ends.

use std::{
    fs::{self, File, TryLockError},
    path::PathBuf,
};

use super::{Folder, StoreError};

/// Name of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerId(String);

impl OwnerId {
    /// From its text in a record.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it stands in a record.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The locks of all processes on one folder.
#[derive(Debug)]
pub(super) struct Owners {
    folder: PathBuf,
    own: OwnerId,
    _lock: File,
}

impl Owners {
    /// Takes a lock for this process, and clears away the files of processes that are gone.
    pub fn enter(folder: &Folder) -> Result<Self, StoreError> {
        let folder = folder.inside("owners")?;
        let (own, lock) = loop {
            let own = OwnerId(uuid::Uuid::now_v7().simple().to_string());
            let path = folder.join(&own.0);
            let failed = |error: std::io::Error| StoreError::unusable(&path, error.to_string());
            let lock = File::create_new(&path).map_err(failed)?;
            lock.lock().map_err(failed)?;
            // Another process that starts now may have cleared the file away before it was locked.
            if path.exists() {
                break (own, lock);
            }
        };
        let owners = Self { folder, own, _lock: lock };
        for entry in fs::read_dir(&owners.folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy() == owners.own.0 {
                continue;
            }
            // Cleared away under its lock, so that a process that is just taking it sees that it is gone.
            if let Ok(file) = File::open(entry.path())
                && file.try_lock().is_ok()
            {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(owners)
    }

    pub fn own(&self) -> &OwnerId {
        &self.own
    }

    pub fn is_alive(&self, owner: &OwnerId) -> bool {
        if *owner == self.own {
            return true;
        }
        let is_name = !owner.0.is_empty() && owner.0.bytes().all(|letter| letter.is_ascii_alphanumeric());
        if !is_name {
            return false;
        }
        let file = match File::open(self.folder.join(&owner.0)) {
            Ok(file) => file,
            // Left by a process that ended well, or cleared away after one that did not.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return false,
            // When in doubt nothing is taken away from anybody.
            Err(_) => return true,
        };
        match file.try_lock() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
        }
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.folder.join(&self.own.0));
    }
}
