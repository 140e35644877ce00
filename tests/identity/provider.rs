//! An identity provider of our own: keys, tokens, and an address where its keys are. The RSA key in `keys/` protects nothing.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{Router, http::StatusCode, routing::get};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair, RsaPublicKeyComponents},
};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://id.example.com/";
pub const AUDIENCE: &str = "https://flvx.example.com/mcp";

/// A private key with its name.
pub struct Key {
    pub kid: String,
    kind: Kind,
}

enum Kind {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    pub fn ec(kid: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self { kid: kid.to_owned(), kind: Kind::Ec(pair) }
    }

    pub fn ed(kid: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { kid: kid.to_owned(), kind: Kind::Ed(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()) }
    }

    pub fn rsa(kid: &str) -> Self {
        let pem = include_str!("keys/rsa-for-tests-only.pem");
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(body).unwrap();
        Self { kid: kid.to_owned(), kind: Kind::Rsa(RsaKeyPair::from_pkcs8(&der).unwrap()) }
    }

    /// What is public of it.
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.kind {
            Kind::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) })
            }
            Kind::Ed(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) }),
            Kind::Rsa(pair) => {
                let key: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
                json!({ "kty": "RSA", "n": text(&key.n), "e": text(&key.e) })
            }
        };
        jwk["kid"] = self.kid.clone().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// A header for this key.
    pub fn header(&self) -> Value {
        let alg = match self.kind {
            Kind::Ec(_) => "ES256",
            Kind::Ed(_) => "EdDSA",
            Kind::Rsa(_) => "RS256",
        };
        json!({ "alg": alg, "kid": self.kid, "typ": "JWT" })
    }

    /// A token with this header and these claims, signed as the header's algorithm says.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let random = SystemRandom::new();
        let signature = match &self.kind {
            Kind::Ec(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Kind::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Kind::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let padding: &dyn signature::RsaEncoding =
                    if header["alg"] == "PS256" { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
                pair.sign(padding, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token with the usual header.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }
}

/// The part of a token that is signed.
pub fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Claims that are right, with changes; null takes a claim away.
pub fn claims(changes: Value) -> Value {
    let mut claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": now() + 600, "iat": now(), "scope": "flvx:read" });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// Where a provider's keys are: what it answers can be changed, and fetches are counted.
#[derive(Clone)]
pub struct Provider {
    pub address: SocketAddr,
    answer: Arc<Mutex<(u16, String)>>,
    fetches: Arc<AtomicUsize>,
}

impl Provider {
    pub async fn start(keys: &[&Key]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            address: listener.local_addr().unwrap(),
            answer: Arc::new(Mutex::new((200, set(keys)))),
            fetches: Arc::default(),
        };
        let inner = provider.clone();
        let app = Router::new().route(
            "/keys",
            get(move || async move {
                inner.fetches.fetch_add(1, Ordering::SeqCst);
                let (status, body) = inner.answer.lock().unwrap().clone();
                let status = StatusCode::from_u16(status).unwrap();
                (status, [("location", "http://127.0.0.1:1/elsewhere")], body)
            }),
        );
        tokio::spawn(async move { axum::serve(listener, app).await });
        provider
    }

    pub fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }

    pub fn publish(&self, keys: &[&Key]) {
        self.answer(200, &set(keys));
    }

    pub fn answer(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

/// A set of keys, with some that nobody can use among them, as real providers have.
pub fn set(keys: &[&Key]) -> String {
    let mut all: Vec<Value> = vec![
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "strange", "x": "AA", "y": "AA" }),
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "shared" }),
        json!({ "kty": "new", "kid": "later" }),
    ];
    all.extend(keys.iter().map(|key| key.jwk()));
    json!({ "keys": all }).to_string()
}
