//! What is left of several possibilities: the returns of a function, a variable set on one side of a condition.

use std::rc::Rc;

use super::{
    machine::{Frame, Machine},
    stmt::Flow,
    value::{Opaque, Slot, Taint, Value},
};

impl<'p> Machine<'p> {
    /// What a call gives, out of all its returns.
    pub(super) fn merge_returns(&mut self, frame: Frame<'p>, flow: Flow<'p>) -> Value<'p> {
        let mut returns = frame.returns;
        // The end of the body can be reached: named results are what they are then.
        if flow != Flow::Return && !frame.results.is_empty() {
            let values = frame.results.iter().map(|slot| slot.value.borrow().clone()).collect();
            returns.push((tuple(values), Taint::NONE));
        }
        let mut control = Taint::NONE;
        for (_, taint) in &returns {
            control = control | *taint;
        }
        let mut values = returns.into_iter().map(|(value, _)| value);
        let Some(first) = values.next() else { return self.result_of(frame.function) };
        let merged = values.fold(first, |a, b| merge(a, b, control));
        match (&merged, self.result_of(frame.function)) {
            (Value::Opaque(_), Value::Opaque(known)) => merged.typed(known.ty),
            (Value::Tuple(items), Value::Tuple(known)) => {
                let typed = items.iter().zip(known.iter()).map(|(item, known)| item.clone().typed(known.ty()));
                Value::Tuple(Rc::new(typed.collect()))
            }
            _ => merged,
        }
    }

    /// Sets a variable, knowing whether it is certain that it is set.
    pub(super) fn assign(&mut self, slot: &Slot<'p>, value: Value<'p>) {
        let certain = self.branch <= slot.branch;
        let value = value.typed(slot.ty);
        let new = if certain {
            value
        } else {
            let old = slot.value.borrow().clone();
            maybe(old, value, self.control_taint())
        };
        *slot.value.borrow_mut() = new;
    }

    /// What the statement that is being walked depends on.
    pub(super) fn control_taint(&self) -> Taint {
        self.control.iter().fold(Taint::NONE, |taint, each| taint | *each)
    }
}

/// One value out of several results, or all of them.
pub fn tuple<'p>(mut values: Vec<Value<'p>>) -> Value<'p> {
    match values.len() {
        1 => values.pop().unwrap_or(Value::Nil),
        _ => Value::Tuple(Rc::new(values)),
    }
}

/// A variable that may have been set: what is wrapped around the old value or more than it replaces it, plain values
/// that differ are unknown.
fn maybe<'p>(old: Value<'p>, new: Value<'p>, control: Taint) -> Value<'p> {
    match (&old, &new) {
        (Value::Text(_) | Value::Int(_) | Value::Bool(_) | Value::Method(_) | Value::OpenPath(_), _) => {
            merge(old, new, control)
        }
        (_, Value::Nil) => old,
        (Value::Data(_), Value::Opaque(_)) => old,
        _ => new,
    }
}

/// Either of two values.
fn merge<'p>(a: Value<'p>, b: Value<'p>, control: Taint) -> Value<'p> {
    match (&a, &b) {
        (Value::Tuple(left), Value::Tuple(right)) if left.len() == right.len() => {
            let each = left.iter().zip(right.iter()).map(|(a, b)| merge(a.clone(), b.clone(), control));
            Value::Tuple(Rc::new(each.collect()))
        }
        (Value::Text(x), Value::Text(y)) if x == y => a,
        (Value::Int(x), Value::Int(y)) if x == y => a,
        (Value::Bool(x), Value::Bool(y)) if x == y => a,
        (Value::Nil, Value::Nil) => a,
        (Value::List(x), Value::List(y)) => {
            if x.len() >= y.len() {
                a
            } else {
                b
            }
        }
        // What comes from the request says more than a constant that stands in for it.
        (Value::Data(_), _) => a,
        (_, Value::Data(_)) => b,
        (
            Value::Func(_)
            | Value::Router(_)
            | Value::Lib(_)
            | Value::Object(_)
            | Value::Pointer(_)
            | Value::List(_)
            | Value::Map(_),
            _,
        ) => a,
        (
            _,
            Value::Func(_)
            | Value::Router(_)
            | Value::Lib(_)
            | Value::Object(_)
            | Value::Pointer(_)
            | Value::List(_)
            | Value::Map(_),
        ) => b,
        _ => {
            let absent = match (&a, &b) {
                (Value::Opaque(x), Value::Opaque(y)) => x.absent.or(y.absent),
                (Value::Opaque(x), _) | (_, Value::Opaque(x)) => x.absent,
                // `return nil, false` beside `return claims, true`.
                (Value::Bool(_), Value::Bool(_)) => Some(false),
                _ => None,
            };
            let taint = a.taint() | b.taint() | control;
            let second = [&a, &b].iter().any(|value| matches!(value, Value::Opaque(opaque) if opaque.second));
            Value::Opaque(Box::new(Opaque { ty: a.ty().or(b.ty()), taint, absent, second, ..Opaque::default() }))
        }
    }
}
