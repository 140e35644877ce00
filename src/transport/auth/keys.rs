//! The identity provider's public keys: fetched from the configured address and from nowhere else, by one request at a time, not
//! more often than needed, and kept for a day when the provider is down. A token never says where its key is.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use jsonwebtoken::jwk::Jwk;

use crate::config::policy::{KeySource, MOST_KEY_BYTES, read_keys};

/// Keys this old are fetched anew at the next token, so that one that was withdrawn ends; that token does not wait for it.
const OLD: Duration = Duration::from_secs(600);
/// Keys this old are no longer used: nobody knows whether they were withdrawn.
const SPENT: Duration = Duration::from_secs(24 * 3_600);
/// How often keys are fetched at most because a token names one that is not known.
const UNKNOWN_PAUSE: Duration = Duration::from_secs(60);
/// How often at most after a failure.
const FAILED_PAUSE: Duration = Duration::from_secs(5);
/// How long a fetch may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Why there is no key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// There are keys, but not this one.
    #[error("no key of the provider has this name")]
    Unknown,
    /// There is none that may be used, or the provider cannot be asked for one that is not known.
    #[error("the provider's keys could not be fetched")]
    Unavailable,
}

/// How long ago keys were fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Not long ago.
    Fresh,
    /// So long ago that it is time to fetch them anew.
    Old,
    /// Never, or too long ago to be used.
    Spent,
}

/// The keys, as far as they are known.
#[derive(Debug)]
pub struct Keys {
    source: KeySource,
    client: reqwest::Client,
    state: RwLock<State>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    keys: Arc<Vec<Jwk>>,
    fetched: Option<Instant>,
    failed: Option<Instant>,
    /// When an unknown name was last the reason.
    for_unknown: Option<Instant>,
}

impl Keys {
    /// Keys from a source; nothing is fetched yet.
    pub fn new(source: KeySource) -> Result<Self, String> {
        // TLS needs a process-wide choice of cryptography; it may have been made already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LIMIT)
            .connect_timeout(LIMIT);
        let mut state = State::default();
        match &source {
            KeySource::Fixed(text) => state.keys = Arc::new(read_keys(text)?),
            // http is for loopback only, and that is no matter of proxies.
            KeySource::Url(url) if url.starts_with("http:") => client = client.no_proxy(),
            KeySource::Url(_) => {}
        }
        let client = client.build().map_err(|error| format!("no HTTP client for the provider's keys: {error}"))?;
        Ok(Self { source, client, state: RwLock::new(state), turn: tokio::sync::Mutex::new(()) })
    }

    /// The key of that name that fits. One that is at hand is given at once, even when it is time to fetch the keys anew.
    ///
    /// # Errors
    /// [`NoKey`].
    pub async fn find(self: &Arc<Self>, name: &str, fits: impl Fn(&Jwk) -> bool) -> Result<Jwk, NoKey> {
        let wanted =
            |keys: &[Jwk]| keys.iter().find(|key| key.common.key_id.as_deref() == Some(name) && fits(key)).cloned();
        let (keys, age) = self.known();
        let at_hand = wanted(&keys);
        match (&at_hand, age) {
            (Some(key), Age::Fresh) => return Ok(key.clone()),
            (Some(key), Age::Old) => {
                // Whoever has the turn is fetching them already.
                if self.turn.try_lock().is_ok() {
                    drop(self.start_refresh(false));
                }
                return Ok(key.clone());
            }
            _ => {}
        }
        let asked = self.start_refresh(at_hand.is_none() && age == Age::Fresh).await.unwrap_or(false);
        let (keys, age) = self.known();
        match wanted(&keys) {
            Some(key) if age != Age::Spent => Ok(key),
            None if asked && !keys.is_empty() => Err(NoKey::Unknown),
            _ => Err(NoKey::Unavailable),
        }
    }

    /// The keys at hand, and how old they are.
    fn known(&self) -> (Arc<Vec<Jwk>>, Age) {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let age = match (&self.source, state.fetched.map(|at| at.elapsed())) {
            (KeySource::Fixed(_), _) => Age::Fresh,
            (KeySource::Url(_), Some(age)) if age < OLD => Age::Fresh,
            (KeySource::Url(_), Some(age)) if age < SPENT => Age::Old,
            _ => Age::Spent,
        };
        (Arc::clone(&state.keys), age)
    }

