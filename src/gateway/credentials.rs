//! The credentials that the gateway holds, by name, and whose they are. A client only ever sees the names, and only of those
//! that its principal may use: the ones of the policy, and its own logins.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use flvx_panel::{
    client::{Account, Credential, token_claims},
    generated::AUTH_LOGIN,
    spec::Role,
};

use super::{Offer, Reach};
use crate::{access::Principal, config::Login};

/// Most logins that one principal may add.
const MOST_LOGINS: usize = 32;
/// Most logins of all principals together; then the oldest makes room. Anybody whom an identity provider knows may log in.
const MOST_LOGINS_OF_ALL: usize = 1_024;
/// Name of the credential that the environment gives.
pub const DEFAULT: &str = "default";
/// Name of the credential that the environment gives for routes of other panels.
pub const PEER: &str = "peer";
/// What the names of logins start with; no name of the policy does.
const LOGIN: &str = "login:";
/// Said to whoever names a login that is not there (any more).
const LOST_LOGIN: &str = "A login ends when it is given back, when the gateway restarts, and as the oldest of all when too many are kept: log in again with auth.login, or leave auth_context out.";

/// All credentials.
#[derive(Debug, Default)]
pub struct Credentials {
    held: RwLock<Held>,
}

#[derive(Debug, Default)]
struct Held {
    configured: BTreeMap<String, (Login, Credential)>,
    /// By principal, then by name; nobody stands here without a login.
    logins: BTreeMap<String, BTreeMap<String, Kept>>,
    /// How many logins there were so far.
    count: u64,
}

/// A login, and which it was of all.
#[derive(Debug)]
struct Kept {
    number: u64,
    credential: Credential,
}

impl Held {
    fn get(&self, principal: &Principal, name: &str) -> Option<&Credential> {
        if name.starts_with(LOGIN) {
            return self.logins.get(&principal.name)?.get(name).map(|login| &login.credential);
        }
        let may = principal.rights.credential_names().any(|own| own == name);
        self.configured.get(name).filter(|_| may).map(|(_, credential)| credential)
    }

    fn logins_of(&self, principal: &Principal) -> impl Iterator<Item = (&String, &Credential)> {
        let own = self.logins.get(&principal.name).into_iter().flatten();
        own.map(|(name, login)| (name, &login.credential))
    }

    fn has_room(&self, principal: &Principal, name: &str) -> bool {
        self.logins.get(&principal.name).is_none_or(|own| own.len() < MOST_LOGINS || own.contains_key(name))
    }

    /// Takes a login away, and with the last one its owner. `false`: it was not there.
    fn remove_login(&mut self, principal: &str, name: &str) -> bool {
        let Some(own) = self.logins.get_mut(principal) else { return false };
        let was_there = own.remove(name).is_some();
        if own.is_empty() {
            self.logins.remove(principal);
        }
        was_there
    }

    fn remove_oldest_login(&mut self) {
        let owned = |(principal, own): (&String, &BTreeMap<String, Kept>)| {
            let (name, oldest) = own.iter().min_by_key(|(_, login)| login.number)?;
            Some((oldest.number, principal.clone(), name.clone()))
        };
        let oldest = self.logins.iter().filter_map(owned).min();
        if let Some((_, principal, name)) = oldest {
            tracing::info!(%principal, "too many logins are kept; the oldest of all, of this principal, made room");
            self.remove_login(&principal, &name);
        }
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
                _ => (name.clone(), (login.clone(), login.credential())),
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

    /// The credential of that name, or the principal's own, which is there even when nothing is configured: then only public
    /// routes work. `None`: the principal has none of that name.
    pub fn pick(&self, principal: &Principal, name: Option<&str>) -> Option<Credential> {
        match name {
            Some(name) => self.named(principal, name),
            None => Some(self.named(principal, &principal.rights.credential).unwrap_or_default()),
        }
    }

    /// What helps a caller with this offer whose `auth_context` names no credential of its own.
    pub fn cure(name: &str, offer: Offer<'_>) -> &'static str {
        match Self::lost_login(name, offer) {
            Some(words) => words,
            None if offer.has_name(AUTH_LOGIN.tool) => {
                "Leave auth_context out to use the operator's credential, or log in with auth.login first."
            }
            None => "Leave auth_context out to use the operator's credential.",
        }
    }

    /// What is said of a name that can only be a login's. `None`: it is none, or the caller is not offered to log in.
    pub fn lost_login(name: &str, offer: Offer<'_>) -> Option<&'static str> {
        (name.starts_with(LOGIN) && offer.has_name(AUTH_LOGIN.tool)).then_some(LOST_LOGIN)
    }

    /// Name and kind of every credential that the principal may use, in order.
    pub fn names(&self, principal: &Principal) -> Vec<(String, Credential)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let configured = held
            .configured
            .iter()
            .filter(|(name, _)| principal.rights.credential_names().any(|own| own == *name))
            .map(|(name, (_, credential))| (name.clone(), credential.clone()));
        let logins = held.logins_of(principal).map(|(name, credential)| (name.clone(), credential.clone()));
        let all: BTreeMap<_, _> = configured.chain(logins).collect();
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
        let logins = held.logins_of(principal).map(|(_, credential)| credential);
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

    /// Whether a login of the principal as this account would be kept. Logins of others take no room away.
    pub fn has_room(&self, principal: &Principal, username: &str) -> bool {
        self.held.read().unwrap_or_else(PoisonError::into_inner).has_room(principal, &login_name(username))
    }

    /// Keeps an account that a principal has just logged in. Gives its name, or `None` when the principal has too many.
    pub fn keep_login(&self, principal: &Principal, account: Account) -> Option<String> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let name = login_name(account.username());
        if !held.has_room(principal, &name) {
            return None;
        }
        held.count += 1;
        let login = Kept { number: held.count, credential: Credential::Account(Arc::new(account)) };
        held.logins.entry(principal.name.clone()).or_default().insert(name.clone(), login);
        if held.logins.values().map(BTreeMap::len).sum::<usize>() > MOST_LOGINS_OF_ALL {
            held.remove_oldest_login();
        }
        Some(name)
    }

    /// Forgets a login of the principal, or the token of an account that it may use. `false`: nothing was there.
    pub fn forget(&self, principal: &Principal, name: &str) -> bool {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if name.starts_with(LOGIN) {
            return held.remove_login(&principal.name, name);
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

fn login_name(username: &str) -> String {
    format!("{LOGIN}{username}")
}
