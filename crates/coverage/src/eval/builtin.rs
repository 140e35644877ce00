//! Go's own functions.

use std::{cell::RefCell, rc::Rc};

use super::{
    compare::node_of,
    machine::Machine,
    value::{Data, Env, Opaque, Slot, Taint, Value},
};
use crate::go::{
    Resolved, Ty,
    ast::{Call, Expr, ExprKind},
};

/// Whether a name is a builtin function.
pub(super) fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        "append"
            | "cap"
            | "clear"
            | "close"
            | "complex"
            | "copy"
            | "delete"
            | "imag"
            | "len"
            | "make"
            | "max"
            | "min"
            | "new"
            | "panic"
            | "print"
            | "println"
            | "real"
            | "recover"
    )
}

impl<'p> Machine<'p> {
    /// A call of a builtin.
    pub(super) fn builtin(&mut self, name: &str, call: &'p Call, env: &Env<'p>) -> Value<'p> {
        if let ("make" | "new", Some(first)) = (name, call.args.first()) {
            for arg in call.args.iter().skip(1) {
                self.expr(arg, env);
            }
            return self.allocated(name, first, env);
        }
        let mut args: Vec<Value<'p>> = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            // `append(list, T{…})` has nothing to give its braces a type; they have one of their own.
            let value = self.expr(arg, env);
            args.push(value);
        }
        match (name, args.as_slice()) {
            ("append", [list, rest @ ..]) => append(list, rest, call.spread),
            ("len", [value, ..]) => self.length(&value.deref()),
            ("min" | "max", [first, ..]) => first.clone(),
            _ => Value::unknown(),
        }
    }

    fn allocated(&mut self, name: &str, of: &'p Expr, env: &Env<'p>) -> Value<'p> {
        let Some(ty) = self.type_of(of, env).or_else(|| self.type_of_kind(of)) else { return Value::unknown() };
        if name == "new" {
            return Value::Pointer(Slot::new(self.zero(Some(ty)), Some(ty), self.branch));
        }
        match self.types.shape(ty) {
            Resolved::Slice(_) => Value::list(Vec::new()),
            Resolved::Map(..) => Value::Map(Rc::new(RefCell::new(Vec::new()))),
            _ => Value::of_type(ty, Taint::NONE),
        }
    }

    /// While a handler is looked at, loops were walked once: what they filled has no length that is known.
    fn length(&self, value: &Value<'p>) -> Value<'p> {
        match (length(value), value) {
            (Value::Int(_), Value::List(_) | Value::Map(_)) if self.is_handling() => Value::unknown(),
            (length, _) => length,
        }
    }

    fn type_of_kind(&self, of: &'p Expr) -> Option<Ty<'p>> {
        match &of.kind {
            ExprKind::Type(ty) => Some(Ty::new(ty, self.file())),
            _ => None,
        }
    }
}

fn append<'p>(list: &Value<'p>, rest: &[Value<'p>], spread: bool) -> Value<'p> {
    let mut items = match list {
        Value::List(items) => items.to_vec(),
        Value::Nil => Vec::new(),
        // `append([]byte(nil), body...)` copies.
        Value::Opaque(_) => {
            return rest
                .iter()
                .find(|value| matches!(value, Value::Lib(_) | Value::Data(_)))
                .filter(|_| spread)
                .unwrap_or(list)
                .clone();
        }
        other => return other.clone(),
    };
    match (spread, rest) {
        (true, [Value::List(more)]) => items.extend(more.iter().cloned()),
        (true, [only]) if items.is_empty() => return only.clone(),
        _ => items.extend(rest.iter().cloned()),
    }
    Value::list(items)
}

fn length<'p>(value: &Value<'p>) -> Value<'p> {
    match value {
        Value::List(items) if items.iter().all(|item| !matches!(item, Value::Opaque(_) | Value::Data(_))) => {
            i64::try_from(items.len()).map_or_else(|_| Value::unknown(), Value::Int)
        }
        // A list built out of items of the request is as long as the request says.
        Value::List(items) => {
            let missing = items.iter().filter_map(node_of).collect();
            Value::Opaque(Box::new(Opaque { missing, ..Opaque::default() }))
        }
        Value::Text(text) => i64::try_from(text.len()).map_or_else(|_| Value::unknown(), Value::Int),
        Value::Map(pairs) => i64::try_from(pairs.borrow().len()).map_or_else(|_| Value::unknown(), Value::Int),
        Value::Nil => Value::Int(0),
        Value::Data(data) => {
            let Data { node, .. } = data.as_ref();
            Value::Opaque(Box::new(Opaque { missing: vec![*node], ..Opaque::default() }))
        }
        other => Value::tainted(other.taint()),
    }
}
