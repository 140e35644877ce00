//! The typed structs of one domain: what a request or an answer of the manifest becomes in Rust.
//!
//! A request has `Option` for whatever may be left out, so that nothing is sent which the caller did not give. An
//! answer is lenient: a key that is missing becomes its default, one that is unknown is passed over, because the panel
//! of tomorrow answers a little differently.

use serde::Serialize;

use super::{
    Error, names,
    schema::{self, Side},
};
use crate::model::{Field, Kind, Shape, Unique};

/// One struct (or, for free keys, one wrapper) of the generated code.
#[derive(Debug, Serialize)]
pub struct TypeView {
    /// Its Rust name.
    pub name: String,
    doc: String,
    request: bool,
    /// Nothing is required, so an empty one is a request.
    default: bool,
    /// `rename_all = "camelCase"` saves most of the renames.
    camel: bool,
    members: Vec<MemberView>,
    /// The one type inside a transparent wrapper.
    wraps: Option<String>,
    /// JSON Schema text; a whole request has the one in the route's table.
    schema: Option<String>,
    /// The route's constant, for a whole request.
    route: Option<String>,
}

#[derive(Debug, Serialize)]
struct MemberView {
    name: String,
    rust_type: String,
    doc: String,
    rename: Option<String>,
    /// Left out of the request when `None`.
    skip: bool,
    /// `null` and absence are told apart.
    given: bool,
}

/// The types of a domain, each once, in the order of first use.
#[derive(Debug)]
pub struct Types<'a> {
    file: &'a str,
    shapes: &'a Unique<Shape>,
    tool: String,
    around: Vec<String>,
    /// Which name stands for what; for shapes, so that a second use finds the first.
    origins: Vec<(String, String)>,
    /// The types so far.
    pub views: Vec<TypeView>,
}

impl<'a> Types<'a> {
    /// No types yet. `file` is the manifest file that errors name, `shapes` the named types in its reach.
    pub fn new(file: &'a str, shapes: &'a Unique<Shape>) -> Self {
        Self { file, shapes, tool: String::new(), around: Vec::new(), origins: Vec::new(), views: Vec::new() }
    }

    fn enter(&mut self, tool: &str) {
        tool.clone_into(&mut self.tool);
        self.around = names::words(tool);
    }

    /// The request struct of a tool. Its schema text is the one in the route's table.
    pub fn request(
        &mut self,
        tool: &str,
        doc: String,
        fields: &Unique<Field>,
        body: Option<&Field>,
    ) -> Result<String, Error> {
        self.enter(tool);
        let name = format!("{}Request", names::camel(tool));
        match body {
            Some(body) => {
                let inner = self.rust_type(Side::Request, &name, body)?;
                self.claim(&name, format!("the request of `{tool}`"))?;
                self.views.push(TypeView { wraps: Some(inner), ..TypeView::empty(&name, doc, Side::Request) });
            }
            None => self.structure(Side::Request, &name, doc, format!("the request of `{tool}`"), fields)?,
        }
        if let Some(view) = self.views.iter_mut().find(|view| view.name == name) {
            view.schema = None;
            view.route = Some(names::upper(tool));
        }
        Ok(name)
    }

    /// The type of a tool's data: a struct, or an alias when the data is no object of its own.
    pub fn data(&mut self, tool: &str, data: &Field) -> Result<String, Error> {
        self.enter(tool);
        let name = format!("{}Data", names::camel(tool));
        self.rust_type(Side::Answer, &name, data)
    }

    /// The Rust type of a value; `hint` names a struct that has to be made for it.
    fn rust_type(&mut self, side: Side, hint: &str, field: &Field) -> Result<String, Error> {
        let plain = self.bare_type(side, hint, field)?;
        Ok(if field.nullable { format!("Option<{plain}>") } else { plain })
    }

    fn bare_type(&mut self, side: Side, hint: &str, field: &Field) -> Result<String, Error> {
        let item = |types: &mut Self, hint: String| -> Result<String, Error> {
            let Some(items) = &field.items else { return Ok("serde_json::Value".to_owned()) };
            let mut items = (**items).clone();
            // A list or map of secrets is marked on itself or by key; its texts must not be printed either.
            items.secret |= field.secret || !field.secret_keys.is_empty();
            types.rust_type(side, &hint, &items)
        };
        Ok(match field.kind {
            Kind::String if field.secret => "crate::Secret".to_owned(),
            Kind::String => "String".to_owned(),
            Kind::Integer => "i64".to_owned(),
            Kind::Number => "f64".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Any => "serde_json::Value".to_owned(),
            Kind::Array => format!("Vec<{}>", item(self, row_hint(hint))?),
            Kind::Map => format!("std::collections::BTreeMap<String, {}>", item(self, row_hint(hint))?),
            Kind::Object if field.fields.is_empty() => "serde_json::Map<String, serde_json::Value>".to_owned(),
            Kind::Object => self.object(side, hint, field)?,
        })
    }

