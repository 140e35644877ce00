//! Decoding: from the bytes of a body to keys.

use std::{cell::Cell, rc::Rc};

use super::{
    machine::Machine,
    value::{Data, Lib, Slot, Taint, Value},
};
use crate::{
    facts::{Kind, Place},
    go::{
        Resolved, Ty,
        ast::{Field, Pos},
    },
    keys::Node,
};

/// Structs inside structs, at most; one that holds itself must end.
const DEEPEST: usize = 8;

/// The key of a field in JSON; none when it is never decoded.
pub(super) fn json_name(field: &Field) -> Option<String> {
    tag_name(field, "json")
}

fn tag_name(field: &Field, tag: &str) -> Option<String> {
    let is_exported = field.name.chars().next().is_some_and(char::is_uppercase);
    let written = tag_value(&field.tag, tag).map(|value| value.split(',').next().unwrap_or_default().to_owned());
    match written.as_deref() {
        Some("-") => None,
        Some("") | None if is_exported => Some(field.name.clone()),
        Some(name) if is_exported => Some(name.to_owned()),
        _ => None,
    }
}

/// The value of one part of a struct tag.
pub(super) fn tag_value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = tag;
    while let Some((key, after)) = rest.trim_start().split_once(":\"") {
        let end = closing_quote(after);
        let value = after.get(..end).unwrap_or(after);
        if key.trim() == name {
            return Some(value);
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    None
}

fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at,
            _ => escaped = false,
        }
    }
    text.len()
}

impl<'p> Machine<'p> {
    /// A method of a JSON decoder.
    pub(super) fn decoder_call(
        &mut self,
        from: Value<'p>,
        strict: &Rc<Cell<bool>>,
        name: &str,
        args: &[Value<'p>],
        at: Pos,
    ) -> Value<'p> {
        match (name, args) {
            ("DisallowUnknownFields", _) => {
                strict.set(true);
                Value::unknown()
            }
            ("Decode", [into, ..]) => self.decode(&from, into, at),
            _ => Value::unknown(),
        }
    }

