//! Tokens of the identity provider: verified against its keys, never against anything that the token itself brings.
//!
//! The algorithm must be allowed by the policy and fit the key's kind; `jku`, `jwk` and `x5u` are not looked at; `crit` is
//! refused. Issuer, audience, subject and end must be there and right.

use std::sync::Arc;

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    keys::{Keys, NoKey},
    signature,
};
use crate::config::policy::{self, JwtRules};

/// Longest subject; it becomes a name in records.
const LONGEST_SUBJECT: usize = 200;

/// What a verified token says.
#[derive(Debug, Clone)]
pub struct Claims {
    /// Whose it is.
    pub subject: String,
    all: Map<String, Value>,
}

impl Claims {
    /// All values of a claim: the words of a text, the texts of a list.
    pub fn values(&self, claim: &str) -> Vec<String> {
        match self.all.get(claim) {
            Some(Value::String(text)) => text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        ["scope", "scp"].iter().any(|claim| self.values(claim).iter().any(|value| value == scope))
    }
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Its form, its header or its claims.
    #[error("{0}")]
    Token(String),
    /// Nothing can be said, because there are no keys.
    #[error("the identity provider's keys could not be fetched")]
    NoKeys,
}

impl From<NoKey> for Refused {
    fn from(error: NoKey) -> Self {
        match error {
            NoKey::Unknown => Self::Token(error.to_string()),
            NoKey::Unavailable => Self::NoKeys,
        }
    }
}

/// Verifies tokens by one set of rules.
#[derive(Debug)]
pub struct Verifier {
    rules: JwtRules,
    keys: Arc<Keys>,
}

/// The part of a token's header that is looked at.
#[derive(Debug, Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

impl Verifier {
    /// A verifier; it fetches nothing yet.
    pub fn new(rules: JwtRules) -> Result<Self, String> {
        signature::install();
        Ok(Self { keys: Arc::new(Keys::new(rules.keys.clone())?), rules })
    }

    /// The rules that it follows.
    pub fn rules(&self) -> &JwtRules {
        &self.rules
    }

    /// Whether a text can be such a token at all.
    pub fn could_be(token: &str) -> bool {
        token.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// What a token says, if all of it is right.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn verify(&self, token: &str) -> Result<Claims, Refused> {
        let head = head(token)?;
        let algorithm = self.algorithm(&head.alg)?;
        let kid = head.kid.ok_or_else(|| refused("its header names no key (kid)"))?;
        let key = self.keys.find(&kid, |key| fits(key, algorithm)).await?;
        let key = DecodingKey::from_jwk(&key).map_err(|error| refused(&format!("its key cannot be used: {error}")))?;
        let mut rules = Validation::new(algorithm);
        rules.set_issuer(&[&self.rules.issuer]);
        rules.set_audience(&[&self.rules.audience]);
        rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        rules.validate_nbf = true;
        rules.leeway = self.rules.leeway.as_secs();
        let decoded = decode::<Map<String, Value>>(token, &key, &rules).map_err(|error| refused(&error.to_string()))?;
        // The library would also take a list of issuers that holds ours.
        if decoded.claims.get("iss").and_then(Value::as_str) != Some(self.rules.issuer.as_str()) {
            return Err(refused("its issuer is another"));
        }
        let subject = decoded.claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return Err(refused("its subject is empty, too long or no plain text"));
        }
        Ok(Claims { subject: subject.to_owned(), all: decoded.claims.clone() })
    }

    fn algorithm(&self, name: &str) -> Result<Algorithm, Refused> {
        let (ours, theirs) = match name {
            "RS256" => (policy::Algorithm::Rs256, Algorithm::RS256),
            "PS256" => (policy::Algorithm::Ps256, Algorithm::PS256),
            "ES256" => (policy::Algorithm::Es256, Algorithm::ES256),
            "EdDSA" => (policy::Algorithm::EdDsa, Algorithm::EdDSA),
            _ => return Err(refused("its algorithm is none that can be allowed")),
        };
        if self.rules.algorithms.contains(&ours) { Ok(theirs) } else { Err(refused("its algorithm is not allowed")) }
    }
}

fn refused(why: &str) -> Refused {
    Refused::Token(why.to_owned())
}

fn head(token: &str) -> Result<Head, Refused> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = token.split('.').next().unwrap_or_default();
    let head: Head = URL_SAFE_NO_PAD
        .decode(part)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| refused("its header cannot be read"))?;
    if head.crit.is_some() {
        return Err(refused("its header demands extensions (crit)"));
    }
    // Tokens for other purposes, like identity or logout tokens of some providers, say so here.
    let typ = head.typ.as_deref().unwrap_or("jwt").to_ascii_lowercase();
    if !matches!(typ.trim_start_matches("application/"), "jwt" | "at+jwt") {
        return Err(refused("it is of another type (typ)"));
    }
    Ok(head)
}

/// Whether a key is meant for signatures of this algorithm.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256 | Algorithm::PS256) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => key.curve == EllipticCurve::P256,
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => key.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    let for_signatures = key.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature)
        && key.common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let same = key.common.key_algorithm.is_none_or(|named| {
        matches!(
            (named, algorithm),
            (KeyAlgorithm::RS256, Algorithm::RS256)
                | (KeyAlgorithm::PS256, Algorithm::PS256)
                | (KeyAlgorithm::ES256, Algorithm::ES256)
                | (KeyAlgorithm::EdDSA, Algorithm::EdDSA)
        )
    });
    kind && for_signatures && same
}
