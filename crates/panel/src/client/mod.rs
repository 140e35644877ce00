//! The HTTP client of the panel: one pooled connection set, every route through [`PanelClient::call`].
//!
//! It promises that an answer is never guessed: what the panel said comes back whole ([`RawAnswer`]), and what went
//! wrong comes back as a [`PanelError`] that tells whether the request can have had an effect. It knows nothing of MCP,
//! roles or danger; re-sending is limited to reads and to calls that the panel refused before running them.

mod answer;
mod credential;
mod error;
mod outgoing;
mod send;

pub use answer::{Answer, RawAnswer};
pub use credential::{Account, Credential, CredentialError, Session, token_claims};
pub use error::{PanelError, Refusal};
pub use send::{ClientOptions, PanelClient, Trace, check_base_url, is_loopback};