    /// A refresh in a task of its own, so that a caller who goes away does not break it off.
    fn start_refresh(self: &Arc<Self>, for_unknown: bool) -> tokio::task::JoinHandle<bool> {
        let keys = Arc::clone(self);
        tokio::spawn(async move { keys.refresh(for_unknown).await })
    }

    /// Fetches the keys if it is time. Those who come at the same moment wait for one fetch. `false`: the provider could not be
    /// asked, now or a moment ago.
    async fn refresh(&self, for_unknown: bool) -> bool {
        let KeySource::Url(url) = &self.source else { return true };
        let asked = Instant::now();
        let _one_at_a_time = self.turn.lock().await;
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let within = |at: Option<Instant>, pause: Duration| at.is_some_and(|at| at.elapsed() < pause);
            if state.fetched.is_some_and(|at| at >= asked) {
                return true;
            }
            if within(state.failed, FAILED_PAUSE) {
                return false;
            }
            if for_unknown && within(state.for_unknown, UNKNOWN_PAUSE) {
                return true;
            }
            if for_unknown {
                state.for_unknown = Some(Instant::now());
            }
        }
        let fetched = self.fetch(url).await;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(keys) => {
                state.keys = Arc::new(keys);
                state.fetched = Some(Instant::now());
                state.failed = None;
                true
            }
            Err(error) => {
                tracing::warn!(url, error, kept = state.keys.len(), "the identity provider's keys cannot be fetched");
                state.failed = Some(Instant::now());
                // What was not answered may be asked again.
                if for_unknown {
                    state.for_unknown = None;
                }
                false
            }
        }
    }

    async fn fetch(&self, url: &str) -> Result<Vec<Jwk>, String> {
        let mut response = self.client.get(url).send().await.map_err(|error| error.without_url().to_string())?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(format!("HTTP {}", response.status().as_u16()));
        }
        let mut text = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
            text.extend_from_slice(&part);
            if text.len() > MOST_KEY_BYTES {
                return Err(format!("more than {MOST_KEY_BYTES} bytes"));
            }
        }
        read_keys(&String::from_utf8_lossy(&text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A set of one key that was fetched so long ago.
    fn fetched(url: &str, ago: Duration) -> Arc<Keys> {
        let keys = Keys::new(KeySource::Url(url.to_owned())).unwrap();
        let known = read_keys(r#"{"keys":[{"kty":"RSA","kid":"known","n":"AQAB","e":"AQAB"}]}"#).unwrap();
        let state = State { keys: Arc::new(known), fetched: Instant::now().checked_sub(ago), ..State::default() };
        *keys.state.write().unwrap() = state;
        Arc::new(keys)
    }

    #[tokio::test]
    async fn a_key_at_hand_waits_for_no_provider_until_it_is_a_day_old() {
        // Takes connections and never answers.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let old = fetched(&format!("http://{}/keys", silent.local_addr().unwrap()), OLD * 2);
        let started = Instant::now();
        assert!(old.find("known", |_| true).await.is_ok());
        assert!(started.elapsed() < LIMIT / 2, "{:?}", started.elapsed());
        let spent = fetched("http://127.0.0.1:9/keys", SPENT);
        assert_eq!(spent.find("known", |_| true).await.err(), Some(NoKey::Unavailable));
    }

    #[tokio::test]
    async fn a_provider_that_cannot_be_asked_for_an_unknown_key_may_be_asked_again() {
        let keys = fetched("http://127.0.0.1:9/keys", Duration::ZERO);
        assert_eq!(keys.find("other", |_| true).await.err(), Some(NoKey::Unavailable));
        assert_eq!(keys.state.read().unwrap().for_unknown, None);
        assert_eq!(keys.find("other", |_| true).await.err(), Some(NoKey::Unavailable), "nor a moment later");
        assert!(keys.find("known", |_| true).await.is_ok());
    }
}
