//! Expressions.

use std::rc::Rc;

use super::{
    index::slice,
    machine::Machine,
    run::Mode,
    value::{Closure, Data, Env, Opaque, Slot, Taint, Value},
};
use crate::{
    go::{
        Resolved, Ty,
        ast::{Expr, ExprKind, Function, Type},
    },
    keys::Node,
};

impl<'p> Value<'p> {
    /// One of several results. The last of a single value that is taken apart is its error or `ok`.
    pub(super) fn nth(&self, position: usize) -> Self {
        match self {
            Self::Tuple(items) => items.get(position).cloned().unwrap_or_else(Self::unknown),
            other if position == 0 => other.clone(),
            other => Self::Opaque(Box::new(Opaque { taint: other.taint(), second: true, ..Opaque::default() })),
        }
    }

    /// One of so many results.
    pub(super) fn nth_of(&self, position: usize, count: usize) -> Self {
        match self {
            Self::Tuple(items) if items.len() == count => items.get(position).cloned().unwrap_or_else(Self::unknown),
            other => other.nth(position),
        }
    }
}

impl<'p> Machine<'p> {
    /// An expression where a value of a type is wanted: `{…}` has no type of its own.
    pub(super) fn expr_as(&mut self, expr: &'p Expr, ty: Option<Ty<'p>>, env: &Env<'p>) -> Value<'p> {
        match (&expr.kind, ty) {
            (ExprKind::Composite(None, elements), Some(ty)) => self.composite(ty, elements, env),
            _ => self.expr(expr, env),
        }
    }

    /// An expression.
    pub(super) fn expr(&mut self, expr: &'p Expr, env: &Env<'p>) -> Value<'p> {
        if !self.step() {
            return Value::unknown();
        }
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, env),
            ExprKind::Text(text) => Value::text(text),
            ExprKind::Int(number) => Value::Int(*number),
            ExprKind::Number | ExprKind::Other => Value::unknown(),
            ExprKind::Select(of, name) => {
                let of = self.expr(of, env);
                self.select(of, name, expr.pos)
            }
            ExprKind::Index(of, keys) => self.index(of, keys, env),
            ExprKind::Slice(of, start, end) => {
                let of = self.expr(of, env);
                let bound =
                    |machine: &mut Self, part: &'p Option<Box<Expr>>| part.as_ref().map(|part| machine.expr(part, env));
                let (start, end) = (bound(self, start), bound(self, end));
                slice(of, start.as_ref(), end.as_ref())
            }
            ExprKind::Call(call) => self.call(call, expr.pos, env),
            ExprKind::Unary(operator, of) => self.unary(operator, of, env),
            ExprKind::Binary(operator, left, right) => match operator.as_str() {
                "&&" | "||" => Self::truth_value(self.condition(expr, env)),
                operator => {
                    let left = self.expr(left, env);
                    let right = self.expr(right, env);
                    self.binary(operator, &left, &right, expr.pos)
                }
            },
            ExprKind::Func(function) => self.literal(function, env),
            ExprKind::Composite(ty, elements) => match ty {
                Some(ty) => {
                    let ty = Ty::new(ty, self.file());
                    self.composite(ty, elements, env)
                }
                None => Value::unknown(),
            },
            ExprKind::Assert(of, ty) => {
                let of = self.expr(of, env);
                self.asserted(&of, ty, true)
            }
            ExprKind::Type(ty) => Value::Type(Ty::new(ty, self.file())),
        }
    }

    /// The values of an expression that is taken apart into so many. A map item, an assertion and a receive have their
    /// `ok` only here.
    pub(super) fn parts(&mut self, expr: &'p Expr, count: usize, env: &Env<'p>) -> Vec<Value<'p>> {
        let (value, ok) = match &expr.kind {
            ExprKind::Assert(of, ty) if count == 2 => {
                let of = self.expr(of, env);
                (self.asserted(&of, ty, true), unsure(of.taint()))
            }
            ExprKind::Index(of, keys) if count == 2 => {
                let map = self.expr(of, env).deref();
                let key = keys.first().map_or(Value::Nil, |key| self.expr(key, env));
                let ok = match &map {
                    Value::Map(pairs) => self.has_key(&pairs.borrow(), &key),
                    _ => None,
                };
                let taint = map.taint() | key.taint();
                (self.indexed(map, key, expr.pos), ok.map_or_else(|| unsure(taint), Value::Bool))
            }
            _ => {
                let value = self.expr(expr, env);
                return (0..count).map(|position| value.nth_of(position, count)).collect();
            }
        };
        vec![value, ok]
    }

    fn name(&mut self, name: &'p str, env: &Env<'p>) -> Value<'p> {
        if let Some(slot) = env.find(name) {
            return slot.value.borrow().clone();
        }
        match name {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            "nil" => return Value::Nil,
            _ => {}
        }
        let file = self.file();
        let package = self.packages().package_of(file);
        if let Some(value) = self.member(package, name) {
            return value;
        }
        if self.types.import(file, name).is_some() {
            return Value::Package(name, file);
        }
        let ty = Ty::named(name, file);
        match self.types.resolve(ty) {
            Resolved::Unknown if super::builtin::is_builtin(name) => Value::Builtin(name),
            Resolved::Unknown => Value::unknown(),
            _ => Value::Type(ty),
        }
    }

    /// A function, variable or constant of a package of the module.
    pub(super) fn member(&mut self, package: usize, name: &'p str) -> Option<Value<'p>> {
        let packages = self.packages();
        if let Some(function) = packages.function(package, name) {
            return Some(self.function_value(function, None));
        }
        if let Some(slot) = self.global(package, name) {
            let value = slot.value.borrow().clone();
            return Some(value.typed(slot.ty));
        }
        None
    }

    fn literal(&mut self, function: &'p Function, env: &Env<'p>) -> Value<'p> {
        let id = self.id();
        Value::Func(Rc::new(Closure {
            function,
            env: Some(Rc::clone(env)),
            receiver: None,
            types: self.frames.last().map(|frame| frame.types.clone()).unwrap_or_default(),
            converted: None,
            id,
            core: None,
            wrappers: Vec::new(),
        }))
    }

    fn unary(&mut self, operator: &str, of: &'p Expr, env: &Env<'p>) -> Value<'p> {
        match operator {
            "!" => match self.condition(of, env) {
                super::condition::Truth::Known(known) => Value::Bool(!known),
                super::condition::Truth::Unknown(why) => Value::Opaque(Box::new(Opaque {
                    taint: why.taint,
                    absent: why.absent.map(|side| !side),
                    ..Opaque::default()
                })),
            },
            "&" => self.address(of, env),
            "*" => match self.expr(of, env) {
                Value::Pointer(slot) => slot.value.borrow().clone(),
                Value::Type(ty) => Value::Type(ty),
                other => other,
            },
            "-" => match self.expr(of, env) {
                Value::Int(number) => Value::Int(number.saturating_neg()),
                other => Value::tainted(other.taint()),
            },
            _ => {
                let value = self.expr(of, env);
                Value::tainted(value.taint())
            }
        }
    }

    fn address(&mut self, of: &'p Expr, env: &Env<'p>) -> Value<'p> {
        if let ExprKind::Name(name) = &of.kind {
            let package = self.packages().package_of(self.file());
            if let Some(slot) = env.find(name).or_else(|| self.global(package, name)) {
                return Value::Pointer(slot);
            }
        }
        let value = self.expr(of, env);
        match value {
            Value::Lib(_) | Value::Router(_) | Value::Data(_) => value,
            value => {
                let ty = value.ty();
                Value::Pointer(Slot::new(value, ty, self.branch))
            }
        }
    }

    /// The type that an expression in type position names.
    pub(super) fn type_of(&mut self, expr: &'p Expr, env: &Env<'p>) -> Option<Ty<'p>> {
        match self.expr(expr, env) {
            Value::Type(ty) => Some(ty),
            _ => match &expr.kind {
                ExprKind::Select(of, name) => match &of.kind {
                    ExprKind::Name(package) => Some(Ty::qualified(package, name, self.file())),
                    _ => None,
                },
                _ => None,
            },
        }
    }

    /// Type arguments of a call.
    pub(super) fn written_types(&self, types: &'p [Type]) -> Vec<Ty<'p>> {
        let file = self.file();
        types.iter().map(|ty| Ty::new(ty, file)).collect()
    }

    /// A part of the request as a value.
    pub(super) fn data(&self, node: Node, ty: Option<Ty<'p>>) -> Value<'p> {
        Value::Data(Box::new(Data { node, ty, scalar: false }))
    }

    /// Notes the type of a part of the request, unless it says nothing.
    pub(super) fn hint_type(&mut self, node: Node, ty: Ty<'p>) {
        let kind = self.types.kind(ty);
        self.run.keys.hint(node, kind);
    }

    /// Whether handlers are being looked at.
    pub(super) fn is_handling(&self) -> bool {
        self.run.mode == Mode::Handle
    }
}

/// A function with its type arguments.
pub(super) fn with_types<'p>(closure: &Closure<'p>, types: &[Ty<'p>]) -> Closure<'p> {
    let names = closure.function.type_params.iter().map(String::as_str);
    Closure { types: names.zip(types.iter().copied()).collect(), ..closure.clone() }
}

/// An `ok` that is not known.
fn unsure<'p>(taint: Taint) -> Value<'p> {
    Value::Opaque(Box::new(Opaque { taint, absent: Some(false), ..Opaque::default() }))
}
