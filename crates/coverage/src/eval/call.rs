//! Calls: what is called, whether it is walked into, and what is known of the result when it is not.

use std::rc::Rc;

use super::{
    expr::with_types,
    machine::Machine,
    run::Mode,
    select::names_role,
    value::{Closure, Data, Env, Lib, Opaque, Taint, Value},
};
use crate::{
    facts::Kind,
    go::{
        Resolved, Ty,
        ast::{Call, Function, Param, Pos, Type},
    },
};

/// A function of at most so many statements is walked into while routes are looked for, whatever it is.
const SMALL_REGISTER: usize = 80;
/// The same for one that gets only values that depend on the caller.
const SMALL: usize = 12;
/// The same for one that makes an answer.
const SMALL_ANSWER: usize = 4;

impl<'p> Machine<'p> {
    /// A call.
    pub(super) fn call(&mut self, call: &'p Call, at: Pos, env: &Env<'p>) -> Value<'p> {
        let callee = self.callee(call, env);
        if let Value::Builtin(name) = callee {
            return self.builtin(name, call, env);
        }
        let before = self.answering;
        if let Value::Bound(of, ..) = &callee
            && of.is_response()
        {
            self.answering += 1;
        }
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            let value = self.expr(arg, env);
            if value.is_response() {
                self.answering += 1;
            }
            args.push(value);
        }
        self.answering = before;
        if call.spread
            && let Some(Value::List(items)) = args.last().cloned()
        {
            args.pop();
            args.extend(items.iter().cloned());
        }
        let types = self.written_types(&call.types);
        self.apply(callee, args, &types, at)
    }

    fn callee(&mut self, call: &'p Call, env: &Env<'p>) -> Value<'p> {
        match self.expr(&call.function, env) {
            // `pkg.T(x)`, where the package is somebody else's, looks like a function.
            Value::Pointer(slot) => slot.value.borrow().clone(),
            other => other,
        }
    }

    /// Calls a value with arguments.
    pub(crate) fn apply(&mut self, callee: Value<'p>, args: Vec<Value<'p>>, types: &[Ty<'p>], at: Pos) -> Value<'p> {
        match callee {
            Value::Func(closure) => self.function_call(&closure, args, types, at),
            Value::Type(ty) => self.conversion(ty, args),
            Value::Foreign(path, name) => self.foreign_call(&path, name, args, at),
            Value::Bound(of, name) => self.bound_call(*of, name, args, at),
            handler @ (Value::Router(_) | Value::Strip(..)) => {
                self.serve(&handler);
                Value::unknown()
            }
            other => self.unknown_call(&other, "", args, at),
        }
    }

    fn conversion(&mut self, ty: Ty<'p>, args: Vec<Value<'p>>) -> Value<'p> {
        let Some(value) = args.into_iter().next() else { return Value::of_type(ty, Taint::NONE) };
        match value {
            Value::Func(closure) => Value::Func(Rc::new(Closure { converted: Some(ty), ..closure.as_ref().clone() })),
            Value::Opaque(opaque) => Value::Opaque(Box::new(Opaque { ty: Some(ty), ..*opaque })),
            other => other,
        }
    }

    fn function_call(
        &mut self,
        closure: &Rc<Closure<'p>>,
        args: Vec<Value<'p>>,
        types: &[Ty<'p>],
        at: Pos,
    ) -> Value<'p> {
        let function = closure.function;
        let closure = self.with_inferred_types(closure, &args, types);
        let enters = self.enters(&closure, &args) && self.may_enter(function);
        self.convert_hint(function, &args);
        let result =
            if enters { self.call_closure(&closure, args.clone()) } else { self.not_entered(&closure, &args, at) };
        let result = self.converted(function, &args, result);
        if self.run.mode == Mode::Register { self.wrapped(&closure, &args, result) } else { result }
    }

    /// Whether walking into a function can tell anything.
    fn enters(&self, closure: &Closure<'p>, args: &[Value<'p>]) -> bool {
        let function = closure.function;
        let literal = closure.env.is_some();
        let values = || args.iter().chain(closure.receiver.as_deref());
        let taints = || values().any(|value| value.taint() != Taint::NONE);
        match self.run.mode {
            Mode::Register => literal || self.relevant.contains(&function.pos) || function.size <= SMALL_REGISTER,
            Mode::Auth => {
                let tells = |value: &Value<'p>| match value {
                    Value::Text(text) => **text == *self.run.path,
                    Value::OpenPath(_) | Value::Method(_) => true,
                    Value::Lib(lib) => *lib != Lib::Context,
                    value => value.is_handler(),
                };
                let constant = function.receiver.is_none() && args.is_empty();
                literal || values().any(tells) || ((taints() || constant) && function.size <= SMALL)
            }
            Mode::Handle => {
                let tells = |value: &Value<'p>| {
                    value.is_request()
                        || value.is_response()
                        || matches!(value, Value::Method(_) | Value::OpenPath(_) | Value::Func(_))
                };
                // `response.OK(x)`: whether it is a success must be seen.
                let answer = self.answering > 0 && function.receiver.is_none() && function.size <= SMALL_ANSWER;
                literal || answer || values().any(tells) || (taints() && function.size <= SMALL)
            }
        }
    }

    /// What is known of a call that is not walked into.
    fn not_entered(&mut self, closure: &Closure<'p>, args: &[Value<'p>], at: Pos) -> Value<'p> {
        let function = closure.function;
        let mut taint = args.iter().fold(Taint::NONE, |taint, arg| taint | arg.taint());
        if let Some(receiver) = &closure.receiver {
            taint = taint | receiver.taint();
        }
        if taint.has(Taint::TOKEN) && names_role(&function.name) {
            taint = taint | Taint::ROLE;
        }
        if function.receiver.is_some() || self.answering == 0 {
            self.work(at);
        }
        self.after_unknown(args);
        if function.body.is_none() || args.iter().any(Value::is_request) {
            self.lost_in(&function.name, args, at);
        }
        tainted_result(self.result_of(function), taint)
    }

    /// What somebody unknown may have done with arguments: set what pointers lead to, called what is callable.
    pub(crate) fn after_unknown(&mut self, args: &[Value<'p>]) {
        for arg in args {
            match arg {
                Value::Pointer(slot) => slot.forget(),
                Value::Func(closure)
                    if self.run.mode == Mode::Handle && closure.env.is_some() && self.may_enter(closure.function) =>
                {
                    self.branch += 1;
                    self.control.push(Taint::NONE);
                    self.call_closure(closure, Vec::new());
                    self.control.pop();
                    self.branch -= 1;
                }
                _ => {}
            }
        }
    }

    /// A call of something that is not known at all.
    pub(super) fn unknown_call(&mut self, of: &Value<'p>, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        let mut taint = args.iter().fold(of.taint(), |taint, arg| taint | arg.taint());
        if taint.has(Taint::TOKEN) && names_role(name) {
            taint = taint | Taint::ROLE;
        }
        self.work(at);
        self.after_unknown(&args);
        self.lost_in(name, &args, at);
        Value::tainted(taint)
    }

    /// Notes a loose part of the request, or the whole of it, that goes where it cannot be followed.
    pub(super) fn lost_in(&mut self, name: &str, args: &[Value<'p>], at: Pos) {
        let name = if name.is_empty() { "a function that is not known" } else { name };
        for arg in args {
            let what = match arg.deref() {
                Value::Lib(Lib::Request | Lib::Gin | Lib::Echo) => "the request",
                Value::Lib(Lib::Body) | Value::Decoder(..) => "the body",
                Value::Data(data) if self.is_loose(&data) => "the decoded body",
                _ => continue,
            };
            self.lost(at, format!("{what} goes to `{name}`, which cannot be followed"));
        }
    }

    /// Whether keys of a part of the request can still be asked for by name.
    pub(super) fn is_loose(&self, data: &Data<'p>) -> bool {
        if data.scalar || self.run.keys.kind(data.node) == Kind::Array {
            return false;
        }
        match data.ty.map(|ty| self.types.shape(ty)) {
            None | Some(Resolved::Map(..) | Resolved::Unknown) => true,
            Some(Resolved::Interface(_)) => matches!(self.run.keys.kind(data.node), Kind::Object | Kind::Map),
            Some(_) => false,
        }
    }

    /// `asInt64(req["id"], 0)`: a function from anything to a plain value tells the type of what it is given, and its
    /// second argument what is taken instead.
    fn convert_hint(&mut self, function: &'p Function, args: &[Value<'p>]) {
        let Some((data, kind)) = self.conversion_of(function, args) else { return };
        if kind != Kind::Unknown {
            self.run.keys.hint(data.node, kind);
        }
        let names_default = function.signature.params.get(1).is_some_and(is_default);
        if let (true, Some(text)) = (names_default, args.get(1).and_then(json_text)) {
            self.run.keys.default_value(data.node, text);
        }
    }

    /// The part of the request that a function converts, and to what.
    fn conversion_of(&self, function: &'p Function, args: &[Value<'p>]) -> Option<(Data<'p>, Kind)> {
        let data = args.first()?.data()?.clone();
        let [result] = function.signature.results.as_slice() else { return None };
        let file = function.pos.file;
        let to = self.types.shape(Ty::new(&result.ty, file));
        if !matches!(to, Resolved::Basic(_)) && !matches!(result.ty, Type::Pointer(_)) {
            return None;
        }
        let from = function.signature.params.first().map(|param| self.types.shape(Ty::new(&param.ty, file)))?;
        let from_anything = matches!(from, Resolved::Interface(_) | Resolved::Unknown);
        let kind = self.types.kind(Ty::new(&result.ty, file));
        // A test of a value (`isBlank(x)`) is no conversion of it.
        if kind == Kind::Boolean && !function.signature.params.get(1).is_some_and(is_default) {
            return None;
        }
        Some((data, if from_anything { kind } else { Kind::Unknown }))
    }

    /// The result of a conversion is still that part of the request.
    fn converted(&self, function: &'p Function, args: &[Value<'p>], result: Value<'p>) -> Value<'p> {
        match (self.conversion_of(function, args), &result) {
            (
                Some((data, _)),
                Value::Opaque(_) | Value::Data(_) | Value::Text(_) | Value::Int(_) | Value::Nil | Value::Pointer(_),
            ) => Value::Data(Box::new(Data { scalar: true, ..data })),
            _ => result,
        }
    }

    /// A function that was made around a handler or a router remembers it.
    fn wrapped(&mut self, closure: &Closure<'p>, args: &[Value<'p>], result: Value<'p>) -> Value<'p> {
        if args.iter().any(|arg| self.router_in(arg).is_some())
            && (result.is_handler() || self.router_in(&result).is_some())
        {
            self.outers.push(result.clone());
        }
        let Value::Func(made) = &result else { return result };
        let inner = args.iter().rev().find_map(|arg| match arg {
            Value::Func(inner) if inner.id != made.id => Some(inner),
            _ => None,
        });
        match inner {
            Some(inner)
                if made.core.is_none() && made.env.is_some() && made.function.pos.file == closure.function.pos.file =>
            {
                let mut wrappers = vec![closure.function.name.clone()];
                wrappers.extend(inner.wrappers.iter().cloned());
                Value::Func(Rc::new(Closure { core: Some(Rc::clone(inner)), wrappers, ..made.as_ref().clone() }))
            }
            _ => result,
        }
    }

    /// Type arguments as written, or read off function arguments.
    fn with_inferred_types(
        &mut self,
        closure: &Rc<Closure<'p>>,
        args: &[Value<'p>],
        written: &[Ty<'p>],
    ) -> Rc<Closure<'p>> {
        let function = closure.function;
        if function.type_params.is_empty() || (!closure.types.is_empty() && written.is_empty()) {
            return Rc::clone(closure);
        }
        if !written.is_empty() {
            return Rc::new(with_types(closure, written));
        }
        let mut types: Vec<(&'p str, Ty<'p>)> = Vec::new();
        for (param, arg) in function.signature.params.iter().zip(args) {
            self.infer(&param.ty, arg, &function.type_params, &mut types);
        }
        Rc::new(Closure { types, ..closure.as_ref().clone() })
    }

    fn infer(&self, param: &'p Type, arg: &Value<'p>, names: &'p [String], found: &mut Vec<(&'p str, Ty<'p>)>) {
        let parameter = |ty: &'p Type| match ty {
            Type::Name(name) => names.iter().find(|known| *known == name).map(String::as_str),
            _ => None,
        };
        match param {
            Type::Func(signature) => {
                let Value::Func(closure) = arg else { return };
                let given = &closure.function.signature;
                let file = closure.function.pos.file;
                let pairs =
                    signature.params.iter().zip(&given.params).chain(signature.results.iter().zip(&given.results));
                for (wanted, given) in pairs {
                    let (wanted, given) = match (&wanted.ty, &given.ty) {
                        (Type::Pointer(wanted), Type::Pointer(given)) => (wanted.as_ref(), given.as_ref()),
                        (wanted, given) => (wanted, given),
                    };
                    if let Some(name) = parameter(wanted) {
                        found.push((name, Ty::new(given, file)));
                    }
                }
            }
            Type::Pointer(inner) => {
                if let (Some(name), Some(ty)) = (parameter(inner), arg.ty()) {
                    found.push((name, ty));
                }
            }
            ty => {
                if let (Some(name), Some(ty)) = (parameter(ty), arg.ty()) {
                    found.push((name, ty));
                }
            }
        }
    }

    /// A method of something that is not a function of the module.
    fn bound_call(&mut self, of: Value<'p>, name: &'p str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match of {
            Value::Router(number) => self.router_call(number, name, args, at),
            Value::Registered(number) => self.registered_call(number, name, &args, at),
            Value::Lib(lib) => self.library_call(lib, name, args, at),
            Value::Decoder(from, strict) => self.decoder_call(*from, &strict, name, &args, at),
            // `value.String()` and the like of a part of the request.
            Value::Data(data) => Value::Data(Box::new(Data { scalar: true, ..*data })),
            Value::Opaque(_) if self.run.mode == Mode::Register => {
                self.maybe_register(name, &args, at);
                self.unknown_call(&of, name, args, at)
            }
            Value::Opaque(opaque) if opaque.plain => {
                let taint = args.iter().fold(opaque.taint, |taint, arg| taint | arg.taint());
                Value::Opaque(Box::new(Opaque { taint, plain: true, ..Opaque::default() }))
            }
            other => {
                let foreign = matches!(&other, Value::Opaque(opaque) if opaque.foreign);
                if foreign || other.ty().and_then(|ty| self.types.external(ty)).is_some() {
                    // A library gets the request to answer it (a socket, a proxy), or data to keep.
                    let mut taint = args.iter().fold(other.taint(), |taint, arg| taint | arg.taint());
                    if taint.has(Taint::TOKEN) && names_role(name) {
                        taint = taint | Taint::ROLE;
                    }
                    self.work(at);
                    self.given_away(&args);
                    self.after_unknown(&args);
                    return Value::foreign(taint);
                }
                self.unknown_call(&other, name, args, at)
            }
        }
    }
}

/// Whether a parameter is what a conversion falls back to.
fn is_default(param: &Param) -> bool {
    let name = param.name.to_lowercase();
    name.starts_with("def") || name.starts_with("fallback")
}

/// A plain value as JSON.
fn json_text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) => serde_json::to_string(&**text).ok(),
        Value::Int(number) => Some(number.to_string()),
        Value::Bool(known) => Some(known.to_string()),
        _ => None,
    }
}

/// A result with what it depends on.
fn tainted_result<'p>(value: Value<'p>, taint: Taint) -> Value<'p> {
    match value {
        Value::Opaque(opaque) => Value::Opaque(Box::new(Opaque { taint: opaque.taint | taint, ..*opaque })),
        Value::Tuple(items) => {
            Value::Tuple(Rc::new(items.iter().map(|item| tainted_result(item.clone(), taint)).collect()))
        }
        other => other,
    }
}
