//! What a principal may see and do.

use flvx_panel::spec::Danger;

/// Whose calls a principal may read in audit and history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditSight {
    /// Its own.
    Own,
    /// Everybody's.
    All,
}

/// The rights of a principal. A tool is there for it when every rule lets it through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Name of the role.
    pub role: String,
    /// Highest danger that a tool may have; arguments that raise a call above it are refused.
    pub ceiling: Danger,
    /// Only tools of danger `read`.
    pub read_only: bool,
    /// Domains on offer; empty: all. `auth` and `ops` are always there.
    pub toolsets: Vec<String>,
    /// Tools on offer (canonical names); empty: all. They must pass the other rules as well.
    pub allow: Vec<String>,
    /// Tools that are not there, whatever else is said.
    pub deny: Vec<String>,
    /// Name of the panel credential that is used unless a call names another.
    pub credential: String,
    /// Other credentials that a call may name, besides logins of its own.
    pub credentials: Vec<String>,
    /// Secret fields that are shown in clear, as [`super::check_reveal`] takes them: `node.install_command.data`.
    pub reveal: Vec<String>,
    /// Whose calls it may read in audit and history.
    pub sight: AuditSight,
}

/// The roles that need no definition.
pub const BUILT_IN_ROLES: [&str; 3] = ["viewer", "operator", "admin"];

impl Rights {
    /// No limit but those of the gateway as a whole.
    pub fn all() -> Self {
        Self {
            role: "admin".to_owned(),
            ceiling: Danger::Critical,
            read_only: false,
            toolsets: Vec::new(),
            allow: Vec::new(),
            deny: Vec::new(),
            credential: "default".to_owned(),
            credentials: vec!["peer".to_owned()],
            reveal: Vec::new(),
            sight: AuditSight::All,
        }
    }

    /// The rights of a role that needs no definition. The share token of another panel is part of none.
    pub fn built_in(role: &str) -> Option<Self> {
        let (ceiling, read_only, sight) = match role {
            "viewer" => (Danger::Read, true, AuditSight::Own),
            "operator" => (Danger::Dangerous, false, AuditSight::Own),
            "admin" => (Danger::Critical, false, AuditSight::All),
            _ => return None,
        };
        Some(Self { role: role.to_owned(), ceiling, read_only, sight, credentials: Vec::new(), ..Self::all() })
    }

    /// Whether a tool of this name, domain and danger is there.
    pub fn offers(&self, name: &str, domain: &str, danger: Danger) -> bool {
        let wanted = self.toolsets.is_empty()
            || matches!(domain, "ops" | "auth")
            || self.toolsets.iter().any(|toolset| toolset == domain);
        wanted
            && self.admits(danger)
            && (self.allow.is_empty() || self.allow.iter().any(|tool| tool == name))
            && !self.deny.iter().any(|tool| tool == name)
    }

    /// Whether a call of this danger may be made at all.
    pub fn admits(&self, danger: Danger) -> bool {
        danger <= self.ceiling && (!self.read_only || danger == Danger::Read)
    }

    /// Names of the credentials that the policy gives, the usual one first.
    pub fn credential_names(&self) -> impl Iterator<Item = &str> {
        let others = self.credentials.iter().filter(|name| **name != self.credential);
        std::iter::once(self.credential.as_str()).chain(others.map(String::as_str))
    }
}
