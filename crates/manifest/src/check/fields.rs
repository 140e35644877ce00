//! Fields: documentation, references, items, and that each key is one that such a field can have.

use super::{draft::Draft, limits, versions};
use crate::{
    finding::Finding,
    model::{Domain, Field, Kind, Location, Unique},
    path::At,
    suggest::nearest,
};

/// Where fields are looked at.
pub struct Scope<'a> {
    /// The manifest.
    pub draft: &'a Draft<'a>,
    /// The file; `None`: the shared one.
    pub domain: Option<&'a Domain>,
    /// What they are part of.
    pub side: Side,
}

/// What a field is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the panel takes.
    Request,
    /// What it gives.
    Answer,
    /// A shape, which can be used for both.
    Shape,
}

/// Named fields and everything in them.
pub fn check_all(scope: &Scope<'_>, fields: &Unique<Field>, at: &At<'_>, findings: &mut Vec<Finding>) {
    for (name, field) in fields.iter() {
        let here = at.key(name);
        if name.trim().is_empty() || name.chars().any(|c| c.is_whitespace() || matches!(c, '.' | '[' | ']' | '$')) {
            let finding = Finding::new(here.at_key(), format!("`{name}` is no name of a field"));
            findings.push(finding.label("without blanks, dots, brackets and `$`, so that paths can name it"));
        }
        if field.doc.trim().is_empty() {
            let finding = Finding::new(here.at_key(), format!("the field `{name}` has no `doc`"));
            findings.push(finding.label("say what it is, for a reader who has never seen FLVX"));
        }
        check(scope, field, &here, findings);
    }
}

/// One field and everything in it.
pub fn check(scope: &Scope<'_>, field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    reference(scope, field, at, findings);
    contents(field, at, findings);
    side(scope.side, field, at, findings);
    contradictions(field, at, findings);
    versions::check(field.since.as_deref(), field.until.as_deref(), at, findings);
    limits::check(scope, field, at, findings);
    check_all(scope, &field.fields, &at.key("fields"), findings);
    if let Some(items) = &field.items {
        check(scope, items, &at.key("items"), findings);
    }
}

/// `of` names a shape, on an object without keys of its own.
fn reference(scope: &Scope<'_>, field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(name) = &field.of else { return };
    let own = scope.domain.map(|domain| &domain.types);
    let shared = &scope.draft.manifest.shared.types;
    let exists = own.is_some_and(|types| types.get(name).is_some()) || shared.get(name).is_some();
    let known = &scope.draft.known;
    if !exists && !known.types.contains(name) && !known.broken_shared {
        let near = nearest(name, own.into_iter().flat_map(Unique::keys).chain(shared.keys()));
        let finding = Finding::new(at.key("of").at_value(), format!("there is no shape `{name}`"));
        findings.push(finding.label("neither under `types` of this file nor in `shared.yaml`").instead(near));
    }
    if field.kind != Kind::Object {
        let help = match field.kind {
            Kind::Array | Kind::Map => "what it holds is said by `items: { type: object, of: … }`",
            _ => "`of` names the keys of an object",
        };
        findings.push(Finding::new(at.key("of").at_key(), "`of` on a field that is no object").label(help));
    }
    if !field.fields.is_empty() {
        let finding = Finding::new(at.key("fields").at_key(), "`fields` beside `of`");
        findings.push(finding.label("the keys are those of the shape").also(at.key("of").at_value(), "the shape"));
    }
}

