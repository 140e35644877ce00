//! Who gives tokens for this gateway (RFC 9728). Only there when an identity provider is set up: a client that finds it where
//! there is none tries to register with nobody.

use serde_json::json;

use crate::config::Policy;

/// The document; `None`: there is no provider.
pub fn document(policy: &Policy, name: &str) -> Option<String> {
    let (jwt, url) = (policy.jwt.as_ref()?, policy.http.public_url.as_ref()?);
    let mut scopes = jwt.required_scopes.clone();
    for rule in policy.roster.rules().iter().filter(|rule| rule.is_scope()) {
        if !scopes.contains(&rule.value) {
            scopes.push(rule.value.clone());
        }
    }
    let mut document = json!({
        "resource": url.as_str(),
        "resource_name": name,
        "authorization_servers": [jwt.issuer],
        "bearer_methods_supported": ["header"],
    });
    if !scopes.is_empty()
        && let Some(document) = document.as_object_mut()
    {
        document.insert("scopes_supported".to_owned(), scopes.into());
    }
    Some(document.to_string())
}
