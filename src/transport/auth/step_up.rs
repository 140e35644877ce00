//! Which scopes a token lacks for a call. Said only where a scope would really help, so that a tool which is hidden for any
//! other reason stays one that does not exist.

use http::HeaderMap;

use super::jwt::Claims;
use crate::{
    access::{ClaimRule, Principal, Via},
    config::Policy,
    gateway::{Gateway, Offer},
};

/// The tool of this call and the scopes to ask for before it, when the principal is not offered the tool. Only requests of 2026-07-28 name their tool
/// outside the body; for others the call itself decides.
pub fn lacking(
    gateway: &Gateway,
    policy: &Policy,
    principal: &Principal,
    claims: &Claims,
    headers: &HeaderMap,
) -> Option<(&'static str, String)> {
    // Rights of a principal that is named in the policy do not come from scopes.
    if principal.via != Via::Jwt || !principal.name.starts_with("jwt:") {
        return None;
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("mcp-method") != Some("tools/call") {
        return None;
    }
    let tool = gateway.registry().resolve(header("mcp-name")?)?;
    if gateway.offer(principal).has(tool) {
        return None;
    }
    let helps = |rule: &&ClaimRule| {
        let other = Principal { rights: rule.rights.clone(), ..principal.clone() };
        let offer: Offer<'_> = gateway.offer(&other);
        offer.has(tool)
    };
    least(policy, claims, helps).map(|scopes| (tool.name, scopes))
}

/// Scopes that would give any right at all; empty: none would.
pub fn for_anything(policy: &Policy, claims: &Claims) -> String {
    least(policy, claims, |_| true).unwrap_or_default()
}

/// The smallest role's scope among the rules that help, with the scopes that every token needs.
fn least(policy: &Policy, claims: &Claims, helps: impl Fn(&&ClaimRule) -> bool) -> Option<String> {
    let rule = policy
        .roster
        .rules()
        .iter()
        // What the token has already cannot be what is missing.
        .filter(|rule| rule.is_scope() && !claims.has_scope(&rule.value))
        .filter(helps)
        .min_by_key(|rule| rule.rights.ceiling)?;
    let mut scopes: Vec<&str> =
        policy.jwt.iter().flat_map(|jwt| jwt.required_scopes.iter().map(String::as_str)).collect();
    scopes.push(&rule.value);
    Some(scopes.join(" "))
}
