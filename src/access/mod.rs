//! Who may do what: the principal behind a call, and what the operator lets it see and do. A tool that a principal may not
//! call does not exist for it.

mod principal;
mod rights;

pub use principal::{Principal, Via};
pub use rights::{AuditSight, Rights};
