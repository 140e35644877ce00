//! Reads and calls of other tools in recipes: the tool exists and is allowed there, its arguments are right.

use serde_json::Value;

use super::{
    draft::{Lookup, Route, danger_word, is_mutation},
    places::{self, Roots, Want},
};
use crate::{
    finding::Finding,
    fit::{Strictness, misfits},
    model::{Conditions, Entry, Field, Kind, Read, Unique},
    path::{At, Spot},
    shape::{Lost, follow, request_of, row_of},
    suggest::{listed, nearest},
};

/// Which keys a read has beyond the tool, its arguments, `rows` and `match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// `target`.
    Target,
    /// `preview.dependents`.
    Dependents,
    /// `preview.targets`.
    Targets,
    /// `preview.named_by`.
    Names,
    /// `preview.from`.
    Present,
    /// `merge.from`.
    Column,
    /// `verify.read`.
    Proof,
    /// `undo.old`.
    Old,
}

impl Use {
    fn allows(self, key: &str) -> bool {
        match key {
            "name" => matches!(self, Use::Target | Use::Targets | Use::Names | Use::Dependents),
            "kind" => matches!(self, Use::Target | Use::Targets),
            "label" | "as" => self == Use::Dependents,
            "take" => matches!(self, Use::Present | Use::Column),
            "when" => matches!(self, Use::Targets | Use::Dependents | Use::Present),
            _ => true,
        }
    }

    const fn described(self) -> &'static str {
        match self {
            Use::Target => "`target`",
            Use::Dependents => "a read of `dependents`",
            Use::Targets => "a read of `preview.targets`",
            Use::Names => "a read of `named_by`",
            Use::Present => "a read of `preview.from`",
            Use::Column => "a read of `merge.from`",
            Use::Proof => "`verify.read`",
            Use::Old => "`undo.old`",
        }
    }
}

/// Checks a read and gives the shape of its rows, as far as it is known.
pub fn check<'a>(
    route: &Route<'a>,
    read: &Read,
    usage: Use,
    roots: &Roots<'_>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) -> Option<&'a Field> {
    misplaced(read, usage, at, findings);
    when(route, read, &at.key("when"), findings);
    let tool = called(route, &read.read, &at.key("read"), findings)?;
    only_reads(tool, at.key("read").at_value(), findings);
    let call = Call { tool, given: &read.request, named: at.key("read").at_value() };
    call.check(roots, &at.key("request"), findings);
    let row = match row_of(tool, read.rows.as_deref()) {
        Ok(row) => row?,
        Err(lost) => {
            let (spot, label) = match &read.rows {
                Some(_) => (at.key("rows").at_value(), "a path to a list in its `data`"),
                None => (at.key("read").at_value(), "has no rows to read"),
            };
            findings.push(
                Finding::new(spot, format!("`{}` has no rows there: {}", read.read, lost.message))
                    .label(label)
                    .instead(lost.suggestion),
            );
            return None;
        }
    };
    for (path, value) in read.matches.iter() {
        let here = at.key("match");
        let here = here.key(path);
        let field = field_of(row, path, &read.read, here.at_key(), findings);
        places::check(value, Want { field, any_of: true }, roots, &here, findings);
    }
    for (key, path) in [("name", &read.name), ("take", &read.take)] {
        if let Some(path) = path {
            field_of(row, path, &read.read, at.key(key).at_value(), findings);
        }
    }
    Some(row)
}

/// A recipe reads with tools that change nothing.
pub fn only_reads(tool: &Entry, spot: Spot, findings: &mut Vec<Finding>) {
    if let Some(danger) = tool.danger
        && is_mutation(danger)
    {
        let name = tool.tool.as_deref().unwrap_or_default();
        let finding = Finding::new(spot, format!("`{name}` is no read"));
        findings.push(finding.label(format!(
            "its danger is `{}`; a recipe reads with `read` and `sensitive` tools",
            danger_word(danger)
        )));
    }
}

/// Conditions on rows. A key that is a place is a condition on the call.
pub fn conditions(
    given: &Conditions,
    row: Option<&Field>,
    tool: &str,
    roots: &Roots<'_>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    for (path, value) in given.iter() {
        let here = at.key(path);
        let field = if path.starts_with('$') {
            places::reached(path, roots, here.at_key(), findings)
        } else {
            row.and_then(|row| field_of(row, path, tool, here.at_key(), findings))
        };
        match value.get("not") {
            Some(other) => places::check(other, Want { field, any_of: true }, roots, &here.key("not"), findings),
            None => places::check(value, Want { field, any_of: true }, roots, &here, findings),
        }
    }
}

