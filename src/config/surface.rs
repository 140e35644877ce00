//! Which tools are offered and how their names are spelt.

use flvx_panel::spec::Danger;

/// How tool names are listed. A call may use either spelling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Spelling {
    /// `node_list`: what every client accepts.
    #[default]
    Underscored,
    /// `node.list`: the canonical names.
    Dotted,
}

/// The part of the tools that is offered to anybody: the upper bound over every principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surface {
    /// Domains on offer; empty: all. `auth` and `ops` are always there.
    pub toolsets: Vec<String>,
    /// Only tools that change nothing and show no secret.
    pub read_only: bool,
    /// How names are listed.
    pub spelling: Spelling,
    /// Whether the preview of each tool is listed beside it. All of them can be called either way.
    pub each_preview: bool,
}

impl Surface {
    /// Whether a tool of this domain and danger is offered to anybody.
    pub fn offers(&self, domain: &str, danger: Danger) -> bool {
        let wanted = self.toolsets.is_empty()
            || matches!(domain, "ops" | "auth")
            || self.toolsets.iter().any(|name| name == domain);
        wanted && (!self.read_only || danger == Danger::Read)
    }
}
