//! What the manifest says of the panel, in the form of facts, with the place where it says it.

use std::collections::BTreeMap;

use flvx_manifest::{
    Manifest, Version,
    model::{self, Decoding, Entry, Location, Method, Role, Unique},
};

use crate::{
    facts::{Answer, Auth, Body, Field, Kind, Route},
    locate::{Line, Lines},
};

/// One entry of the manifest that holds for the chosen version.
#[derive(Debug, Clone)]
pub struct Expected {
    /// What it says.
    pub route: Route,
    /// What is said beyond path and method.
    pub says: Says,
    /// Where it stands.
    pub at: Line,
}

/// How much an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// Everything.
    All,
    /// That the route is no tool, and why.
    Excluded(String),
}

/// The entries of a manifest that hold for a version.
pub fn entries(manifest: &Manifest, version: &Version, lines: &Lines) -> Vec<Expected> {
    let full = manifest.resolved();
    let holds = |since: &Option<String>, until: &Option<String>| holds(version, since.as_deref(), until.as_deref());
    let mut found = Vec::new();
    for domain in &full.domains {
        for entry in domain.routes.iter().filter(|entry| holds(&entry.since, &entry.until)) {
            let target = entry.alias_of.as_deref().and_then(|tool| full.entry(tool));
            let said = target.unwrap_or(entry);
            let mut route = route(said, version);
            route.path.clone_from(&entry.path);
            route.methods = methods(entry, said);
            let says = entry.excluded.clone().map_or(Says::All, Says::Excluded);
            let at = lines.entry(&domain.domain, &entry.path, word(entry.method));
            found.push(Expected { route, says, at });
        }
    }
    found
}

fn methods(entry: &Entry, said: &Entry) -> Vec<String> {
    if entry.any_method || said.any_method { vec!["ANY".to_owned()] } else { vec![word(entry.method).to_owned()] }
}

/// The word for a method.
pub fn word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    }
}

fn holds(version: &Version, since: Option<&str>, until: Option<&str>) -> bool {
    let not_yet = since.and_then(Version::parse).is_some_and(|since| *version < since);
    let no_more = until.and_then(Version::parse).is_some_and(|until| *version >= until);
    !not_yet && !no_more
}

fn route(entry: &Entry, version: &Version) -> Route {
    let none = Unique::default();
    let request = entry.request.as_ref();
    let fields = request.map_or(&none, |request| &request.fields);
    let at = |place: Location| -> BTreeMap<String, Field> {
        let here = fields.iter().filter(|(_, field)| field.location == place);
        fields_of(here, version)
    };
    let body = at(Location::Body);
    let keys = match request.and_then(|request| request.body.as_deref()) {
        Some(whole) => Some(field(whole, version)),
        None if body.is_empty() => None,
        None => Some(Field { kind: Kind::Object, fields: body, ..Field::default() }),
    };
    Route {
        path: entry.path.clone(),
        methods: Vec::new(),
        auth: entry.role.map_or(Auth::Unknown, auth),
        answer: match entry.answer {
            model::Answer::Envelope => Answer::Envelope,
            model::Answer::Bare => Answer::Bare,
            model::Answer::Text => Answer::Text,
            model::Answer::Ndjson => Answer::Ndjson,
        },
        body: match request.map(|request| request.decoding) {
            None | Some(Decoding::None) => Body::None,
            Some(Decoding::Strict) => Body::Typed,
            Some(Decoding::Loose) => Body::Loose,
        },
        keys,
        query: at(Location::Query),
        parameters: at(Location::Path),
        headers: at(Location::Header),
        ..Route::default()
    }
}

fn auth(role: Role) -> Auth {
    match role {
        Role::Public => Auth::Public,
        Role::User => Auth::User,
        Role::Admin => Auth::Admin,
        Role::Peer => Auth::Peer,
    }
}

fn fields_of<'a>(
    fields: impl Iterator<Item = (&'a str, &'a model::Field)>,
    version: &Version,
) -> BTreeMap<String, Field> {
    let held = fields.filter(|(_, field)| holds(version, field.since.as_deref(), field.until.as_deref()));
    held.map(|(name, inner)| (name.to_owned(), field(inner, version))).collect()
}

fn field(of: &model::Field, version: &Version) -> Field {
    Field {
        kind: match of.kind {
            model::Kind::String => Kind::String,
            model::Kind::Integer => Kind::Integer,
            model::Kind::Number => Kind::Number,
            model::Kind::Boolean => Kind::Boolean,
            model::Kind::Object => Kind::Object,
            model::Kind::Array => Kind::Array,
            model::Kind::Map => Kind::Map,
            model::Kind::Any => Kind::Any,
        },
        required: of.required,
        default: of.default.as_ref().map(ToString::to_string),
        fields: fields_of(of.fields.iter(), version),
        items: of.items.as_deref().map(|items| Box::new(field(items, version))),
        ignored: of.ignored,
    }
}
