//! What can go wrong with the state. A change is refused when its record cannot be kept, so these reach callers: they name
//! no path to them, and the path to the operator.

use std::path::{Path, PathBuf};

/// Why the state could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The folder or a file in it cannot be used.
    #[error("{path}: {cause}")]
    Unusable {
        /// Where.
        path: PathBuf,
        /// Why, with the cure.
        cause: String,
    },
    /// The state was written by a newer version of this program.
    #[error(
        "the state in {path} is of a newer version ({found}; this program knows {known}); use the newer program, or another MCP_STATE_DIR"
    )]
    Newer {
        /// Where.
        path: PathBuf,
        /// Version found.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// There is no room left on the disk, or writing to it fails.
    #[error("the disk that holds the state is full or does not take writes ({0})")]
    DiskFull(String),
    /// Another process held the file for too long.
    #[error("another process keeps the state locked")]
    Locked,
    /// The file is damaged.
    #[error("the state is damaged ({0})")]
    Damaged(String),
    /// Anything else that SQLite says.
    #[error("the state cannot be read or written ({0})")]
    Other(String),
    /// The store was closed.
    #[error("the state was closed")]
    Closed,
}

impl StoreError {
    pub(super) fn unusable(path: &Path, cause: impl Into<String>) -> Self {
        Self::Unusable { path: path.to_owned(), cause: cause.into() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let words = error.to_string();
        match error.sqlite_error_code() {
            Some(Code::DiskFull | Code::SystemIoFailure | Code::ReadOnly | Code::CannotOpen) => Self::DiskFull(words),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Locked,
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Damaged(words),
            _ => Self::Other(words),
        }
    }
}
