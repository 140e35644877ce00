//! What is known of a panel's routes, wherever it was read: from Go, from a snapshot, or from the manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// All routes of one panel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The routes, by path and method.
    pub routes: Vec<Route>,
}

/// One route: a path with the methods that do the same on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The whole path; parameters as `{name}`, a subtree with `/` at its end.
    pub path: String,
    /// Methods that it acts on, in the order of the alphabet; `ANY` when it looks at none.
    pub methods: Vec<String>,
    /// Who may call it.
    pub auth: Auth,
    /// The function that does the work.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub handler: String,
    /// What stands before it, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrappers: Vec<String>,
    /// Form of the answer.
    pub answer: Answer,
    /// How the body is decoded.
    pub body: Body,
    /// What it reads of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Field>,
    /// What it reads of the query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Field>,
    /// What it reads of the path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Field>,
    /// What it reads of the headers, credentials left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Field>,
    /// Of a subtree: the paths below it that its handler tells apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<Route>,
    /// Where it is registered, `file:line` in the module; nothing in a snapshot, which would change with every line.
    #[serde(skip)]
    pub place: String,
    /// Where its handler stands.
    #[serde(skip)]
    pub handler_place: String,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Nobody needs to log in.
    Public,
    /// A login is looked at but not needed.
    Optional,
    /// Any account.
    User,
    /// An administrator.
    Admin,
    /// Another panel, with a token of its own.
    Peer,
    /// It could not be worked out.
    #[default]
    Unknown,
}

/// Form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// `{code, msg, …}`.
    #[default]
    Envelope,
    /// JSON without the envelope.
    Bare,
    /// Text.
    Text,
    /// One JSON value a line.
    Ndjson,
    /// A file or other bytes.
    File,
}

/// How a body is decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Never read.
    #[default]
    None,
    /// Into a type of its own.
    Typed,
    /// Into a map.
    Loose,
}

/// Where a part of a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the JSON body.
    Body,
    /// In the query.
    Query,
    /// In the path.
    Path,
    /// In a header.
    Header,
    /// In a form, wherever it came from.
    Form,
}

/// One value of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The handler refuses the call without it, as far as could be seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What is taken without it, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The keys of an object.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Field>,
    /// What a list or a map holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Field>>,
    /// The manifest names it only to refuse it: whether the panel reads it does not matter.
    #[serde(skip)]
    pub ignored: bool,
}

/// JSON type of a value, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Not known.
    #[default]
    Unknown,
    /// Anything is taken.
    Any,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An object with known keys.
    Object,
    /// A list.
    Array,
    /// An object with free keys.
    Map,
}

impl Kind {
    /// This one, unless it says less than the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown | Self::Any, other) if other != Self::Unknown => other,
            // A map whose keys are asked for by name is an object.
            (Self::Map, Self::Object) => Self::Object,
            (this, _) => this,
        }
    }
}

impl Route {
    /// Whether it acts on this method.
    pub fn accepts(&self, method: &str) -> bool {
        self.methods.iter().any(|accepted| accepted == "ANY" || accepted == method)
    }

    /// Its methods in words.
    pub fn methods_text(&self) -> String {
        self.methods.join(", ")
    }
}

impl Auth {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Optional => "optional",
            Self::User => "user",
            Self::Admin => "admin",
            Self::Peer => "peer",
            Self::Unknown => "unknown",
        }
    }
}

impl Answer {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Bare => "bare",
            Self::Text => "text",
            Self::Ndjson => "ndjson",
            Self::File => "file",
        }
    }
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Any => "any",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::Array => "array",
            Self::Map => "map",
        }
    }
}
