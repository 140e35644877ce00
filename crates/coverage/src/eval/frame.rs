//! What a call begins with and ends in: receiver, parameters, named results, values of types.

use std::rc::Rc;

use super::{
    machine::Machine,
    run::Mode,
    value::{Closure, Env, Lib, Opaque, Slot, Taint, Value},
};
use crate::go::{
    Resolved, Ty,
    ast::{Function, Type},
};

impl<'p> Machine<'p> {
    /// Binds the receiver; of a method expression (`T.method`) it is the first argument.
    pub(super) fn bind_receiver(
        &mut self,
        closure: &Rc<Closure<'p>>,
        mut args: Vec<Value<'p>>,
        env: &Env<'p>,
    ) -> Vec<Value<'p>> {
        let Some(receiver) = &closure.function.receiver else { return args };
        let ty = Ty::new(&receiver.ty, closure.function.pos.file);
        let value = match closure.receiver.as_deref() {
            Some(value) => value.clone(),
            None if args.len() > closure.function.signature.params.len() => args.remove(0),
            None => Value::unknown(),
        };
        env.declare(&receiver.name, Slot::new(value.typed(Some(ty)), Some(ty), self.branch));
        args
    }

    pub(super) fn bind_params(&mut self, function: &'p Function, args: Vec<Value<'p>>, env: &Env<'p>) {
        let params = &function.signature.params;
        let file = function.pos.file;
        let mut args = match args.as_slice() {
            // `f(g())` with several results.
            [Value::Tuple(items)] if params.len() > 1 => items.to_vec(),
            _ => args,
        };
        let fixed = if function.signature.variadic { params.len().saturating_sub(1) } else { params.len() };
        let rest = if args.len() > fixed { args.split_off(fixed) } else { Vec::new() };
        let mut args = args.into_iter();
        for (position, param) in params.iter().enumerate() {
            let ty = Ty::new(&param.ty, file);
            let value = if function.signature.variadic && position == fixed {
                match rest.as_slice() {
                    [list @ Value::List(_)] => list.clone(),
                    _ => Value::list(rest.clone()),
                }
            } else {
                args.next().unwrap_or_else(|| self.parameter(ty))
            };
            env.declare(&param.name, Slot::new(self.keep_type(value, ty), Some(ty), self.branch));
        }
    }

    /// What is known of a parameter that nobody gave.
    pub fn parameter(&self, ty: Ty<'p>) -> Value<'p> {
        if let Some((path, name)) = self.types.external(ty) {
            let lib = match (path, name) {
                ("net/http", "Request") => Some(Lib::Request),
                ("net/http", "ResponseWriter") => Some(Lib::Response),
                (path, "Context") if path.ends_with("gin-gonic/gin") => Some(Lib::Gin),
                (path, "Context") if path.contains("labstack/echo") => Some(Lib::Echo),
                ("context", "Context") => Some(Lib::Context),
                _ => None,
            };
            if let Some(lib) = lib.filter(|_| self.run.mode != Mode::Register) {
                return Value::Lib(lib);
            }
        }
        let name = self.types.name(ty).unwrap_or_default().to_lowercase();
        let session = ["claims", "session", "principal", "identity"].iter().any(|word| name.contains(word));
        Value::of_type(ty, if session { Taint::TOKEN } else { Taint::NONE })
    }

    pub(super) fn bind_results(&mut self, function: &'p Function, env: &Env<'p>) -> Vec<Rc<Slot<'p>>> {
        let named = function.signature.results.iter().filter(|result| !result.name.is_empty());
        let mut slots = Vec::new();
        for result in named {
            let ty = Ty::new(&result.ty, function.pos.file);
            let slot = Slot::new(self.zero(Some(ty)), Some(ty), self.branch);
            env.declare(&result.name, Rc::clone(&slot));
            slots.push(slot);
        }
        slots
    }

    /// What a call gives when it is not walked into: unknown values of the right types.
    pub(super) fn result_of(&self, function: &'p Function) -> Value<'p> {
        let file = function.pos.file;
        let of = |ty: &'p Type| Value::of_type(Ty::new(ty, file), Taint::NONE);
        match function.signature.results.as_slice() {
            [] => Value::unknown(),
            [one] => of(&one.ty),
            several => Value::Tuple(Rc::new(several.iter().map(|result| of(&result.ty)).collect())),
        }
    }

    /// A value in a place of a declared type. A struct that is only known by its interface keeps its own type.
    pub(super) fn keep_type(&self, value: Value<'p>, ty: Ty<'p>) -> Value<'p> {
        let is_interface = matches!(self.types.shape(ty), Resolved::Interface(_) | Resolved::Unknown);
        match value {
            Value::Opaque(opaque) if opaque.ty.is_none() || (is_interface && opaque.ty.is_none()) => {
                Value::Opaque(Box::new(Opaque { ty: Some(ty), ..*opaque }))
            }
            other => other,
        }
    }

    /// The zero value of a type.
    pub(super) fn zero(&self, ty: Option<Ty<'p>>) -> Value<'p> {
        let Some(ty) = ty else { return Value::unknown() };
        match self.types.resolve(ty) {
            Resolved::Pointer(_) | Resolved::Slice(_) | Resolved::Map(..) | Resolved::Func | Resolved::Interface(_) => {
                Value::Nil
            }
            Resolved::Basic("string") => Value::text(""),
            Resolved::Basic("bool") => Value::Bool(false),
            Resolved::Basic(name) if !name.starts_with("float") && !name.starts_with("complex") => Value::Int(0),
            Resolved::Declared(_, decl, file) if !matches!(decl.ty, Type::Struct(_)) => {
                self.zero(Some(Ty::new(&decl.ty, file)))
            }
            _ => Value::of_type(ty, Taint::NONE),
        }
    }
}