    fn object(&mut self, side: Side, hint: &str, field: &Field) -> Result<String, Error> {
        let Some(shape) = &field.of else {
            let root = names::camel(&self.tool);
            let part = match (side, hint.strip_prefix(&root)) {
                (Side::Request, _) => "Part of the arguments",
                (Side::Answer, Some("Data")) => "Data",
                (Side::Answer, Some("Row")) => "A row",
                (Side::Answer, _) => "Part of the data",
            };
            let doc = if field.doc.is_empty() { format!("{part} of `{}`.", self.tool) } else { field.doc.clone() };
            self.structure(side, hint, doc, format!("the object at `{hint}`"), &field.fields)?;
            return Ok(hint.to_owned());
        };
        // The same type is strict in what it sends and lenient in what it takes, so it is two structs when used for both.
        let name = match side {
            Side::Request => format!("{}Input", names::camel(shape)),
            Side::Answer => names::camel(shape),
        };
        let origin = format!("type `{shape}`");
        if !self.origins.iter().any(|(known, from)| *known == name && *from == origin) {
            let doc = self.shapes.get(shape).map_or_else(|| format!("Type `{shape}`."), |shape| shape.doc.clone());
            self.structure(side, &name, doc, origin, &field.fields)?;
        }
        Ok(name)
    }

    fn structure(
        &mut self,
        side: Side,
        name: &str,
        doc: String,
        origin: String,
        fields: &Unique<Field>,
    ) -> Result<(), Error> {
        self.claim(name, origin)?;
        // The place among the types is taken before the types of the fields are made, so that a reader meets the whole first.
        let place = self.views.len();
        let schema = schema::object(side, fields, &self.around);
        self.views.push(TypeView { schema: Some(schema), ..TypeView::empty(name, doc, side) });
        let mut members = Vec::new();
        let mut taken: Vec<(String, String)> = Vec::new();
        for (key, field) in fields.iter().filter(|(_, field)| side == Side::Answer || !field.ignored) {
            let member = names::member(key);
            if let Some((_, first)) = taken.iter().find(|(known, _)| *known == member) {
                return Err(self.clash(&member, format!("key `{first}`"), format!("key `{key}` of `{name}`")));
            }
            taken.push((member.clone(), key.to_owned()));
            members.push(self.member(side, name, member, key, field)?);
        }
        let camel = members.iter().any(|member| member.name.contains('_') && member.rename.is_none());
        if let Some(view) = self.views.get_mut(place) {
            view.default = side == Side::Answer || !fields.iter().any(|(_, field)| field.required);
            view.camel = camel;
            for member in &mut members {
                // Without `rename_all`, a one-word name is its key and needs no help.
                if !camel && member.rename.as_deref() == Some(member.name.trim_start_matches("r#")) {
                    member.rename = None;
                }
            }
            view.members = members;
        }
        Ok(())
    }

    fn member(&mut self, side: Side, owner: &str, name: String, key: &str, field: &Field) -> Result<MemberView, Error> {
        // `NodeListData.chain` is a `NodeListChain`; the whole owner comes in front only where that is taken already.
        let short = format!("{}{}", owner.strip_suffix("Data").unwrap_or(owner), names::camel(key));
        let hint = if self.origins.iter().any(|(known, _)| *known == short) {
            format!("{owner}{}", names::camel(key))
        } else {
            short
        };
        let inner = self.rust_type(side, &hint, field)?;
        let optional = match side {
            Side::Request => !field.required,
            Side::Answer => field.optional,
        };
        let given = side == Side::Request && optional && field.nullable;
        let rust_type = match (optional, given, field.nullable) {
            (true, true, _) | (true, _, false) => format!("Option<{inner}>"),
            _ => inner,
        };
        let rename = (names::serde_camel(&name) != key).then(|| key.to_owned());
        Ok(MemberView {
            doc: member_doc(side, key, field),
            skip: side == Side::Request && optional,
            given,
            name,
            rust_type,
            rename,
        })
    }

    fn claim(&mut self, name: &str, origin: String) -> Result<(), Error> {
        if let Some((_, first)) = self.origins.iter().find(|(known, _)| known == name) {
            return Err(self.clash(name, first.clone(), origin));
        }
        self.origins.push((name.to_owned(), origin));
        Ok(())
    }

    fn clash(&self, name: &str, first: String, second: String) -> Error {
        Error::Clash { file: self.file.to_owned(), name: name.to_owned(), first, second }
    }
}

impl TypeView {
    fn empty(name: &str, doc: String, side: Side) -> Self {
        Self {
            name: name.to_owned(),
            doc,
            request: side == Side::Request,
            default: true,
            camel: false,
            members: Vec::new(),
            wraps: None,
            schema: None,
            route: None,
        }
    }
}

/// What the rows of a list are called: `NodeListData` holds `NodeListRow`s, `…Chain` holds `…ChainItem`s.
fn row_hint(hint: &str) -> String {
    hint.strip_suffix("Data").map_or_else(|| format!("{hint}Item"), |stem| format!("{stem}Row"))
}

/// The field's documentation with what its type does not say.
fn member_doc(side: Side, key: &str, field: &Field) -> String {
    let mut doc = if field.doc.is_empty() { format!("`{key}`.") } else { names::sentence(&field.doc) };
    let mut add = |text: String| {
        doc.push(' ');
        doc.push_str(&text);
    };
    if let Some(unit) = &field.unit {
        add(format!("Unit: {unit}."));
    }
    for (label, values) in [("Values", &field.values), ("Special", &field.special)] {
        let meanings: Vec<String> = values.iter().map(|(value, text)| format!("`{value}` {text}")).collect();
        if !meanings.is_empty() {
            add(format!("{label}: {}.", meanings.join(", ")));
        }
    }
    if side == Side::Request {
        match (&field.default, &field.default_doc) {
            (_, Some(words)) => add(format!("Left out: {}.", words.trim_end_matches('.'))),
            (Some(value), None) => add(format!("Left out: `{value}`.")),
            (None, None) => {}
        }
    }
    doc
}
