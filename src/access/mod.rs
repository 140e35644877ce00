//! Who may do what: the principal behind a call, and what the operator lets it see and do. A tool that a principal may not
//! call does not exist for it.

mod limits;
mod principal;
mod reveal;
mod rights;
mod roster;

pub use limits::{Limits, TooMuch};
pub use principal::{Principal, Via};
pub use reveal::check_reveal;
pub use rights::{AuditSight, BUILT_IN_ROLES, Rights};
pub use roster::{ANONYMOUS, ClaimRule, GATEWAY, LOCAL, Roster, TokenDigest, token_digest};
