//! The credentials that the gateway holds, by name, and whose they are. A client only ever sees the names, and only of those
//! that its principal may use: the ones of the policy, and its own logins.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use flvx_panel::{
    client::{Account, Credential, token_claims},
    spec::Role,
};

use super::Reach;
use crate::{access::Principal, config::Login};

/// Most logins that one principal may add.
const MOST_LOGINS: usize = 32;
/// Most logins of all principals together.
const MOST_LOGINS_OF_ALL: usize = 1_024;
/// Name of the credential that the environment gives.
pub const DEFAULT: &str = "default";
/// Name of the credential that the environment gives for routes of other panels.
pub const PEER: &str = "peer";
/// What the names of logins start with; no name of the policy does.
const LOGIN: &str = "login:";

/// All credentials.
#[derive(Debug, Default)]
pub struct Credentials {
    held: RwLock<Held>,
}

#[derive(Debug, Default)]
struct Held {
    configured: BTreeMap<String, (Login, Credential)>,
    /// By principal, then by name.
    logins: BTreeMap<String, BTreeMap<String, Credential>>,
}

impl Held {
    fn get(&self, principal: &Principal, name: &str) -> Option<&Credential> {
        if name.starts_with(LOGIN) {
            return self.logins.get(&principal.name)?.get(name);
        }
        let may = principal.rights.credential_names().any(|own| own == name);
        self.configured.get(name).filter(|_| may).map(|(_, credential)| credential)
    }
}

impl Credentials {
    /// These credentials, and no logins.
    pub fn new(logins: &BTreeMap<String, Login>) -> Self {
        let credentials = Self::default();
        credentials.configure(logins, |_| true);
        credentials
    }

    /// Puts other credentials in place. What has not changed keeps its token; logins of principals that are gone go with them.
    pub fn configure(&self, logins: &BTreeMap<String, Login>, exists: impl Fn(&str) -> bool) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let mut old = std::mem::take(&mut held.configured);
        held.configured = logins
            .iter()
            .map(|(name, login)| match old.remove(name) {
                Some((same, credential)) if same == *login => (name.clone(), (same, credential)),
                _ => (name.clone(), (login.clone(), fresh(login))),
            })
            .collect();
        held.logins.retain(|principal, _| exists(principal));
    }

    /// Name of the credential that a principal's calls of such a route use unless they name another.
    pub fn usual(&self, principal: &Principal, role: Option<Role>) -> String {
        if role != Some(Role::Peer) {
            return principal.rights.credential.clone();
        }
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let peer = |name: &&str| matches!(held.get(principal, name), Some(Credential::Peer(_)));
        principal.rights.credential_names().find(peer).unwrap_or(PEER).to_owned()
    }

    /// The credential of that name. `None`: the principal has none of that name.
    pub fn named(&self, principal: &Principal, name: &str) -> Option<Credential> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).get(principal, name).cloned()
    }

    /// The credential for a call: the named one, or the one that fits the route's role. `None`: the principal has none of that name.
    pub fn pick(&self, principal: &Principal, name: Option<&str>, role: Role) -> Option<Credential> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = name {
            return held.get(principal, name).cloned();
        }
        let usual = held.get(principal, &principal.rights.credential);
        let found = match role {
            Role::Peer => principal
                .rights
                .credential_names()
                .filter_map(|name| held.get(principal, name))
                .find(|credential| matches!(credential, Credential::Peer(_))),
            Role::Public | Role::User | Role::Admin => usual,
        };
        Some(found.cloned().unwrap_or_default())
    }

    /// Name and kind of every credential that the principal may use, in order.
    pub fn names(&self, principal: &Principal) -> Vec<(String, Credential)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let configured = held
            .configured
            .iter()
            .filter(|(name, _)| principal.rights.credential_names().any(|own| own == *name))
            .map(|(name, (_, credential))| (name.clone(), credential.clone()));
        let logins = held.logins.get(&principal.name).into_iter().flatten();
        let all: BTreeMap<_, _> =
            configured.chain(logins.map(|(name, credential)| (name.clone(), credential.clone()))).collect();
        all.into_iter().collect()
    }

    /// Whom the principal can be towards the panel, as far as that is known.
    pub fn reach(&self, principal: &Principal) -> Reach {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let mut reach = Reach::default();
        if !held.configured.contains_key(&principal.rights.credential) {
            // Nobody is known, so nobody can be ruled out.
            reach.add_unknown();
        }
        let logins = held.logins.get(&principal.name).into_iter().flatten().map(|(_, credential)| credential);
        for credential in principal.rights.credential_names().filter_map(|name| held.get(principal, name)).chain(logins)
        {
            match credential {
                Credential::None => {}
                Credential::Peer(_) => reach.add_peer(),
                Credential::Token(token) => reach.add_account(token_claims(token).map(|session| session.role_id)),
                Credential::Account(account) => reach.add_account(account.last_role()),
            }
        }
        reach
    }

    /// Keeps an account that a principal has just logged in. Gives its name, or `None` when there is no room.
    pub fn keep_login(&self, principal: &Principal, account: Account) -> Option<String> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{LOGIN}{}", account.username());
        let all: usize = held.logins.values().map(BTreeMap::len).sum();
        let own = held.logins.entry(principal.name.clone()).or_default();
        if (own.len() >= MOST_LOGINS || all >= MOST_LOGINS_OF_ALL) && !own.contains_key(&name) {
            return None;
        }
        own.insert(name.clone(), Credential::Account(Arc::new(account)));
        Some(name)
    }

    /// Forgets a login of the principal, or the token of an account that it may use. `false`: nothing was there.
    pub fn forget(&self, principal: &Principal, name: &str) -> bool {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if name.starts_with(LOGIN) {
            let Some(own) = held.logins.get_mut(&principal.name) else { return false };
            let was_there = own.remove(name).is_some();
            if own.is_empty() {
                held.logins.remove(&principal.name);
            }
            return was_there;
        }
        match held.get(principal, name) {
            Some(Credential::Account(account)) => {
                let had = account.current().is_some();
                account.forget();
                had
            }
            _ => false,
        }
    }
}

fn fresh(login: &Login) -> Credential {
    match login {
        Login::Account { username, password } => {
            Credential::Account(Arc::new(Account::new(username, password.clone())))
        }
        Login::Token(token) => Credential::Token(token.clone()),
        Login::Peer(token) => Credential::Peer(token.clone()),
    }
}
