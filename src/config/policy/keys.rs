//! Sets of public keys (RFC 7517) as providers publish them, with keys of kinds that nobody here can use.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};

/// Most keys of one set.
const MOST: usize = 100;

/// The keys of a set that can verify a signature. Others are passed over: a provider may publish what it likes.
///
/// # Errors
/// It is no set, or holds no key that can be used.
pub fn read_keys(text: &str) -> Result<Vec<Jwk>, String> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_str(text).map_err(|error| format!("no set of keys (RFC 7517): {error}"))?;
    let keys: Vec<Jwk> = set
        .keys
        .into_iter()
        .take(MOST)
        .filter_map(|key| serde_json::from_value::<Jwk>(key).ok())
        .filter(|key| {
            !matches!(key.algorithm, AlgorithmParameters::OctetKey(_) | AlgorithmParameters::Other(_))
                && key.common.key_id.is_some()
        })
        .collect();
    if keys.is_empty() { Err("the set holds no public key with a `kid`".to_owned()) } else { Ok(keys) }
}
