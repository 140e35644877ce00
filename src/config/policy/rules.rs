//! What the policy says of HTTP and of an identity provider, checked and with its usual values filled in.

use std::time::Duration;

use flvx_panel::client::is_loopback;

/// How HTTP is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRules {
    /// What the file says of anonymous callers.
    pub anonymous: Option<bool>,
    /// The address that clients use.
    pub public_url: Option<PublicUrl>,
    /// Largest request.
    pub max_body_bytes: usize,
    /// Most calls at the same time.
    pub max_concurrent: usize,
    /// Most calls of one principal at the same time.
    pub max_concurrent_per_principal: usize,
    /// Time for a request's headers.
    pub header_timeout: Duration,
    /// Time for a request's body.
    pub body_timeout: Duration,
}

impl Default for HttpRules {
    fn default() -> Self {
        Self {
            anonymous: None,
            public_url: None,
            max_body_bytes: 4 << 20,
            max_concurrent: 256,
            max_concurrent_per_principal: 128,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
        }
    }
}

/// The address of the endpoint as clients know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: String,
    origin: String,
    host: String,
    path: String,
    loopback: bool,
}

impl PublicUrl {
    /// Reads one.
    ///
    /// # Errors
    /// It is none that can identify this endpoint.
    pub fn new(text: &str) -> Result<Self, String> {
        let url = reqwest::Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        let Some(host) = host else {
            return Err(format!("`{text}` is no address of the web; write it like https://flvx.example.com/mcp"));
        };
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(format!("`{text}` has a user, a query or a fragment; write the bare address of the endpoint"));
        }
        if text.ends_with('/') && url.path() != "/" {
            return Err(format!("`{text}` ends with `/`; the endpoint is called without it, and both must be equal"));
        }
        let path = if url.path() == "/" { "" } else { url.path() };
        Ok(Self {
            url: text.trim_end_matches('/').to_owned(),
            origin: url.origin().ascii_serialization(),
            host: host.to_owned(),
            path: path.to_owned(),
            loopback: is_loopback(&url),
        })
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Its host, without a port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether only this machine reaches it.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Its scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where clients find out who gives tokens for it (RFC 9728).
    pub fn metadata_url(&self) -> String {
        format!("{}/.well-known/oauth-protected-resource{}", self.origin, self.path)
    }
}

/// Signature algorithms that can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// ECDSA over P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// Where the provider's keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Fetched from here when they are needed.
    Url(String),
    /// These; the text of a file.
    Fixed(String),
}

/// What a token of the identity provider must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtRules {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// The keys.
    pub keys: KeySource,
    /// Algorithms that are accepted.
    pub algorithms: Vec<Algorithm>,
    /// By how much clocks may differ.
    pub leeway: Duration,
    /// Scopes that every token must have.
    pub required_scopes: Vec<String>,
}
