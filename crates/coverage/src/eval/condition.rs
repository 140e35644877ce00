//! Conditions: known, or unknown with a reason, or decided by choice when they depend on the caller.

use super::{
    machine::Machine,
    value::{Env, Opaque, Taint, Value},
};
use crate::{
    go::ast::{Expr, ExprKind, Pos},
    keys::Node,
};

/// Whether a condition holds.
#[derive(Debug, Clone)]
pub enum Truth {
    /// It is known.
    Known(bool),
    /// It is not.
    Unknown(Why),
}

/// Why a condition is not known.
#[derive(Debug, Clone, Default)]
pub struct Why {
    /// What it depends on.
    pub taint: Taint,
    /// The side on which what it looks at is missing or wrong.
    pub absent: Option<bool>,
    /// Parts of the request without which it surely holds.
    pub missing: Vec<Node>,
}

impl<'p> Machine<'p> {
    /// Evaluates a condition. One that depends on the caller is decided by choice where the run says so.
    pub(super) fn condition(&mut self, expr: &'p Expr, env: &Env<'p>) -> Truth {
        match &expr.kind {
            ExprKind::Unary(operator, inner) if operator == "!" => match self.condition(inner, env) {
                Truth::Known(known) => Truth::Known(!known),
                Truth::Unknown(why) => {
                    Truth::Unknown(Why { taint: why.taint, absent: why.absent.map(|side| !side), missing: Vec::new() })
                }
            },
            ExprKind::Binary(operator, left, right) if operator == "&&" => match self.condition(left, env) {
                Truth::Known(false) => Truth::Known(false),
                Truth::Known(true) => self.condition(right, env),
                Truth::Unknown(first) => match self.maybe_condition(right, env, first.taint) {
                    Truth::Known(false) => Truth::Known(false),
                    Truth::Known(true) => Truth::Unknown(Why { missing: Vec::new(), ..first }),
                    Truth::Unknown(second) => Truth::Unknown(both(first, second, false)),
                },
            },
            ExprKind::Binary(operator, left, right) if operator == "||" => match self.condition(left, env) {
                Truth::Known(true) => Truth::Known(true),
                Truth::Known(false) => self.condition(right, env),
                Truth::Unknown(first) => match self.maybe_condition(right, env, first.taint) {
                    Truth::Known(true) => Truth::Known(true),
                    Truth::Known(false) => Truth::Unknown(first),
                    Truth::Unknown(second) => Truth::Unknown(both(first, second, true)),
                },
            },
            _ => {
                let value = self.expr(expr, env);
                self.truth(&value, expr.pos)
            }
        }
    }

    /// The right side of `&&` or `||` after a left side that is not known.
    fn maybe_condition(&mut self, expr: &'p Expr, env: &Env<'p>, taint: Taint) -> Truth {
        self.branch += 1;
        self.control.push(taint);
        let truth = self.condition(expr, env);
        self.control.pop();
        self.branch -= 1;
        truth
    }

    /// Whether a value holds as a condition.
    pub(super) fn truth(&mut self, value: &Value<'p>, at: Pos) -> Truth {
        let why = match value {
            Value::Bool(known) => return Truth::Known(*known),
            Value::Opaque(opaque) => {
                let Opaque { taint, absent, missing, .. } = opaque.as_ref();
                Why { taint: *taint, absent: *absent, missing: missing.clone() }
            }
            other => Why { taint: other.taint(), ..Why::default() },
        };
        if self.run.chooses(why.taint) {
            // `if ok`: without a word to the contrary a condition holds when all is well.
            let absent = why.absent.or(Some(false));
            return Truth::Known(self.run.choose(at, why.taint, absent));
        }
        Truth::Unknown(why)
    }

    /// The value of a condition that stands where a value is wanted.
    pub(super) fn truth_value(truth: Truth) -> Value<'p> {
        match truth {
            Truth::Known(known) => Value::Bool(known),
            Truth::Unknown(why) => Value::Opaque(Box::new(Opaque {
                taint: why.taint,
                absent: why.absent,
                missing: why.missing,
                ..Opaque::default()
            })),
        }
    }
}

fn both(first: Why, second: Why, either: bool) -> Why {
    let mut missing = Vec::new();
    if either {
        missing = first.missing;
        missing.extend(second.missing);
    }
    Why { taint: first.taint | second.taint, absent: first.absent.or(second.absent), missing }
}
