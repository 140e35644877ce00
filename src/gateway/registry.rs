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

use super::{
    Arguments, Caller, Gateway,
    preview_tools::{PREVIEWS, PreviewTool},
};
use crate::{config::Surface, result::CallOutput};

/// A running call of one of the gateway's own tools.
pub type Running<'a> = Pin<Box<dyn Future<Output = CallOutput> + Send + 'a>>;

/// The code of one of the gateway's own tools.
pub type Run = for<'a> fn(&'a Gateway, &'a Caller, &'a Arguments) -> Running<'a>;

/// How the gateway carries one of its own tools out.
#[derive(Debug, Clone, Copy)]
pub enum OwnRun {
    /// By this code.
    Code(Run),
    /// It is the preview of another tool.
    Preview,
    /// It takes a change back, and is a change itself.
    Undo,
}

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
    /// How it is carried out.
    pub run: OwnRun,
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
    /// The preview of a route.
    Preview(&'static PreviewTool),
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

    fn of_preview(preview: &'static PreviewTool) -> Self {
        let route = preview.route;
        Self {
            name: &preview.name,
            wire_name: &preview.wire_name,
            domain: route.domain,
            title: &preview.title,
            brief: &preview.brief,
            danger: Danger::Read,
            request: route.request,
            need_one_of: route.need_one_of,
            request_schema: route.request_schema,
            kind: Kind::Preview(preview),
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
            Kind::Own(_) | Kind::Preview(_) => None,
        }
    }

    /// The route that the tool previews.
    pub fn previewed(&self) -> Option<&'static Route> {
        match self.kind {
            Kind::Preview(preview) => Some(preview.route),
            _ => None,
        }
    }

    /// 中文标题, of a tool without a route.
    pub fn own_title_zh(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Own(own) => Some(own.title_zh),
            Kind::Preview(preview) => Some(&preview.title_zh),
            _ => None,
        }
    }

    /// How the gateway carries the tool out itself, if it does.
    pub fn own_code(&self) -> Option<OwnRun> {
        match self.kind {
            Kind::Panel(_) | Kind::Preview(_) => None,
            Kind::OwnRoute(_, run) => Some(OwnRun::Code(run)),
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

/// The tools that this gateway has at all; who is offered what of them is said by [`super::Offer`].
#[derive(Debug)]
pub struct Registry {
    tools: BTreeMap<&'static str, Tool>,
    /// Previews that can be called and are not listed.
    unlisted: BTreeMap<&'static str, Tool>,
    wire_names: HashMap<&'static str, &'static str>,
}

impl Registry {
    /// All tools that the surface lets through, by name.
    pub fn new(surface: &Surface, own: OwnCode) -> Self {
        let routes = ROUTES.iter().map(|route| Tool::of_route(route, own.handler));
        let all = routes.chain(own.tools.iter().map(Tool::of_own));
        let tools: BTreeMap<_, _> =
            all.filter(|tool| surface.offers(tool.domain, tool.danger)).map(|tool| (tool.name, tool)).collect();
        let previews = PREVIEWS.iter().filter(|preview| tools.contains_key(preview.route.tool)).map(Tool::of_preview);
        let (listed, unlisted): (BTreeMap<_, _>, BTreeMap<_, _>) = previews
            .map(|tool| (tool.name, tool))
            // Those of plain writes would only make the list longer; they are there on demand.
            .partition(|(_, tool)| {
                surface.each_preview && tool.previewed().is_some_and(|route| route.danger >= Danger::Dangerous)
            });
        let tools: BTreeMap<_, _> = tools.into_iter().chain(listed).collect();
        let wire_names = tools.values().chain(unlisted.values()).map(|tool| (tool.wire_name, tool.name)).collect();
        Self { tools, unlisted, wire_names }
    }

    /// The tool of that name, dotted or underscored.
    pub fn resolve(&self, name: &str) -> Option<&Tool> {
        let known = |name: &str| self.tools.get(name).or_else(|| self.unlisted.get(name));
        known(name).or_else(|| known(self.wire_names.get(name)?))
    }

    /// All listed tools in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Tool> {
        self.tools.values()
    }
}
