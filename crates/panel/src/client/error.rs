//! What can go wrong between the gateway and the panel, sorted by the one question that matters afterwards: can the
//! request have had an effect? ([`PanelError::effect_possible`])

use std::time::Duration;

use super::CredentialError;

/// After such a wait a lost answer is a slow panel rather than a broken connection.
const LONG_WAIT: Duration = Duration::from_secs(2);

/// The panel answered in its own form and said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Envelope code: -1 refused, -2 internal, 401, 403, 500 bad input of some routes.
    pub code: i64,
    /// The panel's words, unchanged.
    pub msg: String,
    /// The panel's clock, ms since the epoch, when it said so.
    pub ts: Option<i64>,
    /// `data` that came with the refusal, as JSON text.
    pub data: Option<String>,
}

/// Why a call has no answer to give.
#[derive(Debug, thiserror::Error)]
pub enum PanelError {
    /// The request could not be built from the arguments.
    #[error("the request cannot be sent: {0}")]
    BadRequest(String),
    /// No connection came about, so the panel has not seen the request.
    #[error("the panel could not be reached: {cause}")]
    NotSent {
        /// The innermost cause, without addresses of ours.
        cause: String,
    },
    /// The request was sent and no complete answer came back.
    #[error("the request was sent, but no answer came back after {:.1} s: {cause}", waited.as_secs_f64())]
    NoAnswer {
        /// What ended the wait.
        cause: String,
        /// How long the gateway waited.
        waited: Duration,
    },
    /// The panel refused.
    #[error("the panel answered code {}: {}", .0.code, .0.msg)]
    Refused(Refusal),
    /// Something answered that does not speak the panel's API (a web server's page, a proxy's error, half an answer).
    #[error("what answered is not the panel's API: HTTP {status}, {what}")]
    NotAPanel {
        /// HTTP status.
        status: u16,
        /// What came instead, in a few words.
        what: String,
    },
    /// The panel has no such route (net/http's plain 404): another panel version.
    #[error("this panel has no route {path}")]
    Unsupported {
        /// The path.
        path: String,
    },
    /// The answer is larger than the gateway takes.
    #[error("the panel's answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// There is no credential to call with, or it could not be had.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The panel answered well, but not in the shape that the manifest promises.
    #[error("the panel's answer does not fit the manifest: {0}")]
    Shape(String),
}

impl PanelError {
    /// Whether the panel may have carried the request out. `false` is a promise; `true` means nobody knows.
    pub fn effect_possible(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::TooLarge { .. } | Self::Shape(_) => true,
            // 4xx are given before a request is passed on; a success or 5xx that is not the panel's says nothing.
            Self::NotAPanel { status, .. } => !(300..500).contains(status),
            Self::BadRequest(_)
            | Self::NotSent { .. }
            | Self::Refused(_)
            | Self::Unsupported { .. }
            | Self::Credential(_) => false,
        }
    }

    /// Whether a read may be tried again at once. One that ran out of time is not: the panel still works on it, and a second
    /// one would take as long.
    pub fn worth_retrying(&self) -> bool {
        match self {
            Self::NotSent { .. } => true,
            Self::NoAnswer { waited, .. } => *waited < LONG_WAIT,
            Self::NotAPanel { status, .. } => matches!(status, 502..=504),
            _ => false,
        }
    }
}