    /// Decodes JSON into a variable and gives the error.
    pub(super) fn decode(&mut self, from: &Value<'p>, into: &Value<'p>, at: Pos) -> Value<'p> {
        let node = match from {
            Value::Lib(Lib::Body) => Some(self.run.keys.body()),
            // A text inside the request is its own document.
            Value::Data(data) if !data.scalar && self.run.keys.kind(data.node) != Kind::String => Some(data.node),
            _ => None,
        };
        match node {
            Some(node) => {
                self.work(at);
                self.fill(node, into, "json");
            }
            None => {
                if let Value::Pointer(slot) = into {
                    slot.forget();
                }
            }
        }
        Value::unknown()
    }

    /// Makes a variable the part of the request that is decoded into it.
    pub(super) fn fill(&mut self, node: Node, into: &Value<'p>, tag: &str) {
        let Value::Pointer(slot) = into else {
            self.expand_into(node, into, tag);
            return;
        };
        let held = slot.value.borrow().clone();
        // A pointer to a pointer, or to something that already has a better type than its declaration.
        if let Value::Pointer(_) = held {
            self.fill(node, &held, tag);
            return;
        }
        let ty = match &held {
            Value::Object(object) => object.ty,
            other => other.ty(),
        };
        let ty = ty.or(slot.ty);
        if let Some(ty) = ty {
            if self.run.keys.is_body(node) && self.types.fields(ty).is_some() {
                self.run.keys.decoded_typed();
            }
            self.expand(node, ty, tag, 0);
        }
        self.set_decoded(slot, node, ty);
    }

    fn set_decoded(&mut self, slot: &Slot<'p>, node: Node, ty: Option<Ty<'p>>) {
        *slot.value.borrow_mut() = Value::Data(Box::new(Data { node, ty, scalar: false }));
    }

    fn expand_into(&mut self, node: Node, into: &Value<'p>, tag: &str) {
        if let Some(ty) = into.ty() {
            self.expand(node, ty, tag, 0);
        }
    }

    /// The keys that a type takes.
    pub(super) fn expand(&mut self, node: Node, ty: Ty<'p>, tag: &str, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        // A type with its own decoding takes what it likes.
        if depth > 0 && self.types.method(ty, "UnmarshalJSON").is_some() {
            self.run.keys.hint(node, Kind::Any);
            return;
        }
        let kind = self.types.kind(ty);
        match self.types.shape(ty) {
            Resolved::Struct(fields, file) => {
                self.run.keys.hint(node, Kind::Object);
                self.expand_fields(node, fields, file, tag, depth);
            }
            Resolved::Slice(item) if kind == Kind::Array => {
                let item_node = self.run.keys.item(node, Kind::Array);
                self.expand(item_node, item, tag, depth + 1);
            }
            Resolved::Map(_, item) => {
                self.run.keys.hint(node, Kind::Map);
                if !matches!(self.types.shape(item), Resolved::Interface(_)) {
                    let item_node = self.run.keys.item(node, Kind::Map);
                    self.expand(item_node, item, tag, depth + 1);
                }
            }
            _ => self.run.keys.hint(node, kind),
        }
    }

    fn expand_fields(&mut self, node: Node, fields: &'p [Field], file: u32, tag: &str, depth: usize) {
        for field in fields {
            let ty = Ty::new(&field.ty, file);
            let named = tag_value(&field.tag, tag).is_some_and(|value| !value.is_empty());
            if field.embedded && !named {
                if self.types.fields(ty).is_some() {
                    self.expand(node, ty, tag, depth + 1);
                }
                continue;
            }
            let Some(name) = tag_name(field, tag) else { continue };
            if tag != "json" && tag_value(&field.tag, tag).is_none() {
                continue;
            }
            let child = self.run.keys.child(node, &name);
            self.expand(child, ty, tag, depth + 1);
            let rules =
                tag_value(&field.tag, "binding").or_else(|| tag_value(&field.tag, "validate")).unwrap_or_default();
            if rules.split(',').any(|rule| rule == "required") {
                self.run.keys.require(child);
            }
        }
    }

    /// The parameters that a type takes from a query, a form or the path, by one of its tags.
    pub(crate) fn expand_parameters(&mut self, place: Place, into: &Value<'p>, tag: &str, at: Pos) {
        self.work(at);
        let Some(ty) = into.ty() else {
            self.lost(at, "parameters go into something whose type is not known");
            return;
        };
        if let Some((fields, file)) = self.types.fields(ty) {
            self.parameters_of(place, fields, file, tag, 0);
        }
        if let Value::Pointer(slot) = into {
            *slot.value.borrow_mut() = Value::of_type(ty, Taint::NONE);
        }
    }

    fn parameters_of(&mut self, place: Place, fields: &'p [Field], file: u32, tag: &str, depth: usize) {
        for field in fields {
            let ty = Ty::new(&field.ty, file);
            if field.embedded && depth < DEEPEST {
                if let Some((fields, file)) = self.types.fields(ty) {
                    self.parameters_of(place, fields, file, tag, depth + 1);
                }
                continue;
            }
            let Some(name) = tag_value(&field.tag, tag).map(|value| value.split(',').next().unwrap_or_default()) else {
                continue;
            };
            let node = self.run.keys.parameter(place, name);
            self.hint_type(node, ty);
            if tag_value(&field.tag, "binding").is_some_and(|rules| rules.split(',').any(|rule| rule == "required")) {
                self.run.keys.require(node);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_taken_apart() {
        let tag = r#"json:"id,omitempty" binding:"required,gt=0" doc:"a \"b\" c""#;
        assert_eq!(tag_value(tag, "json"), Some("id,omitempty"));
        assert_eq!(tag_value(tag, "binding"), Some("required,gt=0"));
        assert_eq!(tag_value(tag, "doc"), Some(r#"a \"b\" c"#));
        assert_eq!(tag_value(tag, "form"), None);
    }
}