fn misplaced(read: &Read, usage: Use, at: &At<'_>, findings: &mut Vec<Finding>) {
    let said = [
        ("name", read.name.is_some()),
        ("kind", read.kind.is_some()),
        ("label", read.label.is_some()),
        ("take", read.take.is_some()),
        ("when", !read.when.is_empty()),
        ("as", read.known_as.is_some()),
    ];
    for (key, _) in said.into_iter().filter(|(key, said)| *said && !usage.allows(key)) {
        findings.push(
            Finding::new(at.key(key).at_key(), format!("`{key}` in {}", usage.described()))
                .label("has no meaning here"),
        );
    }
    if usage == Use::Dependents && read.label.is_none() {
        let finding = Finding::new(at.key("read").at_value(), "`label` is missing");
        findings.push(finding.label("what hangs on the target, in the plural: `label: forwards of this tunnel`"));
    }
    if usage == Use::Targets && read.kind.is_none() {
        let finding = Finding::new(at.key("read").at_value(), "`kind` is missing");
        findings.push(finding.label("what a person calls such a thing: `kind: forward`"));
    }
    if usage == Use::Names && read.name.is_none() {
        let finding = Finding::new(at.key("read").at_value(), "`name` is missing");
        findings.push(finding.label("the row field that the target is called after"));
    }
    if let Some(name) = &read.known_as
        && (name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    {
        let finding = Finding::new(at.key("as").at_value(), format!("`{name}` is no name for rows"));
        findings.push(finding.label("lower-case letters and `_`, so that places can start with it"));
    }
}

/// `when` speaks of arguments of this route, with values that they can have.
fn when(route: &Route<'_>, read: &Read, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(request) = route.full.request.as_ref().map(request_of) else { return };
    for (name, value) in read.when.iter() {
        let here = at.key(name);
        let Some(field) = request.fields.get(name) else {
            let near = nearest(name, request.fields.keys());
            let finding = Finding::new(here.at_key(), format!("the request has no field `{name}`"));
            findings.push(finding.label("request field: value").instead(near));
            continue;
        };
        let one = match (field.kind, field.items.as_deref()) {
            (Kind::Array, Some(items)) => items,
            _ => field,
        };
        let values = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for (position, value) in values.iter().enumerate() {
            let there = if read.when.get(name).is_some_and(Value::is_array) { &here.item(position) } else { &here };
            for misfit in misfits(one, value, Strictness::Whole) {
                findings.push(misfit.finding(there.at_value(), ""));
            }
        }
    }
}

/// Looks up a row's field and tells when there is none.
pub fn field_of<'f>(
    row: &'f Field,
    path: &str,
    tool: &str,
    spot: Spot,
    findings: &mut Vec<Finding>,
) -> Option<&'f Field> {
    match follow(row, path) {
        Ok(reached) => reached.field,
        Err(Lost { message, suggestion }) => {
            let finding = Finding::new(spot, format!("a row of `{tool}` has no `{path}`"));
            findings.push(finding.label(message).instead(suggestion));
            None
        }
    }
}

/// The tool of this name, with every `of` expanded.
pub fn called<'a>(route: &Route<'a>, name: &str, at: &At<'_>, findings: &mut Vec<Finding>) -> Option<&'a Entry> {
    match route.draft.tool(name) {
        Lookup::Found(entry) => Some(entry),
        Lookup::Unreadable => None,
        Lookup::Missing => {
            let near = nearest(name, route.draft.tool_names());
            findings.push(
                Finding::new(at.at_value(), format!("there is no tool `{name}`")).label("unknown tool").instead(near),
            );
            None
        }
    }
}

/// A call of another tool as it is written in a recipe.
pub struct Call<'a> {
    /// The tool, with every `of` expanded.
    pub tool: &'a Entry,
    /// Its arguments as written.
    pub given: &'a Unique<Value>,
    /// Where the tool is named; what is missing is told there when there are no arguments at all.
    pub named: Spot,
}

impl Call<'_> {
    /// The arguments are known, of the right type, and all that are required. `at` is where they stand.
    pub fn check(&self, roots: &Roots<'_>, at: &At<'_>, findings: &mut Vec<Finding>) {
        let Some(request) = &self.tool.request else { return };
        let name = self.tool.tool.as_deref().unwrap_or_default();
        let shape = request_of(request);
        for (key, value) in self.given.iter() {
            let here = at.key(key);
            let field = match (&request.body, shape.fields.get(key)) {
                (Some(body), _) => body.items.as_deref(),
                (None, Some(field)) => {
                    if field.ignored {
                        findings.push(
                            Finding::new(here.at_key(), format!("`{name}` ignores `{key}`"))
                                .label("the gateway refuses it"),
                        );
                    }
                    Some(field)
                }
                (None, None) => {
                    let near = nearest(key, shape.fields.keys());
                    findings.push(
                        Finding::new(here.at_key(), format!("`{name}` takes no `{key}`"))
                            .label("not a field of its request")
                            .instead(near),
                    );
                    None
                }
            };
            places::check(value, Want { field, any_of: false }, roots, &here, findings);
        }
        let spot = || if self.given.is_empty() { self.named.clone() } else { at.at_key() };
        for (key, _) in shape.fields.iter().filter(|(key, field)| field.required && self.given.get(key).is_none()) {
            findings
                .push(Finding::new(spot(), format!("`{name}` needs `{key}`")).label("a required argument is missing"));
        }
        for names in request.need_one_of.iter().filter(|names| !names.iter().any(|key| self.given.get(key).is_some())) {
            let finding =
                Finding::new(spot(), format!("`{name}` needs one of {}", listed(names.iter().map(String::as_str))));
            findings.push(finding.label("none of them is given"));
        }
    }
}
