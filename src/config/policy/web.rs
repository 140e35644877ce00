//! The parts of the policy that speak of the web: HTTP and the identity provider.

use std::{fs, time::Duration};

use flvx_panel::client::is_loopback;

use super::{
    check::{Check, steps},
    file::{AlgorithmWord, HttpEntry, JwtEntry},
    place::Step,
    rules::{Algorithm, HttpRules, JwtRules, KeySource, PublicUrl},
};

/// Largest set of keys.
pub const MOST_KEY_BYTES: usize = 256 << 10;

pub(super) fn http(check: &mut Check<'_, '_>, entry: &HttpEntry) -> HttpRules {
    let usual = HttpRules::default();
    let public_url = entry.public_url.as_deref().and_then(|text| match PublicUrl::new(text) {
        Ok(url) => Some(url),
        Err(words) => {
            check.mistakes.at(steps!["http", "public_url"], words);
            None
        }
    });
    let mut within = |key: &str, given: Option<usize>, usual: usize, least: usize, most: usize| match given {
        Some(value) if !(least..=most).contains(&value) => {
            check.mistakes.at(steps!["http", key], format!("{value} is not from {least} to {most}"));
            usual
        }
        Some(value) => value,
        None => usual,
    };
    let seconds = |given: Option<u64>| given.map(|seconds| usize::try_from(seconds).unwrap_or(usize::MAX));
    let max_body_bytes = within("max_body_bytes", entry.max_body_bytes, usual.max_body_bytes, 1024, 64 << 20);
    let max_concurrent = within("max_concurrent", entry.max_concurrent, usual.max_concurrent, 1, 10_000);
    let one = entry.max_concurrent_per_principal;
    let most_of_one = within("max_concurrent_per_principal", one, max_concurrent.div_ceil(2), 1, max_concurrent);
    let header = within("header_timeout_seconds", seconds(entry.header_timeout_seconds), 30, 1, 600);
    let body = within("body_timeout_seconds", seconds(entry.body_timeout_seconds), 30, 1, 600);
    HttpRules {
        anonymous: entry.anonymous,
        public_url,
        max_body_bytes,
        max_concurrent,
        max_concurrent_per_principal: most_of_one,
        header_timeout: Duration::from_secs(header as u64),
        body_timeout: Duration::from_secs(body as u64),
    }
}

pub(super) fn jwt(check: &mut Check<'_, '_>, entry: &JwtEntry, http: &HttpRules) -> Option<JwtRules> {
    if entry.issuer.trim().is_empty() {
        check.mistakes.at(steps!["jwt", "issuer"], "empty; write it exactly as the provider's tokens have it in `iss`");
    }
    if http.public_url.is_none() {
        check.mistakes.at(
            steps!["jwt"],
            "needs `http.public_url`, the address that clients use: they are told which resource to ask a token for",
        );
    }
    let audience = entry.audience.clone().or_else(|| http.public_url.as_ref().map(|url| url.as_str().to_owned()));
    let keys = keys(check, entry);
    let leeway = entry.leeway_seconds.unwrap_or(30);
    if leeway > 300 {
        check.mistakes.at(steps!["jwt", "leeway_seconds"], format!("{leeway} is not from 0 to 300"));
    }
    let algorithms = if entry.algorithms.is_empty() {
        vec![Algorithm::Rs256, Algorithm::Es256]
    } else {
        entry.algorithms.iter().map(|word| algorithm(*word)).collect()
    };
    Some(JwtRules {
        issuer: entry.issuer.clone(),
        audience: audience?,
        keys: keys?,
        algorithms,
        leeway: Duration::from_secs(leeway),
        required_scopes: entry.required_scopes.clone(),
    })
}

fn keys(check: &mut Check<'_, '_>, entry: &JwtEntry) -> Option<KeySource> {
    match (&entry.jwks_url, &entry.jwks_file) {
        (Some(url), None) => match key_url(url) {
            Ok(()) => Some(KeySource::Url(url.clone())),
            Err(words) => {
                check.mistakes.at(steps!["jwt", "jwks_url"], words);
                None
            }
        },
        (None, Some(file)) => {
            let path = check.base.join(file);
            match fs::read_to_string(&path) {
                Ok(text) if text.len() > MOST_KEY_BYTES => {
                    check.mistakes.at(
                        steps!["jwt", "jwks_file"],
                        format!("{} is larger than {MOST_KEY_BYTES} bytes", path.display()),
                    );
                    None
                }
                Ok(text) => match super::read_keys(&text) {
                    Ok(_) => Some(KeySource::Fixed(text)),
                    Err(words) => {
                        check.mistakes.at(steps!["jwt", "jwks_file"], format!("{}: {words}", path.display()));
                        None
                    }
                },
                Err(error) => {
                    check
                        .mistakes
                        .at(steps!["jwt", "jwks_file"], format!("{} cannot be read: {error}", path.display()));
                    None
                }
            }
        }
        _ => {
            check.mistakes.at(steps!["jwt"], "needs either `jwks_url` or `jwks_file`: the provider's public keys");
            None
        }
    }
}

/// Keys that came over a line that others can change would let anybody in.
fn key_url(text: &str) -> Result<(), String> {
    let url = reqwest::Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        _ => Err(format!(
            "`{text}`: keys are fetched over https (http only on loopback), or anybody on the way could give his own"
        )),
    }
}

fn algorithm(word: AlgorithmWord) -> Algorithm {
    match word {
        AlgorithmWord::RS256 => Algorithm::Rs256,
        AlgorithmWord::PS256 => Algorithm::Ps256,
        AlgorithmWord::ES256 => Algorithm::Es256,
        AlgorithmWord::EdDSA => Algorithm::EdDsa,
    }
}
