//! Expressions.

use std::{cell::RefCell, rc::Rc};

use super::{
    machine::Machine,
    run::Mode,
    value::{Closure, Data, Env, Object, Opaque, Slot, Taint, Value},
};
use crate::{
    facts::Kind,
    go::{
        Resolved, Ty,
        ast::{Element, Expr, ExprKind, Function, Type},
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
                let bound = |machine: &mut Self, part: &'p Option<Box<Expr>>| part.as_ref().map(|part| machine.expr(part, env));
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

    /// `T{…}`.
    pub(super) fn composite(&mut self, ty: Ty<'p>, elements: &'p [Element], env: &Env<'p>) -> Value<'p> {
        match self.types.shape(ty) {
            Resolved::Slice(item) => {
                let items = elements.iter().map(|element| self.element(&element.value, item, env)).collect();
                Value::list(items)
            }
            Resolved::Map(key, item) => {
                let mut pairs = Vec::with_capacity(elements.len());
                for element in elements {
                    let key = element.key.as_ref().map_or(Value::Nil, |expr| self.expr_as(expr, Some(key), env));
                    pairs.push((key, self.element(&element.value, item, env)));
                }
                Value::Map(Rc::new(RefCell::new(pairs)))
            }
            Resolved::Struct(fields, file) => {
                let mut set = Vec::with_capacity(elements.len());
                for (position, element) in elements.iter().enumerate() {
                    let field = match &element.key {
                        Some(Expr { kind: ExprKind::Name(name), .. }) => fields.iter().find(|field| field.name == *name),
                        Some(_) => None,
                        None => fields.get(position),
                    };
                    let Some(field) = field else { continue };
                    let value = self.element(&element.value, Ty::new(&field.ty, file), env);
                    set.push((field.name.as_str(), value));
                }
                Value::Object(Rc::new(Object { ty: Some(ty), fields: RefCell::new(set) }))
            }
            // A struct of somebody else, or one that is not here: its fields are kept by name.
            _ => {
                let mut set = Vec::new();
                for element in elements {
                    let value = self.expr(&element.value, env);
                    if let Some(Expr { kind: ExprKind::Name(name), .. }) = &element.key {
                        set.push((name.as_str(), value));
                    } else if let Some(key) = &element.key {
                        // gin.H{"code": 0}: a map by another name.
                        let key = self.expr(key, env);
                        return self.foreign_map(key, value, elements, env);
                    }
                }
                Value::Object(Rc::new(Object { ty: Some(ty), fields: RefCell::new(set) }))
            }
        }
    }

    fn foreign_map(&mut self, key: Value<'p>, value: Value<'p>, elements: &'p [Element], env: &Env<'p>) -> Value<'p> {
        let mut pairs = vec![(key, value)];
        for element in elements.iter().skip(1) {
            let key = element.key.as_ref().map_or(Value::Nil, |key| self.expr(key, env));
            pairs.push((key, self.expr(&element.value, env)));
        }
        Value::Map(Rc::new(RefCell::new(pairs)))
    }

    fn element(&mut self, expr: &'p Expr, ty: Ty<'p>, env: &Env<'p>) -> Value<'p> {
        if let ExprKind::Composite(None, elements) = &expr.kind {
            // In `[]*T{{…}}` the braces stand for a pointer.
            return match self.types.resolve(ty) {
                Resolved::Pointer(inner) => {
                    let value = self.composite(inner, elements, env);
                    Value::Pointer(Slot::new(value, Some(inner), self.branch))
                }
                _ => self.composite(ty, elements, env),
            };
        }
        self.expr(expr, env).typed(Some(ty))
    }

    fn index(&mut self, of: &'p Expr, keys: &'p [Expr], env: &Env<'p>) -> Value<'p> {
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

    fn indexed(&mut self, value: Value<'p>, key: Value<'p>, at: crate::go::ast::Pos) -> Value<'p> {
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
            Some(true) => pairs.iter().find(|(known, _)| same_key(known, key)).map_or(Value::Nil, |(_, value)| value.clone()),
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
    fn has_key(&self, pairs: &[(Value<'p>, Value<'p>)], key: &Value<'p>) -> Option<bool> {
        known_key(pairs, key).filter(|has| *has || !self.is_handling() || matches!(key, Value::Method(_)))
    }

    fn data_item(&mut self, data: &Data<'p>, key: &Value<'p>, at: crate::go::ast::Pos) -> Value<'p> {
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

fn slice<'p>(of: Value<'p>, start: Option<&Value<'p>>, end: Option<&Value<'p>>) -> Value<'p> {
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
            (Some(start), Some(end)) => items.get(start..end).map_or_else(|| of.clone(), |items| Value::list(items.to_vec())),
            _ => of,
        },
        Value::OpenPath(_) => Value::tainted(Taint::NONE),
        _ => of,
    }
}
