//! `x[i]` and `x[a:b]`: lists, maps, parts of the request, generic functions.

use std::rc::Rc;

use super::{
    expr::with_types,
    machine::Machine,
    value::{Data, Env, Taint, Value},
};
use crate::{
    facts::Kind,
    go::{
        Ty,
        ast::{Expr, Pos},
    },
};

impl<'p> Machine<'p> {
    pub(super) fn index(&mut self, of: &'p Expr, keys: &'p [Expr], env: &Env<'p>) -> Value<'p> {
        let value = self.expr(of, env).deref();
        match (value, keys) {
            // `f[T]`: a function with its type arguments.
            (Value::Func(closure), keys) => {
                let types: Vec<Ty<'p>> = keys.iter().filter_map(|key| self.type_of(key, env)).collect();
                Value::Func(Rc::new(with_types(&closure, &types)))
            }
            (Value::Type(ty), _) => Value::Type(ty),
            (value, [key]) => {
                let key = self.expr(key, env);
                self.indexed(value, key, of.pos)
            }
            (value, _) => value,
        }
    }

    pub(super) fn indexed(&mut self, value: Value<'p>, key: Value<'p>, at: Pos) -> Value<'p> {
        match value {
            Value::List(items) => match key {
                Value::Int(position) => {
                    let item = usize::try_from(position).ok().and_then(|position| items.get(position));
                    item.cloned().unwrap_or_else(Value::unknown)
                }
                _ => items.first().cloned().unwrap_or_else(Value::unknown),
            },
            Value::Map(pairs) => self.map_item(&pairs.borrow(), &key),
            Value::Data(data) => self.data_item(&data, &key, at),
            Value::Opaque(opaque) => {
                let item = opaque.ty.and_then(|ty| self.types.element(ty));
                let taint = opaque.taint | key.taint();
                item.map_or_else(|| Value::tainted(taint), |ty| Value::of_type(ty, taint))
            }
            Value::Lib(lib) => self.library_index(lib, &key, at),
            _ => Value::tainted(key.taint()),
        }
    }

    fn map_item(&mut self, pairs: &[(Value<'p>, Value<'p>)], key: &Value<'p>) -> Value<'p> {
        if matches!(key, Value::Method(_)) {
            for known in pairs.iter().filter_map(|(known, _)| known.as_text()) {
                self.note_method(known);
            }
        }
        match self.has_key(pairs, key) {
            Some(true) => {
                pairs.iter().find(|(known, _)| same_key(known, key)).map_or(Value::Nil, |(_, value)| value.clone())
            }
            Some(false) => match pairs.first().map(|(_, value)| value) {
                Some(Value::Bool(_)) | None => Value::Bool(false),
                Some(Value::Text(_)) => Value::text(""),
                Some(Value::Int(_)) => Value::Int(0),
                _ => Value::Nil,
            },
            None => Value::tainted(key.taint()),
        }
    }

    /// Whether a map has a key. While a handler is looked at, loops were walked once: what is not there may come.
    pub(super) fn has_key(&self, pairs: &[(Value<'p>, Value<'p>)], key: &Value<'p>) -> Option<bool> {
        known_key(pairs, key).filter(|has| *has || !self.is_handling() || matches!(key, Value::Method(_)))
    }

    fn data_item(&mut self, data: &Data<'p>, key: &Value<'p>, at: Pos) -> Value<'p> {
        if data.scalar {
            return Value::Data(Box::new(data.clone()));
        }
        let ty = data.ty.and_then(|ty| self.types.element(ty));
        match key {
            Value::Text(name) => {
                self.work(at);
                let node = self.run.keys.child(data.node, name);
                if let Some(ty) = ty {
                    self.hint_type(node, ty);
                }
                self.data(node, ty)
            }
            Value::Int(_) => {
                let node = self.run.keys.item(data.node, Kind::Array);
                self.data(node, ty)
            }
            _ => {
                let node = self.run.keys.item(data.node, Kind::Unknown);
                self.data(node, ty)
            }
        }
    }
}

/// Whether two map keys are the same, as far as they are known.
pub(super) fn same_key(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a == b,
        _ => a.as_text().is_some() && a.as_text() == b.as_text(),
    }
}

/// Whether a map has a key, when that can be known.
fn known_key(pairs: &[(Value<'_>, Value<'_>)], key: &Value<'_>) -> Option<bool> {
    if pairs.iter().any(|(known, _)| same_key(known, key)) {
        return Some(true);
    }
    let could_be = |known: &Value<'_>| match (key, known.as_text()) {
        (Value::OpenPath(start), Some(text)) => text.starts_with(&**start),
        (Value::Text(_) | Value::Method(_) | Value::Int(_), Some(_)) => false,
        (Value::Int(_), None) => !matches!(known, Value::Int(_)),
        _ => true,
    };
    if pairs.iter().any(|(known, _)| could_be(known)) { None } else { Some(false) }
}

/// `x[a:b]`.
pub(super) fn slice<'p>(of: Value<'p>, start: Option<&Value<'p>>, end: Option<&Value<'p>>) -> Value<'p> {
    let bound = |value: Option<&Value<'p>>, otherwise: usize| match value {
        None => Some(otherwise),
        Some(Value::Int(number)) => usize::try_from(*number).ok(),
        Some(_) => None,
    };
    match &of {
        Value::Text(text) => match (bound(start, 0), bound(end, text.len())) {
            (Some(start), Some(end)) => text.get(start..end).map_or_else(Value::unknown, Value::text),
            _ => Value::unknown(),
        },
        Value::List(items) => match (bound(start, 0), bound(end, items.len())) {
            (Some(start), Some(end)) => {
                items.get(start..end).map_or_else(|| of.clone(), |items| Value::list(items.to_vec()))
            }
            _ => of,
        },
        Value::OpenPath(_) => Value::tainted(Taint::NONE),
        _ => of,
    }
}
