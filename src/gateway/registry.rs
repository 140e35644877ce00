//! All tools: one for each route of the manifest, and the gateway's own. Resolves names in either spelling.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    pin::Pin,
};

use flvx_panel::{
    generated::ROUTES,
    spec::{Danger, Field, OwnHandler, Route},
};

use super::{Arguments, Caller, Gateway};
use crate::{config::Surface, nearest::nearest, result::CallOutput};

/// A running call of one of the gateway's own tools.
pub type Running<'a> = Pin<Box<dyn Future<Output = CallOutput> + Send + 'a>>;

/// The code of one of the gateway's own tools.
pub type Run = for<'a> fn(&'a Gateway, &'a Caller, &'a Arguments) -> Running<'a>;

/// A tool that the gateway carries out itself.
#[derive(Debug)]
pub struct OwnTool {
    /// Canonical name.
    pub name: &'static str,
    /// The spelling on the wire.
    pub wire_name: &'static str,
    /// First part of the name.
    pub domain: &'static str,
    /// Short title.
    pub title: &'static str,
    /// 中文标题.
    pub title_zh: &'static str,
    /// Text for the tool list.
    pub brief: &'static str,
    /// The whole text.
    pub summary: &'static str,
    /// What it may hurt.
    pub danger: Danger,
    /// What it takes.
    pub request: &'static Field,
    /// The same as JSON Schema text.
    pub request_schema: &'static str,
    /// Its code.
    pub run: Run,
}

/// The code that the gateway brings itself; given by `ops`, so that this module need not know it.
#[derive(Debug, Clone, Copy)]
pub struct OwnCode {
    /// Tools without a route.
    pub tools: &'static [OwnTool],
    /// The code behind a route that the gateway carries out itself.
    pub handler: fn(OwnHandler) -> Run,
}

/// One tool as the gateway sees it.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// Canonical name: `node.list`.
    pub name: &'static str,
    /// The spelling on the wire: `node_list`.
    pub wire_name: &'static str,
    /// Domain, for toolsets.
    pub domain: &'static str,
    /// Short title.
    pub title: &'static str,
    /// Text for the tool list.
    pub brief: &'static str,
    /// What it may hurt, before its arguments are looked at.
    pub danger: Danger,
    /// What it takes.
    pub request: &'static Field,
    /// At least one field of each of these lists must be given.
    pub need_one_of: &'static [&'static [&'static str]],
    /// What it takes, as JSON Schema text.
    pub request_schema: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Panel(&'static Route),
    /// The route is known, but the gateway's own code runs.
    OwnRoute(&'static Route, Run),
    Own(&'static OwnTool),
}

impl Tool {
    fn of_route(route: &'static Route, handler: fn(OwnHandler) -> Run) -> Self {
        let kind = match route.own {
            Some(own) => Kind::OwnRoute(route, handler(own)),
            None => Kind::Panel(route),
        };
        Self {
            name: route.tool,
            wire_name: route.wire_name,
            domain: route.domain,
            title: route.title,
            brief: route.brief,
            danger: route.danger,
            request: route.request,
            need_one_of: route.need_one_of,
            request_schema: route.request_schema,
            kind,
        }
    }

    fn of_own(own: &'static OwnTool) -> Self {
        Self {
            name: own.name,
            wire_name: own.wire_name,
            domain: own.domain,
            title: own.title,
            brief: own.brief,
            danger: own.danger,
            request: own.request,
            need_one_of: &[],
            request_schema: own.request_schema,
            kind: Kind::Own(own),
        }
    }

    /// The panel route behind the tool, if there is one.
    pub fn route(&self) -> Option<&'static Route> {
        match self.kind {
            Kind::Panel(route) | Kind::OwnRoute(route, _) => Some(route),
            Kind::Own(_) => None,
        }
    }

    /// The gateway's own code for the tool, if it has any.
    pub fn own_code(&self) -> Option<Run> {
        match self.kind {
            Kind::Panel(_) => None,
            Kind::OwnRoute(_, run) => Some(run),
            Kind::Own(own) => Some(own.run),
        }
    }

    /// The gateway's own description, for a tool without a route.
    pub fn own(&self) -> Option<&'static OwnTool> {
        match self.kind {
            Kind::Own(own) => Some(own),
            _ => None,
        }
    }

    /// Whether its answer is a list that takes `view`.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, Kind::Panel(route) if route.rows.is_some())
    }

    /// Whether it changes something.
    pub fn is_change(&self) -> bool {
        self.danger >= Danger::Write
    }
}

/// The tools that this gateway offers.
#[derive(Debug)]
pub struct Registry {
    tools: BTreeMap<&'static str, Tool>,
    wire_names: HashMap<&'static str, &'static str>,
}

impl Registry {
    /// All tools that the surface lets through, by name.
    pub fn new(surface: &Surface, own: OwnCode) -> Self {
        let routes = ROUTES.iter().map(|route| Tool::of_route(route, own.handler));
        let all = routes.chain(own.tools.iter().map(Tool::of_own));
        let tools: BTreeMap<_, _> = all
            .filter(|tool| surface.offers(tool.domain, tool.danger, tool.route().map(|route| route.role)))
            .map(|tool| (tool.name, tool))
            .collect();
        let wire_names = tools.values().map(|tool| (tool.wire_name, tool.name)).collect();
        Self { tools, wire_names }
    }

    /// The tool of that name, dotted or underscored.
    pub fn resolve(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name).or_else(|| self.tools.get(self.wire_names.get(name)?))
    }

    /// All tools in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Tool> {
        self.tools.values()
    }

    /// The tool that was probably meant.
    pub fn nearest(&self, name: &str) -> Option<&Tool> {
        let right = nearest(name, self.tools.keys().copied())?;
        self.tools.get(right)
    }
}
