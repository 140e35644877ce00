//! Operators.

use std::rc::Rc;

use super::{
    machine::Machine,
    value::{Opaque, Taint, Value},
};
use crate::{go::ast::Pos, keys::Node};

impl<'p> Machine<'p> {
    /// `a operator b`, for everything but `&&` and `||`.
    pub(super) fn binary(&mut self, operator: &str, a: &Value<'p>, b: &Value<'p>, _at: Pos) -> Value<'p> {
        match operator {
            "==" => self.equal(a, b, false),
            "!=" => self.equal(a, b, true),
            "<" | "<=" | ">" | ">=" => ordered(operator, a, b),
            "+" => plus(a, b),
            _ => match (operator, a, b) {
                ("-", Value::Int(x), Value::Int(y)) => Value::Int(x.saturating_sub(*y)),
                ("*", Value::Int(x), Value::Int(y)) => Value::Int(x.saturating_mul(*y)),
                _ => derived(a, b),
            },
        }
    }

    fn equal(&mut self, a: &Value<'p>, b: &Value<'p>, not: bool) -> Value<'p> {
        if let (Value::Method(_), Some(text)) = (a, b.as_text()) {
            self.note_method(text);
        } else if let (Some(text), Value::Method(_)) = (a.as_text(), b) {
            self.note_method(text);
        }
        let known = match (a, b) {
            (Value::Int(x), Value::Int(y)) => Some(x == y),
            (Value::Bool(x), Value::Bool(y)) => Some(x == y),
            (Value::Nil, Value::Nil) => Some(true),
            (Value::Nil, other) | (other, Value::Nil) => never_nil(other).then_some(false),
            (Value::OpenPath(start), other) | (other, Value::OpenPath(start)) => {
                other.as_text().filter(|text| !text.starts_with(&**start)).map(|_| false)
            }
            _ => match (a.as_text(), b.as_text()) {
                (Some(x), Some(y)) => Some(x == y),
                _ => None,
            },
        };
        match known {
            Some(known) => Value::Bool(known != not),
            None => self.unknown_equal(a, b, not),
        }
    }

    /// Notes a method that the code asks for.
    pub(super) fn note_method(&mut self, text: &str) {
        if !text.is_empty() && text.len() < 12 {
            self.run.methods.insert(text.to_uppercase());
        }
    }

    /// A comparison that nobody can decide: which side means that something is missing or wrong?
    fn unknown_equal(&mut self, a: &Value<'p>, b: &Value<'p>, not: bool) -> Value<'p> {
        let taint = a.taint() | b.taint();
        let (of, with) = if is_plain(a) { (b, a) } else { (a, b) };
        let empty = matches!(with, Value::Nil | Value::Bool(false))
            || matches!(with, Value::Int(0))
            || with.as_text() == Some("");
        let is_error =
            of.ty().is_some_and(|ty| self.types.is_error(ty)) || matches!(of, Value::Opaque(opaque) if opaque.second);
        let absent = if is_error && matches!(with, Value::Nil) {
            // `err != nil` holds when something went wrong.
            Some(not)
        } else if empty {
            Some(!not)
        } else if is_plain(with) {
            Some(not)
        } else {
            None
        };
        let missing = if empty && !not { node_of(of).into_iter().collect() } else { Vec::new() };
        // One role held against another says that nothing has changed, not that one is needed.
        let taint = if is_plain(with) { taint } else { taint.without(Taint::ROLE) };
        Value::Opaque(Box::new(Opaque { taint, absent, missing, ..Opaque::default() }))
    }
}

/// The part of the request that a value is, or was made of.
pub(super) fn node_of(value: &Value<'_>) -> Option<Node> {
    match value {
        Value::Data(data) => Some(data.node),
        Value::Opaque(opaque) => opaque.missing.first().copied(),
        _ => None,
    }
}

fn is_plain(value: &Value<'_>) -> bool {
    matches!(value, Value::Nil | Value::Text(_) | Value::Int(_) | Value::Bool(_))
}

fn never_nil(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::Func(_)
            | Value::Pointer(_)
            | Value::Router(_)
            | Value::Lib(_)
            | Value::Object(_)
            | Value::List(_)
            | Value::Map(_)
            | Value::Decoder(..)
    )
}

fn ordered<'p>(operator: &str, a: &Value<'p>, b: &Value<'p>) -> Value<'p> {
    if let (Value::Int(x), Value::Int(y)) = (a, b) {
        return Value::Bool(match operator {
            "<" => x < y,
            "<=" => x <= y,
            ">" => x > y,
            _ => x >= y,
        });
    }
    // `id <= 0`, `len(ids) < 1`: true when it was not given.
    let missing = match (operator, b) {
        ("<=", Value::Int(0)) | ("<", Value::Int(0 | 1)) => node_of(a).into_iter().collect(),
        _ => Vec::new(),
    };
    Value::Opaque(Box::new(Opaque { taint: a.taint() | b.taint(), missing, ..Opaque::default() }))
}

fn plus<'p>(a: &Value<'p>, b: &Value<'p>) -> Value<'p> {
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => Value::Int(x.saturating_add(*y)),
        (Value::OpenPath(start), _) => Value::OpenPath(Rc::clone(start)),
        _ => match (a.as_text(), b.as_text()) {
            (Some(x), Some(y)) => Value::text(format!("{x}{y}")),
            _ => derived(a, b),
        },
    }
}

/// Something unknown made of two values.
fn derived<'p>(a: &Value<'p>, b: &Value<'p>) -> Value<'p> {
    let taint: Taint = a.taint() | b.taint();
    Value::tainted(taint)
}
