//! What `domain.rs` is made of: the types of one manifest file, a client method a tool, and the tables of its fields.

use serde::Serialize;

use super::{
    Error, names, routes,
    table::{FieldRow, shape_static},
    types::{TypeView, Types},
};
use crate::model::{Domain, Entry, Field, Unique};

/// The view of `domain.rs.j2`.
#[derive(Debug, Serialize)]
pub struct DomainView {
    /// Name of the domain, and of its module.
    pub name: String,
    types: Vec<TypeView>,
    aliases: Vec<AliasView>,
    /// The calls, in written order.
    pub calls: Vec<CallView>,
    shapes: Vec<ShapeView>,
}

/// One method of the client.
#[derive(Debug, Serialize)]
pub struct CallView {
    /// Canonical tool name.
    pub tool: String,
    /// Name of the route's constant.
    constant: String,
    method_name: String,
    doc: String,
    /// Name of the request struct.
    pub request: String,
    /// Type of the data.
    pub data: String,
    request_row: FieldRow,
    data_row: Option<FieldRow>,
}

#[derive(Debug, Serialize)]
struct AliasView {
    name: String,
    doc: String,
    rust_type: String,
}

#[derive(Debug, Serialize)]
struct ShapeView {
    constant: String,
    name: String,
    rows: Vec<FieldRow>,
}

/// The view of `domains.rs.j2`.
#[derive(Debug, Serialize)]
pub struct DomainList {
    domains: Vec<ModuleView>,
}

#[derive(Debug, Serialize)]
struct ModuleView {
    name: String,
    doc: String,
}

/// The modules of all domains.
pub fn list(domains: &[Domain]) -> DomainList {
    let module = |domain: &Domain| ModuleView {
        name: domain.domain.clone(),
        doc: format!("{}: {}", domain.title, domain.summary.trim()),
    };
    DomainList { domains: domains.iter().map(module).collect() }
}

/// The view of one domain, whose types are written out.
pub fn view(domain: &Domain) -> Result<DomainView, Error> {
    let file = format!("{}.yaml", domain.domain);
    let mut types = Types::new(&file, &domain.types);
    let mut aliases = Vec::new();
    let mut calls = Vec::new();
    let mut shapes = Vec::new();
    let none = Unique::default();
    for entry in &domain.routes {
        let Some(tool) = &entry.tool else { continue };
        let request = entry.request.as_ref();
        let fields = request.map_or(&none, |request| &request.fields);
        let body = request.and_then(|request| request.body.as_deref());
        let data = entry.response.as_ref().and_then(|response| response.data.as_deref());
        let doc = format!("Arguments of [`PanelClient::{}`]: {}", tool.replace('.', "_"), entry.brief);
        let request_name = types.request(tool, doc, fields, body)?;
        let data_name = match data {
            Some(data) => data_type(&mut types, &mut aliases, tool, data)?,
            None => "NoData".to_owned(),
        };
        fields.iter().for_each(|(_, field)| collect_shapes(field, &mut shapes));
        body.into_iter().chain(data).for_each(|field| collect_shapes(field, &mut shapes));
        calls.push(CallView {
            tool: tool.clone(),
            constant: names::upper(tool),
            method_name: tool.replace('.', "_"),
            doc: call_doc(entry),
            request: request_name,
            data: data_name,
            request_row: body.map_or_else(|| FieldRow::object(fields), |body| FieldRow::new("", body)),
            data_row: data.map(|data| FieldRow::new("", data)),
        });
    }
    Ok(DomainView { name: domain.domain.clone(), types: types.views, aliases, calls, shapes })
}

/// The name `NodeListData`: a struct's own, or an alias for what the data is.
fn data_type(types: &mut Types<'_>, aliases: &mut Vec<AliasView>, tool: &str, data: &Field) -> Result<String, Error> {
    let name = format!("{}Data", names::camel(tool));
    let rust_type = types.data(tool, data)?;
    if rust_type != name {
        aliases.push(AliasView {
            name: name.clone(),
            doc: format!("Data of `{tool}`. {}", data.doc).trim().to_owned(),
            rust_type,
        });
    }
    Ok(name)
}

/// The named types that a field stands on, inner ones first, each once.
fn collect_shapes(field: &Field, shapes: &mut Vec<ShapeView>) {
    field
        .fields
        .iter()
        .map(|(_, field)| field)
        .chain(field.items.as_deref())
        .for_each(|field| collect_shapes(field, shapes));
    if let Some(name) = &field.of
        && !shapes.iter().any(|shape| shape.name == *name)
    {
        shapes.push(ShapeView { constant: shape_static(name), name: name.clone(), rows: FieldRow::all(&field.fields) });
    }
}

fn call_doc(entry: &Entry) -> String {
    let danger = entry.danger.map_or("", routes::danger).to_lowercase();
    let role = entry.role.map_or("", routes::role).to_lowercase();
    let method = routes::method(entry.method).to_uppercase();
    let mut doc = format!(
        "{}\n\n{}\n\n`{method} {}`, danger {danger}, role {role}.",
        names::sentence(&entry.title),
        entry.summary.trim(),
        entry.path
    );
    if let Some(note) = entry.response.as_ref().and_then(|response| response.note.as_ref()) {
        doc.push(' ');
        doc.push_str(&names::sentence(note));
    }
    doc
}
