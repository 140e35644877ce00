//! The credentials that the gateway holds, by name. A client only ever sees the names.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use flvx_panel::{
    client::{Account, Credential},
    spec::Role,
};

/// Most credentials that logins may add; the operator's own do not count.
const MOST_LOGINS: usize = 32;
/// Name of the credential that is used unless a call names another.
pub const DEFAULT: &str = "default";
/// Name of the credential for routes of other panels.
pub const PEER: &str = "peer";

/// All credentials by name.
#[derive(Debug, Default)]
pub struct Credentials {
    by_name: RwLock<BTreeMap<String, Credential>>,
}

impl Credentials {
    /// The operator's credential under `default`, and the share token of a federated panel under `peer`.
    pub fn new(default: Credential, peer: Option<Credential>) -> Self {
        let mut by_name = BTreeMap::new();
        if !matches!(default, Credential::None) {
            by_name.insert(DEFAULT.to_owned(), default);
        }
        if let Some(peer) = peer {
            by_name.insert(PEER.to_owned(), peer);
        }
        Self { by_name: RwLock::new(by_name) }
    }

    /// The credential for a call: the named one, or the one that fits the route's role. `None`: the name is unknown.
    pub fn pick(&self, name: Option<&str>, role: Role) -> Option<Credential> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        match (name, role) {
            (Some(name), _) => by_name.get(name).cloned(),
            (None, Role::Peer) => Some(by_name.get(PEER).cloned().unwrap_or_default()),
            (None, _) => Some(by_name.get(DEFAULT).cloned().unwrap_or_default()),
        }
    }

    /// Name and kind of every credential, in order.
    pub fn names(&self) -> Vec<(String, Credential)> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.iter().map(|(name, credential)| (name.clone(), credential.clone())).collect()
    }

    /// Keeps an account that has just logged in. Gives its name, or `None` when there is no room.
    pub fn keep_login(&self, account: Account) -> Option<String> {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        let name = format!("login:{}", account.username());
        let logins = by_name.keys().filter(|known| known.starts_with("login:")).count();
        if logins >= MOST_LOGINS && !by_name.contains_key(&name) {
            return None;
        }
        by_name.insert(name.clone(), Credential::Account(Arc::new(account)));
        Some(name)
    }

    /// Forgets a credential that a login added, or the token of the operator's account. `false`: nothing was there.
    pub fn forget(&self, name: &str) -> bool {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        if name.starts_with("login:") {
            return by_name.remove(name).is_some();
        }
        match by_name.get(name) {
            Some(Credential::Account(account)) => {
                let had = account.current().is_some();
                account.forget();
                had
            }
            _ => false,
        }
    }
}
