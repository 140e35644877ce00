//! Why a command ended badly, and the exit code that says so.

use std::process::ExitCode;

use crate::store::StoreError;

/// A bad end.
#[derive(Debug)]
pub enum Failure {
    /// The call or check failed (1); what there is to say has been said when there is no text.
    Failed(Option<String>),
    /// The command line or configuration cannot be used (2).
    Usage(String),
    /// The panel cannot be reached (3).
    Unreachable(String),
    /// The command has told everything itself and has exit codes of its own.
    Told(u8),
}

impl Failure {
    /// The message for standard error.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Failed(text) => text.as_deref(),
            Self::Usage(text) | Self::Unreachable(text) => Some(text),
            Self::Told(_) => None,
        }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
            Self::Told(code) => *code,
        })
    }
}

/// A fault of the machine we run on (a pipe, a thread), told as it is.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(Some(error.to_string()))
    }
}

/// A state that cannot be read or written fails the command.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Failed(Some(error.to_string()))
    }
}
