//! Whose a session of the older revisions is. The library would let anybody who knows its id read its stream or end it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The principal that opened each session.
#[derive(Debug, Default)]
pub struct Owners(Mutex<HashMap<String, String>>);

impl Owners {
    /// Notes who opened a session, and forgets those that are gone.
    pub fn opened(&self, session: &str, principal: &str, exists: impl Fn(&str) -> bool) {
        let mut owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        owners.retain(|session, _| exists(session));
        owners.insert(session.to_owned(), principal.to_owned());
    }

    /// Whether a session is this principal's. `None`: nobody is known to have opened it.
    pub fn owns(&self, session: &str, principal: &str) -> Option<bool> {
        let owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        owners.get(session).map(|owner| owner == principal)
    }

    /// Forgets one that has ended.
    pub fn closed(&self, session: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }
}
