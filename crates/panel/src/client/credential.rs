//! How the client proves who it is: a panel token, an account that logs in on demand, or a share token of another panel.
//!
//! An account's token is shared by all callers, obtained by one login at a time and replaced when the panel says 401.
//! Tokens never leave this module except into the `Authorization` header.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Deserialize;

use super::{PanelClient, PanelError};
use crate::Secret;

/// How long a failed login is remembered before the panel is asked again.
const LOGIN_PAUSE: Duration = Duration::from_secs(5);

/// The same for a panel that was not reached: callers that wait for one login must not each wait for a connection.
const UNREACHED_PAUSE: Duration = Duration::from_secs(1);

/// Who the client is towards the panel.
#[derive(Debug, Clone, Default)]
pub enum Credential {
    /// Nobody: only public routes work.
    #[default]
    None,
    /// A panel token (JWT), sent as it is, without `Bearer`.
    Token(Secret),
    /// A user name and password; a token is fetched when needed.
    Account(Arc<Account>),
    /// Another panel's share token, sent as `Bearer`.
    Peer(Secret),
}

/// An account and the token it has at the moment.
#[derive(Debug)]
pub struct Account {
    username: String,
    password: Secret,
    token: Mutex<Option<Secret>>,
    /// What the last token said of the account's role.
    role: Mutex<Option<i64>>,
    failed: Mutex<Option<Failed>>,
    login: tokio::sync::Mutex<()>,
}

/// A login that went wrong, and when.
#[derive(Debug)]
struct Failed {
    at: Instant,
    cause: String,
    /// The panel was not reached, so the account is not to blame.
    unreached: bool,
}

/// Who a token belongs to, as the token itself says (the signature is the panel's business).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    /// Account id.
    #[serde(rename = "sub", default)]
    pub user_id: String,
    /// Account name.
    #[serde(rename = "user", default)]
    pub username: String,
    /// 0 administrator, 1 ordinary user.
    pub role_id: i64,
    /// Seconds since the epoch.
    #[serde(default)]
    pub iat: Option<i64>,
    /// Seconds since the epoch.
    #[serde(default)]
    pub exp: Option<i64>,
}

/// Why there is no credential to call with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The route wants one and none is configured.
    #[error("this route needs {needed}, and none is configured")]
    Missing {
        /// What is needed, in the operator's words.
        needed: &'static str,
    },
    /// The panel did not let the account in.
    #[error("the panel refused the login of `{username}` (code {code}): {msg}")]
    LoginRefused {
        /// Account name.
        username: String,
        /// Envelope code.
        code: i64,
        /// The panel's words.
        msg: String,
    },
    /// The login could not be carried out.
    #[error("the login of `{username}` failed: {cause}")]
    LoginFailed {
        /// Account name.
        username: String,
        /// What went wrong.
        cause: String,
    },
}

impl Account {
    /// An account that will log in at its first use.
    pub fn new(username: impl Into<String>, password: Secret) -> Self {
        Self {
            username: username.into(),
            password,
            token: Mutex::new(None),
            role: Mutex::new(None),
            failed: Mutex::new(None),
            login: tokio::sync::Mutex::new(()),
        }
    }

    /// The account's name.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The token in use, if the account is logged in.
    pub fn current(&self) -> Option<Secret> {
        lock(&self.token).clone()
    }

    /// The role of the account at its last login (0: administrator), also when its token is forgotten since.
    pub fn last_role(&self) -> Option<i64> {
        *lock(&self.role)
    }

    fn hold(&self, token: Secret) {
        if let Some(session) = token_claims(&token) {
            *lock(&self.role) = Some(session.role_id);
        }
        *lock(&self.token) = Some(token);
    }

    /// Forgets the token; the next call logs in again.
    pub fn forget(&self) {
        *lock(&self.token) = None;
    }

    /// A token other than `stale`: the one at hand, or a fresh one. Callers that come at the same time wait for one login.
    pub(super) async fn token(&self, client: &PanelClient, stale: Option<&Secret>) -> Result<Secret, PanelError> {
        if let Some(token) = self.usable(stale) {
            return Ok(token);
        }
        let _one_at_a_time = self.login.lock().await;
        if let Some(token) = self.usable(stale) {
            return Ok(token);
        }
        if let Some(error) = self.failed_just_now() {
            return Err(error);
        }
        match client.login(&self.username, &self.password).await {
            Ok(token) => {
                *lock(&self.failed) = None;
                self.hold(token.clone());
                Ok(token)
            }
            Err(error) => {
                let (cause, unreached) = match &error {
                    PanelError::NotSent { cause } => (cause.clone(), true),
                    error => (error.to_string(), false),
                };
                *lock(&self.failed) = Some(Failed { at: Instant::now(), cause, unreached });
                Err(error)
            }
        }
    }

    /// What the last login brought, while it is too early for another one.
    fn failed_just_now(&self) -> Option<PanelError> {
        let failed = lock(&self.failed);
        let failed = failed.as_ref()?;
        let ago = failed.at.elapsed();
        if failed.unreached {
            return (ago < UNREACHED_PAUSE).then(|| PanelError::NotSent { cause: failed.cause.clone() });
        }
        (ago < LOGIN_PAUSE).then(|| {
            let pause = LOGIN_PAUSE.as_secs();
            let cause = format!(
                "{} (asked {:.0} s ago; the panel is not asked again before {pause} s have passed)",
                failed.cause,
                ago.as_secs_f64()
            );
            CredentialError::LoginFailed { username: self.username.clone(), cause }.into()
        })
    }

    /// Takes a token that a login elsewhere has just brought.
    pub fn adopt(&self, token: Secret) {
        *lock(&self.failed) = None;
        self.hold(token);
    }

    fn usable(&self, stale: Option<&Secret>) -> Option<Secret> {
        lock(&self.token).clone().filter(|token| Some(token) != stale)
    }
}

/// Reads what a panel token says of itself. `None`: it is no such token.
pub fn token_claims(token: &Secret) -> Option<Session> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.expose().split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
