//! `x.name`: fields, methods, members of packages.

use std::rc::Rc;

use super::{
    machine::Machine,
    run::Mode,
    value::{Closure, Data, Lib, Object, Opaque, Slot, Taint, Value},
};
use crate::{
    go::{
        Resolved, Ty,
        ast::{Expr, Pos},
        packages::Import,
    },
    routers,
};

impl<'p> Machine<'p> {
    /// `of.name`.
    pub(super) fn select(&mut self, of: Value<'p>, name: &'p str, at: Pos) -> Value<'p> {
        match of {
            Value::Package(package, file) => self.of_package(package, name, file),
            Value::Pointer(_) => self.of_pointer(&of, name, at),
            Value::Object(object) => self.of_object(&object, None, name, at),
            Value::Data(data) => self.of_data(*data, name),
            Value::Lib(lib) => self.of_library(lib, name),
            Value::Opaque(opaque) => self.of_opaque(*opaque, name, at),
            Value::Func(closure) => self.of_function(&closure, name),
            Value::Type(ty) => self.of_type(ty, name),
            Value::Tuple(items) => match items.first() {
                Some(first) => self.select(first.clone(), name, at),
                None => Value::unknown(),
            },
            // As a handler it is what it is.
            Value::Router(_) | Value::Strip(..) if name == "ServeHTTP" => of,
            Value::Router(_) | Value::Registered(_) | Value::Decoder(..) | Value::Strip(..) => {
                Value::Bound(Box::new(of), name)
            }
            other => Value::tainted(other.taint()),
        }
    }

    fn of_package(&mut self, package: &str, name: &'p str, file: u32) -> Value<'p> {
        match self.types.import(file, package) {
            Some(Import::Package(index)) => match self.member(*index, name) {
                Some(value) => value,
                None => match self.types.packages.ty(*index, name) {
                    Some((_, file)) => Value::Type(Ty::named(name, file)),
                    None => Value::unknown(),
                },
            },
            Some(Import::External(path)) => match super::library::constant(path, name) {
                Some(value) => value,
                None if path == "net/http" && name == "DefaultServeMux" => Value::Router(self.default_router()),
                None => Value::Foreign(Rc::from(path.as_str()), name),
            },
            Some(Import::Missing(path)) => Value::Foreign(Rc::from(path.as_str()), name),
            None => Value::unknown(),
        }
    }

    fn of_pointer(&mut self, pointer: &Value<'p>, name: &'p str, at: Pos) -> Value<'p> {
        let inner = pointer.deref();
        match inner {
            // The method gets the pointer itself: what it sets is set for everybody.
            Value::Object(object) => self.of_object(&object, Some(pointer), name, at),
            Value::Nil => match pointer.ty().or_else(|| slot_type(pointer)) {
                Some(ty) => self.of_opaque(Opaque { ty: Some(ty), ..Opaque::default() }, name, at),
                None => Value::unknown(),
            },
            inner => self.select(inner.typed(slot_type(pointer)), name, at),
        }
    }

    fn of_object(&mut self, object: &Rc<Object<'p>>, pointer: Option<&Value<'p>>, name: &'p str, at: Pos) -> Value<'p> {
        let known = object.fields.borrow().iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone());
        if let Some(value) = known {
            return value;
        }
        let receiver = pointer.cloned().unwrap_or_else(|| Value::Object(Rc::clone(object)));
        let Some(ty) = object.ty else { return Value::unknown() };
        if let Some(value) = self.method_value(ty, name, receiver) {
            return value;
        }
        if let Some((_, ty)) = self.types.field(ty, name) {
            // A field of an embedded struct that was set is found there.
            if let Some(value) = self.embedded(object, name, at) {
                return value;
            }
            // Nobody was seen to set it: a list is empty, but what it points to somebody else may have made.
            return match (self.zero(Some(ty)), self.types.shape(ty)) {
                (Value::Nil, Resolved::Slice(_) | Resolved::Map(..)) => Value::Nil,
                (Value::Nil, _) => self.held(ty, Taint::NONE),
                (zero, _) => zero,
            };
        }
        self.embedded(object, name, at).unwrap_or_else(Value::unknown)
    }

    /// A member of an embedded value.
    fn embedded(&mut self, object: &Rc<Object<'p>>, name: &'p str, at: Pos) -> Option<Value<'p>> {
        let (fields, file) = self.types.fields(object.ty?)?;
        for field in fields.iter().filter(|field| field.embedded) {
            let set =
                object.fields.borrow().iter().find(|(known, _)| *known == field.name).map(|(_, value)| value.clone());
            let inner = set.unwrap_or_else(|| self.held(Ty::new(&field.ty, file), Taint::NONE));
            let is_router = matches!(inner.deref(), Value::Router(_));
            let has = is_router
                || inner
                    .ty()
                    .is_some_and(|ty| self.types.field(ty, name).is_some() || self.types.method(ty, name).is_some());
            if has || matches!(inner, Value::Lib(_)) {
                return Some(self.select(inner, name, at));
            }
        }
        None
    }

    /// A method with its receiver, when the type has it.
    pub(crate) fn method_value(&mut self, ty: Ty<'p>, name: &str, receiver: Value<'p>) -> Option<Value<'p>> {
        let function = self.types.method(ty, name)?;
        Some(self.function_value(function, Some(receiver)))
    }

    fn of_data(&mut self, data: Data<'p>, name: &'p str) -> Value<'p> {
        let Some(ty) = data.ty else { return Value::Data(Box::new(data)) };
        if let Some((field, field_ty)) = self.types.field(ty, name) {
            let key = super::decode::json_name(field);
            return match key {
                Some(key) if !field.embedded || !field.tag.is_empty() => {
                    let node = self.run.keys.child(data.node, &key);
                    self.data(node, Some(field_ty))
                }
                Some(_) => Value::Data(Box::new(Data { ty: Some(field_ty), ..data })),
                None => Value::of_type(field_ty, Taint::NONE),
            };
        }
        let receiver = Value::Data(Box::new(data.clone()));
        if let Some(method) = self.method_value(ty, name, receiver.clone()) {
            return method;
        }
        Value::Bound(Box::new(receiver), name)
    }

    fn of_opaque(&mut self, opaque: Opaque<'p>, name: &'p str, at: Pos) -> Value<'p> {
        let role = opaque.taint.has(Taint::TOKEN) && names_role(name);
        let taint = if role { opaque.taint | Taint::ROLE } else { opaque.taint };
        let Some(ty) = opaque.ty else {
            // A field or a method of somebody else's value: which, the call tells.
            return Value::Bound(Box::new(Value::Opaque(Box::new(Opaque { taint, ..opaque }))), name);
        };
        let receiver = Value::Opaque(Box::new(Opaque { taint, ..opaque }));
        if let Some(method) = self.method_value(ty, name, receiver.clone()) {
            return method;
        }
        if let Some((_, field_ty)) = self.types.field(ty, name) {
            return self.held(field_ty, taint);
        }
        if let Some((fields, file)) = self.types.fields(ty) {
            // Promoted through an embedded type of somebody else.
            for field in fields.iter().filter(|field| field.embedded) {
                let inner = self.held(Ty::new(&field.ty, file), taint);
                if matches!(inner, Value::Router(_) | Value::Lib(_)) {
                    return self.select(inner, name, at);
                }
            }
        }
        if let Some(router) = self.router_of_type(ty, at) {
            return Value::Bound(Box::new(Value::Router(router)), name);
        }
        Value::Bound(Box::new(receiver), name)
    }

    /// What stands in a field that nobody was seen to set: of some types there is only one.
    fn held(&mut self, ty: Ty<'p>, taint: Taint) -> Value<'p> {
        match self.parameter(ty) {
            Value::Lib(Lib::Context) => Value::tainted(Taint::TOKEN),
            Value::Lib(lib) => Value::Lib(lib),
            _ => Value::of_type(ty, taint),
        }
    }

    /// The router behind a value of a router's type: one for each place it is used from, since nothing more is known.
    pub(super) fn router_of_type(&mut self, ty: Ty<'p>, at: Pos) -> Option<usize> {
        if self.run.mode != Mode::Register {
            return None;
        }
        let (path, name) = self.types.external(ty)?;
        let kind = routers::of_type(path, name)?;
        let mut router = routers::Router::of(kind);
        if !routers::is_whole(name) {
            router.prefix = None;
            self.not_resolved(at, format!("routes of a `{name}` whose prefix cannot be followed from here"));
        }
        Some(self.router(router))
    }

    fn of_function(&mut self, closure: &Rc<Closure<'p>>, name: &'p str) -> Value<'p> {
        let receiver = Value::Func(Rc::clone(closure));
        if let Some(ty) = closure.converted
            && let Some(method) = self.method_value(ty, name, receiver.clone())
        {
            return method;
        }
        match name {
            // http.HandlerFunc and its like: the function serves.
            "ServeHTTP" => receiver,
            _ => Value::Bound(Box::new(receiver), name),
        }
    }

    /// `T.method` and `(*T).method`: a function whose first parameter is the receiver.
    fn of_type(&mut self, ty: Ty<'p>, name: &'p str) -> Value<'p> {
        match self.types.method(ty, name) {
            Some(function) => self.function_value(function, None),
            None => Value::unknown(),
        }
    }

    /// Sets a field.
    pub(super) fn assign_field(&mut self, of: &'p Expr, name: &'p str, value: Value<'p>, env: &super::Env<'p>) {
        let target = self.expr(of, env);
        if let Value::Pointer(slot) = &target {
            let inner = slot.value.borrow().clone();
            match inner {
                Value::Object(object) => self.set_field(&object, name, value),
                Value::Opaque(opaque) => {
                    let ty = opaque.ty.or(slot.ty);
                    if self.becomes_object(ty) {
                        let object = Object { ty, fields: vec![(name, value)].into() };
                        *slot.value.borrow_mut() = Value::Object(Rc::new(object));
                    }
                }
                _ => {}
            }
            return;
        }
        match target {
            Value::Object(object) => self.set_field(&object, name, value),
            // `var x T; x.f = …`
            Value::Opaque(opaque) if self.becomes_object(opaque.ty) => {
                let object = Object { ty: opaque.ty, fields: vec![(name, value)].into() };
                self.assign_to(of, Value::Object(Rc::new(object)), env);
            }
            _ => {}
        }
    }

    /// Whether something unknown is worth remembering fields of: a struct of the module while routes are looked for.
    fn becomes_object(&self, ty: Option<Ty<'p>>) -> bool {
        self.run.mode == Mode::Register && ty.is_some_and(|ty| self.types.fields(ty).is_some())
    }

    fn set_field(&mut self, object: &Rc<Object<'p>>, name: &'p str, value: Value<'p>) {
        let mut fields = object.fields.borrow_mut();
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => fields.push((name, value)),
        }
    }
}

fn slot_type<'p>(pointer: &Value<'p>) -> Option<Ty<'p>> {
    match pointer {
        Value::Pointer(slot) => slot.ty,
        _ => None,
    }
}

/// Whether a name speaks of the caller's rights.
pub(super) fn names_role(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("role") || name.contains("admin")
}

impl<'p> Slot<'p> {
    /// Forgets what a variable holds, because somebody unknown may have set it.
    pub(super) fn forget(&self) {
        let Ok(mut value) = self.value.try_borrow_mut() else { return };
        let ty = value.ty().or(self.ty);
        if !matches!(*value, Value::Object(_) | Value::Func(_) | Value::Router(_) | Value::Lib(_) | Value::Data(_)) {
            *value = Value::Opaque(Box::new(Opaque { ty, taint: value.taint(), ..Opaque::default() }));
        }
    }
}
