//! The identity provider's public keys: fetched from the configured address and from nowhere else, by one request at a time, not
//! more often than needed, and kept when the provider is down. A token never says where its key is.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use jsonwebtoken::jwk::Jwk;

use crate::config::policy::{KeySource, MOST_KEY_BYTES, read_keys};

/// Keys this old are fetched anew at the next token, so that one that was withdrawn ends.
const OLD: Duration = Duration::from_secs(600);
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
    /// There has never been any.
    #[error("the provider's keys could not be fetched")]
    Unavailable,
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

    /// The key of that name that fits.
    ///
    /// # Errors
    /// [`NoKey`].
    pub async fn find(&self, name: &str, fits: impl Fn(&Jwk) -> bool) -> Result<Jwk, NoKey> {
        let wanted =
            |keys: &[Jwk]| keys.iter().find(|key| key.common.key_id.as_deref() == Some(name) && fits(key)).cloned();
        let (keys, fresh) = self.known();
        let at_hand = wanted(&keys);
        if let Some(key) = at_hand.as_ref().filter(|_| fresh) {
            return Ok(key.clone());
        }
        self.refresh(at_hand.is_none() && fresh).await;
        let (keys, _) = self.known();
        match wanted(&keys) {
            Some(key) => Ok(key),
            None if keys.is_empty() => Err(NoKey::Unavailable),
            None => Err(NoKey::Unknown),
        }
    }

    /// The keys at hand, and whether they are fresh.
    fn known(&self) -> (Arc<Vec<Jwk>>, bool) {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = matches!(self.source, KeySource::Fixed(_)) || state.fetched.is_some_and(|at| at.elapsed() < OLD);
        (Arc::clone(&state.keys), fresh)
    }

    /// Fetches the keys if it is time. Those who come at the same moment wait for one fetch.
    async fn refresh(&self, for_unknown: bool) {
        let KeySource::Url(url) = &self.source else { return };
        let asked = Instant::now();
        let _one_at_a_time = self.turn.lock().await;
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let within = |at: Option<Instant>, pause: Duration| at.is_some_and(|at| at.elapsed() < pause);
            let done_meanwhile = state.fetched.is_some_and(|at| at >= asked);
            if done_meanwhile
                || within(state.failed, FAILED_PAUSE)
                || (for_unknown && within(state.for_unknown, UNKNOWN_PAUSE))
            {
                return;
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
            }
            Err(error) => {
                tracing::warn!(url, error, kept = state.keys.len(), "the identity provider's keys cannot be fetched");
                state.failed = Some(Instant::now());
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
