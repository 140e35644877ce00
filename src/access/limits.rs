//! What a role takes away from the role that it extends, and a principal from its role. Power over tools and sight of others'
//! calls are never added on the way: who needs more extends a larger role, so that reading one line tells the most that can
//! come of it. Credentials and `reveal` are no limits but grants: no role has them by itself, they are given where they stand.

use flvx_panel::spec::Danger;

use super::{AuditSight, Rights};

/// What is said beside a role's name. What is not said stays as the role has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Domains; of two lists what both name is left.
    pub toolsets: Option<Vec<String>>,
    /// Only tools of danger `read`.
    pub read_only: Option<bool>,
    /// Highest danger.
    pub ceiling: Option<Danger>,
    /// Tools; of two lists what both name is left.
    pub allow: Option<Vec<String>>,
    /// Tools that are not there; lists add up.
    pub deny: Vec<String>,
    /// The usual credential. A grant, no limit.
    pub credential: Option<String>,
    /// Other credentials. A grant, no limit.
    pub credentials: Option<Vec<String>>,
    /// Secret fields in clear; lists add up. A grant, no limit.
    pub reveal: Vec<String>,
    /// Whose calls may be read.
    pub sight: Option<AuditSight>,
}

/// Something that would give more than the role has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooMuch {
    /// The danger is above the role's.
    Ceiling(Danger),
    /// The role is read-only.
    ReadOnly,
    /// No domain is left.
    NoToolset,
    /// No tool is left.
    NoTool,
    /// The role sees only its own calls.
    Sight,
}

impl TooMuch {
    /// The key that asks for it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ceiling(_) => "danger",
            Self::ReadOnly => "read_only",
            Self::NoToolset => "toolsets",
            Self::NoTool => "allow",
            Self::Sight => "audit",
        }
    }

    /// What is wrong with it, when the role is called so.
    pub fn told(self, role: &str) -> String {
        match self {
            Self::Ceiling(most) => format!(
                "more than the role `{role}` has, which ends at `{}`; limits only take away, so extend a larger role",
                most.word()
            ),
            Self::ReadOnly => {
                format!("the role `{role}` is read-only; limits only take away, so extend a larger role")
            }
            Self::NoToolset => format!("the role `{role}` has none of these domains, so nothing would be left"),
            Self::NoTool => format!("the role `{role}` allows none of these tools, so nothing would be left"),
            Self::Sight => {
                format!("the role `{role}` sees only its own calls; limits only take away, so extend a larger role")
            }
        }
    }
}

impl Rights {
    /// These rights with limits over them, under the name of the role they are for.
    ///
    /// # Errors
    /// A limit that is none, because it gives more or leaves nothing.
    pub fn limited(&self, role: &str, limits: &Limits) -> Result<Self, TooMuch> {
        let mut rights = Self { role: role.to_owned(), ..self.clone() };
        if let Some(ceiling) = limits.ceiling {
            if ceiling > self.ceiling {
                return Err(TooMuch::Ceiling(self.ceiling));
            }
            rights.ceiling = ceiling;
        }
        match limits.read_only {
            Some(false) if self.read_only => return Err(TooMuch::ReadOnly),
            Some(read_only) => rights.read_only = read_only,
            None => {}
        }
        rights.toolsets = common(&self.toolsets, limits.toolsets.as_deref()).ok_or(TooMuch::NoToolset)?;
        rights.allow = common(&self.allow, limits.allow.as_deref()).ok_or(TooMuch::NoTool)?;
        rights.deny.extend(limits.deny.iter().cloned());
        rights.reveal.extend(limits.reveal.iter().cloned());
        if let Some(credential) = &limits.credential {
            rights.credential.clone_from(credential);
        }
        if let Some(credentials) = &limits.credentials {
            rights.credentials.clone_from(credentials);
        }
        if let Some(sight) = limits.sight {
            if sight > self.sight {
                return Err(TooMuch::Sight);
            }
            rights.sight = sight;
        }
        Ok(rights)
    }
}

/// What both lists name; an empty list of the role means all. `None`: they have nothing in common.
fn common(role: &[String], limit: Option<&[String]>) -> Option<Vec<String>> {
    let Some(limit) = limit.filter(|limit| !limit.is_empty()) else { return Some(role.to_vec()) };
    if role.is_empty() {
        return Some(limit.to_vec());
    }
    let both: Vec<String> = limit.iter().filter(|name| role.contains(name)).cloned().collect();
    (!both.is_empty()).then_some(both)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn limits_take_away_and_never_give() {
        let viewer = Rights::built_in("viewer").unwrap();
        let more = Limits { ceiling: Some(Danger::Write), ..Limits::default() };
        assert_eq!(viewer.limited("mine", &more), Err(TooMuch::Ceiling(Danger::Read)));
        let open = Limits { read_only: Some(false), ..Limits::default() };
        assert_eq!(viewer.limited("mine", &open), Err(TooMuch::ReadOnly));
        let all = Limits { sight: Some(AuditSight::All), ..Limits::default() };
        assert_eq!(viewer.limited("mine", &all), Err(TooMuch::Sight));
        assert_eq!(Rights::built_in("admin").unwrap().limited("mine", &all).unwrap().sight, AuditSight::All);
        let operator = Rights::built_in("operator").unwrap();
        let less = operator.limited("mine", &Limits { ceiling: Some(Danger::Write), ..Limits::default() }).unwrap();
        assert!(less.offers("node.create", "node", Danger::Write));
        assert!(!less.offers("node.delete", "node", Danger::Dangerous));
    }

    #[test]
    fn of_two_lists_of_domains_what_both_name_is_left() {
        let operator = Rights::built_in("operator").unwrap();
        let one = Limits { toolsets: Some(names(&["node", "tunnel"])), ..Limits::default() };
        let role = operator.limited("network", &one).unwrap();
        let two = Limits { toolsets: Some(names(&["tunnel", "user"])), ..Limits::default() };
        assert_eq!(role.limited("network", &two).unwrap().toolsets, ["tunnel"]);
        let three = Limits { toolsets: Some(names(&["user"])), ..Limits::default() };
        assert_eq!(role.limited("network", &three), Err(TooMuch::NoToolset));
    }
}