/// `fields` and `items` where they belong.
fn contents(field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    let holds_items = matches!(field.kind, Kind::Array | Kind::Map);
    if holds_items && field.items.is_none() {
        let finding = Finding::new(at.key("type").at_value(), "`items` is missing");
        findings.push(
            finding
                .label("of what?")
                .help("say it with `items: { type: … }`; `items: { type: any }` when it can be anything"),
        );
    }
    if !holds_items && field.items.is_some() {
        findings.push(
            Finding::new(at.key("items").at_key(), "`items` on a field that is no list and no map")
                .label("only `array` and `map` have items"),
        );
    }
    if field.kind != Kind::Object && !field.fields.is_empty() {
        let help = if holds_items {
            "they belong under `items: { type: object, fields: … }`"
        } else {
            "only an `object` has fields"
        };
        findings.push(Finding::new(at.key("fields").at_key(), "`fields` on a field that is no object").label(help));
    }
    if field.kind == Kind::Object && field.of.is_none() && field.fields.is_empty() {
        let finding = Finding::new(at.key("type").at_value(), "an object without keys");
        findings.push(finding.label("give `fields` or `of`; free keys are `type: map`, any JSON is `type: any`"));
    }
    if !field.secret_keys.is_empty() && !matches!(field.kind, Kind::Map | Kind::Array | Kind::Object) {
        findings.push(
            Finding::new(at.key("secret_keys").at_key(), "`secret_keys` on a field that is no map, list or object")
                .label("names keys of a map"),
        );
    }
    if field.hand_over && !(field.secret && field.kind == Kind::String) {
        findings.push(
            Finding::new(at.key("hand_over").at_key(), "`hand_over` on a field that is no secret text")
                .label("is for a `string` that is `secret`"),
        );
    }
    if field.free_text && matches!(field.kind, Kind::Integer | Kind::Number | Kind::Boolean) {
        findings.push(
            Finding::new(at.key("free_text").at_key(), "`free_text` on a field that is no text")
                .label("nobody can write into a number"),
        );
    }
}

/// Keys that mean something only in requests, or only in answers.
fn side(side: Side, field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    if side == Side::Request && field.hand_over {
        let finding = Finding::new(at.key("hand_over").at_key(), "`hand_over` in a request");
        findings.push(finding.label("is for answers: what a person gives needs no handing over"));
    }
    if side == Side::Request && field.optional {
        let finding = Finding::new(at.key("optional").at_key(), "`optional` in a request");
        findings.push(finding.label("is for answers; here every field is optional unless it is `required`"));
    }
    if side == Side::Request && field.volatile {
        let finding = Finding::new(at.key("volatile").at_key(), "`volatile` in a request");
        findings.push(finding.label("is for answers: what a caller gives does not move by itself"));
    }
    if side == Side::Answer {
        let only_requests = [
            ("required", field.required, "is for requests; here every field is there unless it is `optional`"),
            ("omitted", field.omitted.is_some(), "is for requests"),
            ("default", field.default.is_some(), "is for requests"),
            ("default_doc", field.default_doc.is_some(), "is for requests"),
            ("ignored", field.ignored, "is for requests"),
        ];
        for (key, _, label) in only_requests.into_iter().filter(|(_, said, _)| *said) {
            findings.push(Finding::new(at.key(key).at_key(), format!("`{key}` in an answer")).label(label));
        }
    }
    if side != Side::Request && field.location != Location::Body {
        findings.push(
            Finding::new(at.key("in").at_key(), "`in` outside a request")
                .label("only the fields of a request travel by themselves"),
        );
    }
}

/// Keys that take each other back.
fn contradictions(field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    let against_required = [
        ("default", field.default.is_some()),
        ("default_doc", field.default_doc.is_some()),
        ("ignored", field.ignored),
        ("omitted", field.omitted.is_some()),
    ];
    for (key, _) in against_required.into_iter().filter(|(_, said)| *said && field.required) {
        let finding = Finding::new(at.key(key).at_key(), format!("`{key}` on a required field"));
        findings.push(
            finding.label("a required field is never left out").also(at.key("required").at_key(), "required here"),
        );
    }
    if field.location == Location::Path && !field.required {
        findings.push(
            Finding::new(at.key("in").at_value(), "a field in the path is not `required`")
                .label("without it there is no path: add `required: true`"),
        );
    }
    if field.location != Location::Body && matches!(field.kind, Kind::Object | Kind::Map | Kind::Any) {
        findings.push(
            Finding::new(at.key("in").at_value(), "an object cannot travel outside the body")
                .label("only texts, numbers, booleans and lists of them"),
        );
    }
}
