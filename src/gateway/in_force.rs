//! The policy in force: loaded at the start, loaded anew on demand. A new one takes its place whole or not at all.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use flvx_panel::generated::ROUTES;

use super::{OwnCode, PREVIEWS};
use crate::config::{Config, KnownTool, Login, PanelLogin, Policy, Surroundings, Transport};

/// The policy in force.
#[derive(Debug)]
pub struct InForce {
    policy: RwLock<Arc<Policy>>,
    tools: Vec<KnownTool>,
    /// The address that other machines use, of the policy at the start.
    started_behind: Option<String>,
}

impl InForce {
    /// Loads what the configuration names.
    ///
    /// # Errors
    /// A text with every mistake.
    pub fn new(config: &Config, own: OwnCode) -> Result<Self, String> {
        let tools = ROUTES.iter().map(|route| route.tool).chain(own.tools.iter().map(|tool| tool.name));
        let previews =
            PREVIEWS.iter().map(|preview| KnownTool { name: &preview.name, previewed: Some(preview.route.tool) });
        let tools: Vec<_> = tools.map(|name| KnownTool { name, previewed: None }).chain(previews).collect();
        let policy = load(config, &tools)?;
        reachable(config, &policy)?;
        let url = policy.http.public_url.as_ref().filter(|url| !url.is_loopback());
        let started_behind = url.filter(|_| config.transport == Transport::Http).map(|url| url.as_str().to_owned());
        Ok(Self { policy: RwLock::new(Arc::new(policy)), tools, started_behind })
    }

    /// The policy as it is now.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Loads the file anew and gives what was in force before, and what is now. One that lets nobody in is taken over too: a
    /// token that leaked ends with its line in the file, also the last one.
    ///
    /// # Errors
    /// A text with every mistake; the old policy stays.
    pub fn reload(&self, config: &Config) -> Result<(Arc<Policy>, Arc<Policy>), String> {
        let new = Arc::new(load(config, &self.tools)?);
        if !new.shuts_out_all() {
            reachable(config, &new)?;
        }
        // The host that requests may name is taken over at the start only, so a proxy still lets strangers through.
        if let Some(url) = self.started_behind.as_ref().filter(|_| new.roster.lets_anonymous_in()) {
            return Err(format!(
                "other machines reach this gateway at {url}, which it was started with as `http.public_url`, and the policy lets anonymous callers in; set `http.anonymous: false`, or start the gateway anew"
            ));
        }
        let mut policy = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *policy, Arc::clone(&new));
        Ok((old, new))
    }
}

fn load(config: &Config, tools: &[KnownTool]) -> Result<Policy, String> {
    let around =
        Surroundings { environment: &config.environment, logins: environment_logins(config), tools: tools.to_vec() };
    let mut policy = match &config.policy_file {
        Some(path) => Policy::load(path, &around).map_err(|error| error.to_string())?,
        None => Policy::open(around.logins),
    };
    if !config.http_anonymous {
        policy.roster.let_anonymous_in(false);
    }
    Ok(policy)
}

/// Whether HTTP may listen where the configuration says, if it listens.
fn reachable(config: &Config, policy: &Policy) -> Result<(), String> {
    match config.transport {
        Transport::Http => policy.address(&config.http_addr).map(|_| ()),
        Transport::Stdio => Ok(()),
    }
}

/// The credentials that the environment gives: `default`, and `peer` for routes between panels.
fn environment_logins(config: &Config) -> BTreeMap<String, Login> {
    let login = match &config.panel.login {
        PanelLogin::None => None,
        PanelLogin::Token(token) => Some(Login::Token(token.clone())),
        PanelLogin::Account { username, password } => {
            Some(Login::Account { username: username.clone(), password: password.clone() })
        }
    };
    let peer = config.panel.peer_token.clone().map(Login::Peer);
    [(super::credentials::DEFAULT, login), (super::credentials::PEER, peer)]
        .into_iter()
        .filter_map(|(name, login)| Some((name.to_owned(), login?)))
        .collect()
}
