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
    /// Secret fields that are shown in clear: `tool.path`, as in `node.install_command.command`.
    pub reveal: Vec<String>,
    /// Whose calls it may read in audit and history.
    pub sight: AuditSight,
}

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

    /// Whether a tool of this name, domain and danger is there.
    pub fn offers(&self, name: &str, domain: &str, danger: Danger) -> bool {
        let wanted = self.toolsets.is_empty()
            || matches!(domain, "ops" | "auth")
            || self.toolsets.iter().any(|toolset| toolset == domain);
        wanted
            && danger <= self.ceiling
            && (!self.read_only || danger == Danger::Read)
            && (self.allow.is_empty() || self.allow.iter().any(|tool| tool == name))
            && !self.deny.iter().any(|tool| tool == name)
    }
}
