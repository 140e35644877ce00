//! The policy in force, in the words of a table: what `check` shows. And who comes in over HTTP, in those of a warning.

use std::net::SocketAddr;

use super::format::Table;
use crate::{
    access::{ANONYMOUS, LOCAL, Principal, Rights, Via},
    config::{Policy, Transport},
    gateway::Gateway,
};

/// Every principal with its role, credential, number of tools, ceiling and tokens.
pub fn principals(gateway: &Gateway) -> Table {
    let policy = gateway.policy();
    let mut table = Table::new(&["principal", "role", "credential", "tools", "highest danger", "tokens"]);
    let mut row = |name: &str, rights: &Rights, tokens: String| {
        let principal = Principal::new(name, Via::Command, rights.clone());
        let ceiling = if rights.read_only { "read (read-only)" } else { rights.ceiling.word() };
        let credential = credential(&policy, rights);
        let tools = gateway.offer(&principal).iter().count().to_string();
        table.row([name.to_owned(), rights.role.clone(), credential, tools, ceiling.to_owned(), tokens]);
    };
    let named: Vec<&str> = policy.roster.iter().map(|(name, _, _)| name).collect();
    let http = gateway.config().transport == Transport::Http;
    for (name, there) in [(LOCAL, true), (ANONYMOUS, http && policy.roster.lets_anonymous_in())] {
        if !named.contains(&name)
            && there
            && let Some(rights) = policy.roster.rights(name)
        {
            row(name, &rights, "-".to_owned());
        }
    }
    for (name, rights, tokens) in policy.roster.iter() {
        row(name, rights, if matches!(name, LOCAL | ANONYMOUS) { "-".to_owned() } else { tokens.to_string() });
    }
    for rule in policy.roster.rules() {
        row(&format!("(jwt with {} {})", rule.claim, rule.value), &rule.rights, "-".to_owned());
    }
    table
}

fn credential(policy: &Policy, rights: &Rights) -> String {
    let there = |name: &str| {
        if policy.logins.contains_key(name) { name.to_owned() } else { format!("{name} (not set up)") }
    };
    let mut names = vec![there(&rights.credential)];
    // The one of the environment is listed for everybody who may do everything, whether it is there or not.
    names.extend(rights.credentials.iter().filter(|name| policy.logins.contains_key(*name)).cloned());
    names.dedup();
    names.join(", ")
}

/// What is allowed and still without effect, one sentence each.
pub fn oddities(gateway: &Gateway) -> Vec<String> {
    let policy = gateway.policy();
    let mut list = Vec::new();
    for (name, rights, tokens) in policy.roster.iter() {
        for tool in &rights.allow {
            let known = gateway.registry().resolve(tool);
            if !known.is_some_and(|tool| rights.offers(tool.name, tool.domain, tool.danger)) {
                list.push(format!("`{name}` is allowed {tool}, which its other limits do not let through"));
            }
        }
        if name == ANONYMOUS && !policy.roster.lets_anonymous_in() {
            list.push("a principal `anonymous` is defined, but nobody is let in without a token".to_owned());
        }
        let provable = tokens > 0 || policy.roster.has_subject_of(name) || matches!(name, LOCAL | ANONYMOUS);
        if !provable {
            list.push(format!("nobody can be `{name}`: it has no token and no subject (flvx-mcp token new {name})"));
        }
    }
    if policy.jwt.is_some() && policy.roster.rules().is_empty() && !policy.roster.has_subjects() {
        list.push("`jwt` is set up, but no claim and no subject gives a role: every such token gets 403".to_owned());
    }
    list
}

/// Who comes in over HTTP on this address without a proof, or where proofs can be read on the way. `None`: neither. A proxy or a
/// tunnel makes strangers look like programs on this machine.
pub fn callers(policy: &Policy, address: SocketAddr) -> Option<&'static str> {
    match (policy.roster.lets_anonymous_in(), policy.authenticates()) {
        (true, false) => Some(
            "clients are NOT authenticated: every program on this machine can use the gateway, and whoever a proxy or tunnel here lets through",
        ),
        (true, true) => Some(
            "clients without a token are let in as `anonymous`: every program on this machine, and whoever a proxy or tunnel here lets through",
        ),
        (false, _) if !address.ip().is_loopback() => Some(
            "plain http on an address that other machines reach: tokens can be read on the way unless a proxy in front speaks https",
        ),
        (false, _) => None,
    }
}
