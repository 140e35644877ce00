//! The folder of the state: only its owner may look into it, because saved states and backups hold secrets.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use super::StoreError;

/// Where the state lies.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    _temporary: Option<Arc<TempDir>>,
}

impl Folder {
    /// A folder that stays. It is made when it is not there.
    ///
    /// # Errors
    /// It cannot be made, or others may look into it.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        make_private(&path)?;
        Ok(Self { path, _temporary: None })
    }

    /// A folder that vanishes with the last clone of this value: for stand-in panels, whose state vanishes too.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn temporary() -> Result<Self, StoreError> {
        let made = tempfile::Builder::new().prefix("flvx-mcp-").tempdir();
        let temporary = made.map_err(|error| StoreError::unusable(&std::env::temp_dir(), error.to_string()))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let private = fs::Permissions::from_mode(0o700);
            fs::set_permissions(temporary.path(), private)
                .map_err(|error| StoreError::unusable(temporary.path(), error.to_string()))?;
        }
        Ok(Self { path: temporary.path().to_owned(), _temporary: Some(Arc::new(temporary)) })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder inside it, made when it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn inside(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.path.join(name);
        make_private(&path)?;
        Ok(path)
    }

    /// Makes a file that only its owner can read, unless it is there.
    pub(super) fn private_file(&self, path: &Path) -> Result<(), StoreError> {
        match private().write(true).create_new(true).open(path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(StoreError::unusable(path, error.to_string())),
        }
    }

    /// Writes a new file that only its owner can read, whole and on disk, or not at all.
    ///
    /// # Errors
    /// It cannot be written, or there is one of that name.
    pub fn write_new(&self, path: &Path, content: &[u8]) -> Result<(), StoreError> {
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                StoreError::DiskFull(error.to_string())
            }
            _ => StoreError::unusable(path, error.to_string()),
        };
        // A name of its own for each try: two processes may begin the same state at the same moment.
        let partial = path.with_extension(format!("{}.partial", uuid::Uuid::new_v4().simple()));
        let mut file = private().write(true).create_new(true).open(&partial).map_err(failed)?;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        // A link refuses where a rename would replace.
        let outcome = written.and_then(|()| fs::hard_link(&partial, path));
        let _ = fs::remove_file(&partial);
        outcome.map_err(failed)?;
        if let Some(folder) = path.parent().and_then(|folder| fs::File::open(folder).ok()) {
            // Without it the name itself could be lost with the power.
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

fn make_private(path: &Path) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::unusable(path, format!("the folder cannot be made: {error}"));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let cause =
                format!("other users may look into this folder (mode {mode:03o}), and it holds secrets; chmod 700 it");
            return Err(StoreError::unusable(path, cause));
        }
    }
    Ok(())
}

fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a matter of Unix"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
