//! What a principal is offered: the tools that the gateway has, its rights let through, and its credentials can reach at the
//! panel. What is not offered does not exist: no list, no search, no suggestion and no error text may tell the difference.

use flvx_panel::spec::Role;

use super::{Registry, Tool};
use crate::{access::Rights, nearest::nearest};

/// Whom a principal can be towards the panel. What is not known is not ruled out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    user: bool,
    admin: bool,
    peer: bool,
}

impl Reach {
    /// An account whose role is not known yet.
    pub fn add_unknown(&mut self) {
        self.add_account(None);
    }

    /// An account; the panel's role 0 is the administrator's.
    pub fn add_account(&mut self, role: Option<i64>) {
        self.user = true;
        self.admin |= role.is_none_or(|role| role == 0);
    }

    /// The share token of another panel.
    pub fn add_peer(&mut self) {
        self.peer = true;
    }

    /// Whether a route for this role can be reached.
    pub fn covers(self, role: Role) -> bool {
        match role {
            Role::Public => true,
            Role::User => self.user,
            Role::Admin => self.admin,
            Role::Peer => self.peer,
        }
    }

    /// Whether routes between panels can be called.
    pub fn is_peer(self) -> bool {
        self.peer
    }
}

/// The tools that one principal is offered now.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    registry: &'a Registry,
    rights: &'a Rights,
    reach: Reach,
}

impl<'a> Offer<'a> {
    /// What of a registry somebody with these rights and this reach is offered.
    pub fn new(registry: &'a Registry, rights: &'a Rights, reach: Reach) -> Self {
        Self { registry, rights, reach }
    }

    /// Whether a tool is there.
    pub fn has(&self, tool: &Tool) -> bool {
        // A preview is there for whoever may make the change, and for nobody else.
        if let Some(route) = tool.previewed() {
            let denied = !self.rights.offers(route.tool, route.domain, route.danger)
                || self.rights.deny.iter().any(|denied| denied == tool.name);
            return !denied && self.reach.covers(route.least_role);
        }
        self.rights.offers(tool.name, tool.domain, tool.danger)
            && tool.route().is_none_or(|route| self.reach.covers(route.least_role))
    }

    /// Whether a tool of this canonical name is there.
    pub fn has_name(&self, name: &str) -> bool {
        self.resolve(name).is_some_and(|tool| tool.name == name)
    }

    /// All of them in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &'a Tool> {
        let offer = *self;
        self.registry.iter().filter(move |tool| offer.has(tool))
    }

    /// The tool of that name, dotted or underscored.
    pub fn resolve(&self, name: &str) -> Option<&'a Tool> {
        self.registry.resolve(name).filter(|tool| self.has(tool))
    }

    /// The tool that was probably meant.
    pub fn nearest(&self, name: &str) -> Option<&'a Tool> {
        let right = nearest(name, self.iter().map(|tool| tool.name))?;
        self.registry.resolve(right)
    }

    /// The first word of a text that names a tool of the gateway which is not offered: such a text is not for this principal.
    pub fn names_hidden(&self, text: &str) -> bool {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_')))
            .map(|word| word.trim_matches('.'))
            .any(|word| word.contains('.') && self.registry.resolve(word).is_some_and(|tool| !self.has(tool)))
    }
}
