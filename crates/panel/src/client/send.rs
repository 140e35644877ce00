//! Sending: connection pool, time limits, the 401 that is cured by a new login, and the retries that are safe.

use std::{collections::HashMap, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use reqwest::Url;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    Answer, Credential, CredentialError, PanelError, RawAnswer, Refusal, Session, credential::token_claims,
    outgoing::outgoing,
};
use crate::{
    Secret,
    generated::ROUTES,
    spec::{AnswerForm, Danger, Method, Role, Route},
};

/// Tries of a read in all.
const READ_TRIES: u32 = 3;
/// Pause before the second try; doubled for each further one.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// Login answers without a network call, so it gets less time than other routes.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(15);

/// How a call is named on its way to the panel.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// Our name of the call: `X-Trace-Id`.
    pub id: &'a str,
    /// The same as a W3C trace context: `traceparent`.
    pub parent: &'a str,
}

/// How the client is set up.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// `http://host:port` of the panel, optionally with a path prefix.
    pub base_url: String,
    /// Time for the TCP and TLS handshake.
    pub connect_timeout: Duration,
    /// Upper bound on every route's own time limit; `None`: the routes' own.
    pub timeout: Option<Duration>,
    /// Largest answer taken, in bytes.
    pub max_answer: usize,
}

impl ClientOptions {
    /// The defaults for one panel.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), connect_timeout: Duration::from_secs(5), timeout: None, max_answer: 32 << 20 }
    }
}

/// The client of one panel. Cheap to share behind an `Arc`; all calls use one connection pool.
#[derive(Debug)]
pub struct PanelClient {
    http: reqwest::Client,
    base: Url,
    urls: HashMap<&'static str, Url>,
    options: ClientOptions,
}

