//! Where the durable state lies.

use std::path::PathBuf;

use super::Environment;
use crate::store::Folder;

/// Where the state lies, or that nobody said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatePlace {
    /// This folder.
    Folder(PathBuf),
    /// A folder that vanishes at the end.
    Temporary,
    /// Neither `MCP_STATE_DIR` nor a home folder is set.
    Nowhere,
}

impl StatePlace {
    /// The word for a folder that vanishes.
    pub const TEMPORARY: &'static str = "temporary";

    /// From the setting, or the place where the system keeps such things.
    pub fn of(environment: &Environment) -> Self {
        match environment.get("MCP_STATE_DIR").unwrap_or_default().trim() {
            Self::TEMPORARY => Self::Temporary,
            "" => {
                let state = environment.get("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
                let home = || environment.get("HOME").map(|home| PathBuf::from(home).join(".local").join("state"));
                state.or_else(home).map_or(Self::Nowhere, |state| Self::Folder(state.join("flvx-mcp")))
            }
            path => Self::Folder(PathBuf::from(path)),
        }
    }

    /// The folder itself, made when it is not there.
    ///
    /// # Errors
    /// A text that names the setting and the cure.
    pub fn folder(&self) -> Result<Folder, String> {
        match self {
            Self::Folder(path) => Folder::at(path).map_err(|error| format!("MCP_STATE_DIR: {error}")),
            Self::Temporary => Folder::temporary().map_err(|error| error.to_string()),
            Self::Nowhere => Err(
                "MCP_STATE_DIR is not set and there is no home folder to fall back to; name a folder that only this program's user can read: it keeps what was done, so that nothing is done twice"
                    .to_owned(),
            ),
        }
    }
}