impl PanelClient {
    /// Checks the options and makes the pool. Opens no connection.
    ///
    /// # Errors
    /// A text that names what is wrong with the base URL.
    pub fn new(options: ClientOptions) -> Result<Self, String> {
        let base = base_url(&options.base_url)?;
        // reqwest is built without a provider of its own; an error here means that one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(options.connect_timeout)
            .pool_max_idle_per_host(64)
            .tcp_nodelay(true)
            .user_agent(concat!("flvx-mcp/", env!("CARGO_PKG_VERSION")));
        if base.scheme() == "http" {
            // Reading the system's certificates takes longer than the rest of the start; a plain panel never needs them.
            builder = builder.tls_certs_only([]);
        }
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| format!("the HTTP client cannot be set up: {}", causes(&error)))?;
        let mut urls = HashMap::with_capacity(ROUTES.len());
        for route in ROUTES.iter().filter(|route| !route.path.contains('{')) {
            urls.insert(route.path, join(&base, route.path)?);
        }
        Ok(Self { http, base, urls, options })
    }

    /// The panel's base URL as it is used.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// Calls a route and gives the answer as it came. `trace` travels as `X-Trace-Id` and `traceparent`.
    ///
    /// Reads are tried up to three times when no answer came. Anything else is sent once; it is sent a second time only
    /// after envelope code 401, which the panel gives before it does anything, and only with a fresh login.
    ///
    /// # Errors
    /// [`PanelError`]; `effect_possible` tells whether the panel may have acted.
    pub async fn call(
        &self,
        route: &'static Route,
        credential: &Credential,
        arguments: &Map<String, Value>,
        trace: Option<Trace<'_>>,
    ) -> Result<RawAnswer, PanelError> {
        let tries = if matches!(route.danger, Danger::Read | Danger::Sensitive) { READ_TRIES } else { 1 };
        let mut pause = RETRY_PAUSE;
        let mut attempt = 1;
        loop {
            match self.once(route, credential, arguments, trace).await {
                Err(error) if attempt < tries && error.worth_retrying() => {
                    tracing::debug!(tool = route.tool, attempt, %error, "reading again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Calls a route with typed arguments and reads its data into a type.
    pub(crate) async fn typed<Q: Serialize, D: DeserializeOwned>(
        &self,
        route: &'static Route,
        credential: &Credential,
        request: &Q,
    ) -> Result<Answer<D>, PanelError> {
        let arguments = match serde_json::to_value(request) {
            Ok(Value::Object(arguments)) => arguments,
            Ok(Value::Null) => Map::new(),
            Ok(_) => return Err(PanelError::BadRequest("the arguments are no object".to_owned())),
            Err(error) => return Err(PanelError::BadRequest(error.to_string())),
        };
        let answer = self.call(route, credential, &arguments, None).await?;
        let data = serde_json::from_str(answer.data_text()).map_err(|error| PanelError::Shape(error.to_string()))?;
        Ok(Answer { msg: answer.msg, ts: answer.ts, data })
    }

    /// One call, and a second one when a login cures it.
    async fn once(
        &self,
        route: &'static Route,
        credential: &Credential,
        arguments: &Map<String, Value>,
        trace: Option<Trace<'_>>,
    ) -> Result<RawAnswer, PanelError> {
        let token = self.authorization(route.role, credential, None).await?;
        let outcome = self.send(route, token.as_ref(), arguments, trace).await;
        let (Err(PanelError::Refused(Refusal { code: 401, .. })), Credential::Account(_)) = (&outcome, credential)
        else {
            return outcome;
        };
        let Some((_, stale)) = token else { return outcome };
        let fresh = self.authorization(route.role, credential, Some(&stale)).await?;
        self.send(route, fresh.as_ref(), arguments, trace).await
    }

    /// The header value for a route, with the secret it was made from.
    async fn authorization(
        &self,
        role: Role,
        credential: &Credential,
        stale: Option<&Secret>,
    ) -> Result<Option<(HeaderValue, Secret)>, PanelError> {
        let (text, secret) = match (role, credential) {
            (Role::Public, _) => return Ok(None),
            (Role::Peer, Credential::Peer(token)) => (format!("Bearer {}", token.expose()), token.clone()),
            (Role::Peer, _) => {
                return Err(
                    CredentialError::Missing { needed: "a share token of this panel (PANEL_PEER_TOKEN)" }.into()
                );
            }
            (_, Credential::Token(token)) => (token.expose().to_owned(), token.clone()),
            (_, Credential::Account(account)) => {
                let token = account.token(self, stale).await?;
                (token.expose().to_owned(), token)
            }
            (_, Credential::None | Credential::Peer(_)) => {
                return Err(CredentialError::Missing {
                    needed: "a panel login (PANEL_TOKEN, or PANEL_USERNAME with PANEL_PASSWORD)",
                }
                .into());
            }
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            PanelError::BadRequest("the token has characters that cannot travel in a header".to_owned())
        })?;
        value.set_sensitive(true);
        Ok(Some((value, secret)))
    }

    /// Who a credential is, as its token says; logs in when that is needed. `None`: the token does not say.
    ///
    /// # Errors
    /// The login failed, or there is no credential.
    pub async fn session(&self, credential: &Credential) -> Result<Option<Session>, PanelError> {
        let token = self.authorization(Role::User, credential, None).await?;
        Ok(token.and_then(|(_, secret)| token_claims(&secret)))
    }

    /// The version that the panel tells of itself. `None`: it has no such route, as all versions before 3.1.0.
    ///
    /// # Errors
    /// No answer that would tell; the route asks for an administrator.
    pub async fn version(&self, credential: &Credential) -> Result<Option<String>, PanelError> {
        #[derive(Deserialize)]
        struct Version {
            #[serde(rename = "currentVersion")]
            current: String,
        }
        const PATH: &str = "/api/v1/system/version";
        let token = self.authorization(Role::Admin, credential, None).await?;
        let url = join(&self.base, PATH).map_err(PanelError::BadRequest)?;
        let mut request = self.http.post(url).timeout(self.limit(LOGIN_TIMEOUT));
        if let Some((value, _)) = token {
            request = request.header(header::AUTHORIZATION, value);
        }
        match self.exchange(request, AnswerForm::Envelope, PATH).await {
            Ok(answer) => Ok(serde_json::from_str::<Version>(answer.data_text()).ok().map(|version| version.current)),
            Err(PanelError::Unsupported { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Exchanges a user name and password for a panel token.
    ///
    /// # Errors
    /// [`PanelError::Credential`] when the panel refuses.
    pub async fn login(&self, username: &str, password: &Secret) -> Result<Secret, PanelError> {
        #[derive(Deserialize)]
        struct Token {
            token: Secret,
        }
        let url = join(&self.base, "/api/v1/user/login").map_err(PanelError::BadRequest)?;
        let body = serde_json::json!({ "username": username, "password": password.expose() }).to_string();
        let request = self
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .timeout(self.limit(LOGIN_TIMEOUT));
        let failed = |cause: String| CredentialError::LoginFailed { username: username.to_owned(), cause };
        let answer = match self.exchange(request, AnswerForm::Envelope, "/api/v1/user/login").await {
            Ok(answer) => answer,
            Err(PanelError::Refused(refusal)) => {
                return Err(CredentialError::LoginRefused {
                    username: username.to_owned(),
                    code: refusal.code,
                    msg: refusal.msg,
                }
                .into());
            }
            // A panel that cannot be reached stays that: the caller should not be told about passwords. What else goes wrong
            // with a login is the login's error, so that it is never mistaken for an answer to the call itself.
            Err(error @ PanelError::NotSent { .. }) => return Err(error),
            Err(error) => return Err(failed(error.to_string()).into()),
        };
        let token: Token = serde_json::from_str(answer.data_text())
            .map_err(|_| failed("the panel's answer holds no token".to_owned()))?;
        Ok(token.token)
    }

    async fn send(
        &self,
        route: &'static Route,
        token: Option<&(HeaderValue, Secret)>,
        arguments: &Map<String, Value>,
        trace: Option<Trace<'_>>,
    ) -> Result<RawAnswer, PanelError> {
        let out = outgoing(route, arguments)?;
        let mut url = match &out.path {
            Some(path) => join(&self.base, path).map_err(PanelError::BadRequest)?,
            None => match self.urls.get(route.path) {
                Some(url) => url.clone(),
                None if route.path.contains('{') => {
                    return Err(PanelError::BadRequest(format!("{}: a path parameter is missing", route.path)));
                }
                // A route of another table (tests have their own).
                None => join(&self.base, route.path).map_err(PanelError::BadRequest)?,
            },
        };
        if !out.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&out.query);
        }
        let method = match route.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request =
            self.http.request(method, url).timeout(self.limit(Duration::from_secs(route.timeout_s.into())));
        if let Some((value, _)) = token {
            request = request.header(header::AUTHORIZATION, value);
        }
        if let Some(trace) = trace {
            request = request.header("x-trace-id", trace.id).header("traceparent", trace.parent);
        }
        for (name, value) in out.headers {
            request = request.header(name, value);
        }
        if let Some(body) = out.body {
            request = request.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body);
        }
        self.exchange(request, route.answer, route.path).await
    }

    async fn exchange(
        &self,
        request: reqwest::RequestBuilder,
        form: AnswerForm,
        path: &str,
    ) -> Result<RawAnswer, PanelError> {
        let started = std::time::Instant::now();
        let no_answer = |error: &reqwest::Error| PanelError::NoAnswer {
            cause: if error.is_timeout() { "the time limit ran out".to_owned() } else { causes(error) },
            waited: started.elapsed(),
        };
        let mut response = request.send().await.map_err(|error| {
            if error.is_builder() {
                PanelError::BadRequest(causes(&error))
            } else if error.is_connect() {
                PanelError::NotSent { cause: causes(&error) }
            } else {
                no_answer(&error)
            }
        })?;
        let status = response.status().as_u16();
        let content_type = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        if (300..400).contains(&status) {
            return Err(PanelError::NotAPanel {
                status,
                what: "a redirect; PANEL_BASE_URL must be the panel's own address".to_owned(),
            });
        }
        let limit = self.options.max_answer;
        let expected = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        if expected > limit {
            return Err(PanelError::TooLarge { limit });
        }
        // Most answers arrive in one piece, which is then taken as it is instead of being copied together.
        let Some(first) = response.chunk().await.map_err(|error| no_answer(&error))? else {
            return RawAnswer::read(form, status, &content_type, path, Bytes::new());
        };
        let mut body = first;
        if body.len() < expected || response.content_length().is_none() {
            let mut whole = BytesMut::with_capacity(expected.max(body.len()));
            whole.extend_from_slice(&body);
            while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&error))? {
                if whole.len() + chunk.len() > limit {
                    return Err(PanelError::TooLarge { limit });
                }
                whole.extend_from_slice(&chunk);
            }
            body = whole.freeze();
        }
        RawAnswer::read(form, status, &content_type, path, body)
    }

    fn limit(&self, own: Duration) -> Duration {
        self.options.timeout.map_or(own, |bound| bound.min(own))
    }
}

/// Checks a base URL without making a client.
///
/// # Errors
/// A text that names what is wrong with it.
pub fn check_base_url(text: &str) -> Result<(), String> {
    base_url(text).map(|_| ())
}

fn base_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| {
        format!("PANEL_BASE_URL `{text}` is no URL ({error}); give something like http://127.0.0.1:6365")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("PANEL_BASE_URL `{text}` must start with http:// or https://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("PANEL_BASE_URL `{text}` names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "PANEL_BASE_URL must not carry a user name or password; use PANEL_USERNAME and PANEL_PASSWORD".to_owned()
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("PANEL_BASE_URL `{text}` must not have a query or fragment"));
    }
    let path = url.path().trim_end_matches('/').trim_end_matches("/api/v1").to_owned();
    url.set_path(&path);
    Ok(url)
}

fn join(base: &Url, path: &str) -> Result<Url, String> {
    let prefix = base.path().trim_end_matches('/');
    let text = format!("{}{}{}", base.origin().ascii_serialization(), prefix, path);
    Url::parse(&text).map_err(|error| format!("{path}: {error}"))
}

/// Whether a URL names this machine itself: `localhost`, or an address of loopback.
pub fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// The causes of an error from the inside, without the URL that reqwest puts in front.
fn causes(error: &dyn std::error::Error) -> String {
    let mut inner = error.source();
    let mut text = String::new();
    while let Some(cause) = inner {
        let words = cause.to_string();
        if !words.is_empty() && !text.contains(&words) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&words);
        }
        inner = cause.source();
    }
    if text.is_empty() { error.to_string() } else { text }
}
