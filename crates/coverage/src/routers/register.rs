//! What all libraries share: noting a registration, following a handler.

use std::rc::Rc;

use super::{Kind, Router, pattern};
use crate::{
    eval::{Closure, Machine, Mode, Registration, Value, value::Object},
    go::{
        Ty,
        ast::{Function, Pos},
    },
};

/// Handlers around handlers, at most.
const DEEPEST: usize = 32;

impl<'p> Machine<'p> {
    /// A method of a router.
    pub(crate) fn router_call(&mut self, number: usize, name: &'p str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        if self.run.mode != Mode::Register {
            return Value::unknown();
        }
        let Some(kind) = self.routers.get(number).map(|router| router.kind) else { return Value::unknown() };
        match kind {
            Kind::Mux => self.mux_call(number, name, args, at),
            Kind::Gin => self.gin_router(number, name, args, at),
            Kind::Chi => self.chi_router(number, name, args, at),
            Kind::Echo => self.echo_router(number, name, args, at),
            Kind::Gorilla => self.gorilla_router(number, name, args, at),
        }
    }

    /// A method of what a registration gave back: gorilla's `.Methods("POST")`.
    pub(crate) fn registered_call(&mut self, number: usize, name: &str, args: &[Value<'p>], at: Pos) -> Value<'p> {
        if name == "Methods" {
            let methods = self.words(args, at);
            if let Some(registration) = self.registrations.get_mut(number) {
                registration.methods = methods;
            }
        } else if let ("HandlerFunc" | "Handler", [handler]) = (name, args)
            && let Some(registration) = self.registrations.get_mut(number)
        {
            registration.handler = handler.clone();
        }
        Value::Registered(number)
    }

    /// Methods, as texts or as one list of texts.
    pub(super) fn words(&mut self, args: &[Value<'p>], at: Pos) -> Vec<String> {
        let mut words = Vec::new();
        for arg in args {
            match arg {
                Value::List(items) => words.extend(self.words(items, at)),
                other => match other.as_text() {
                    Some(text) => words.push(text.to_uppercase()),
                    None => self.not_resolved(at, "a method that is not a constant"),
                },
            }
        }
        words
    }

    /// Notes a route.
    pub(super) fn register(
        &mut self,
        number: usize,
        methods: Vec<String>,
        path: &Value<'p>,
        handler: Value<'p>,
        at: Pos,
    ) -> Value<'p> {
        let Some(path) = path.as_text() else {
            self.not_resolved(at, "the path of this route is not a constant that can be followed");
            return Value::unknown();
        };
        let kind = self.routers.get(number).map_or(Kind::Mux, |router| router.kind);
        let (methods, path) = match kind {
            Kind::Mux => match pattern::net_http(path) {
                Some((method, path)) => (method.into_iter().chain(methods).collect(), path),
                None => {
                    self.not_resolved(at, format!("`{path}` is not a pattern of net/http"));
                    return Value::unknown();
                }
            },
            Kind::Gin | Kind::Echo => (methods, pattern::colon(path)),
            Kind::Chi | Kind::Gorilla => (methods, pattern::braces(path)),
        };
        let before = match kind {
            Kind::Gin => self.routers.get(number).map(|router| router.before.clone()).unwrap_or_default(),
            _ => Vec::new(),
        };
        self.registrations.push(Registration { router: number, methods, path, handler, before, pos: at });
        Value::Registered(self.registrations.len() - 1)
    }

    /// A group of a router: a longer prefix, more that runs before.
    pub(super) fn group(&mut self, number: usize, path: &Value<'p>, before: &[Value<'p>], at: Pos) -> usize {
        let Some(parent) = self.routers.get(number).cloned() else { return number };
        let prefix = match path.as_text() {
            Some(path) => {
                let path = if matches!(parent.kind, Kind::Gin | Kind::Echo) {
                    pattern::colon(path)
                } else {
                    pattern::braces(path)
                };
                parent.prefix.as_ref().map(|prefix| pattern::join(prefix, &path).trim_end_matches('/').to_owned())
            }
            None => {
                self.not_resolved(at, "the prefix of this group is not a constant that can be followed");
                None
            }
        };
        // gin copies what runs before when a group is made; the others ask the parent when a call comes in.
        let mut own = if parent.kind == Kind::Gin { parent.before.clone() } else { Vec::new() };
        own.extend_from_slice(before);
        self.router(Router { kind: parent.kind, prefix, before: own, parent: Some(number) })
    }

    /// `Use`: more that runs before the routes of a router.
    pub(super) fn use_before(&mut self, number: usize, args: &[Value<'p>]) {
        if let Some(router) = self.routers.get_mut(number) {
            router.before.extend_from_slice(args);
        }
    }

    /// A call of something unknown that looks very much like a registration must not be passed over.
    pub(crate) fn maybe_register(&mut self, name: &str, args: &[Value<'p>], at: Pos) {
        let [path, rest @ ..] = args else { return };
        let serves =
            rest.iter().any(|arg| matches!(arg, Value::Func(closure) if self.is_handler_function(closure.function)));
        let verb = matches!(
            name,
            "HandleFunc"
                | "Handle"
                | "GET"
                | "POST"
                | "PUT"
                | "PATCH"
                | "DELETE"
                | "Any"
                | "Get"
                | "Post"
                | "Put"
                | "Delete"
                | "Patch"
        );
        if !verb || !serves {
            return;
        }
        let looks = path.as_text().is_some_and(|path| path.contains('/'));
        if looks && matches!(name, "HandleFunc" | "Handle") {
            // Whatever the mux is called, it is the mux: panels have one.
            let router = self.default_router();
            let handler = rest.last().cloned().unwrap_or_else(Value::unknown);
            self.register(router, Vec::new(), path, handler, at);
        } else {
            self.not_resolved(at, format!("this `{name}` looks like a route, but its router cannot be followed"));
        }
    }

    /// Whether a function takes a request.
    pub(crate) fn is_handler_function(&self, function: &'p Function) -> bool {
        let mut params = function.signature.params.iter();
        params.any(|param| {
            let external = self.types.external(Ty::new(&param.ty, function.pos.file));
            matches!(external, Some(("net/http", "Request" | "ResponseWriter")))
                || matches!(external, Some((path, "Context")) if path.ends_with("/gin") || path.contains("labstack/echo"))
        })
    }

    /// The router that a handler is or was made around, and how many layers lie between.
    pub(crate) fn router_in(&self, value: &Value<'p>) -> Option<(usize, usize)> {
        self.router_within(value, 0)
    }

    fn router_within(&self, value: &Value<'p>, depth: usize) -> Option<(usize, usize)> {
        if depth > DEEPEST {
            return None;
        }
        let outer = |found: Option<(usize, usize)>| found.map(|(router, layers)| (router, layers + 1));
        match value {
            Value::Router(number) => Some((*number, 0)),
            Value::Strip(_, inner) => outer(self.router_within(inner, depth + 1)),
            Value::Pointer(slot) => self.router_within(&slot.value.try_borrow().ok()?.clone(), depth + 1),
            Value::Object(object) if self.serves(object) => {
                let fields = object.fields.borrow();
                outer(fields.iter().find_map(|(_, value)| self.router_within(value, depth + 1)))
            }
            Value::Func(closure) => {
                let env = closure.env.as_ref()?;
                // Only what the function itself speaks of: around it there can be much more.
                let captured = closure.function.mentions.iter().filter_map(|name| env.find(name));
                let mut inner = captured.filter_map(|slot| {
                    let value = slot.value.try_borrow().ok()?.clone();
                    matches!(
                        value,
                        Value::Router(_) | Value::Strip(..) | Value::Func(_) | Value::Object(_) | Value::Pointer(_)
                    )
                    .then_some(value)
                });
                outer(inner.find_map(|value| self.router_within(&value, depth + 1)))
            }
            _ => None,
        }
    }

    fn serves(&self, object: &Object<'p>) -> bool {
        object.ty.is_some_and(|ty| self.types.method(ty, "ServeHTTP").is_some())
    }

    /// Lets a handler serve the request of this run. False when it cannot be followed.
    pub(crate) fn serve(&mut self, handler: &Value<'p>) -> bool {
        match handler {
            Value::Func(closure) => self.serve_function(closure),
            Value::Router(number) => {
                self.dispatch(*number);
                true
            }
            Value::Strip(prefix, inner) => {
                let path = self.run.path.clone();
                self.run.path = path.strip_prefix(&**prefix).unwrap_or(&path).to_owned();
                let served = self.serve(inner);
                self.run.path = path;
                served
            }
            Value::Pointer(_) | Value::Object(_) | Value::Opaque(_) => {
                let ty = handler.deref().ty().or_else(|| handler.ty());
                let method = ty.and_then(|ty| self.method_value(ty, "ServeHTTP", handler.clone()));
                match method {
                    Some(Value::Func(closure)) => self.serve_function(&closure),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn serve_function(&mut self, closure: &Rc<Closure<'p>>) -> bool {
        if let Some(ty) = closure.converted
            && let Some(Value::Func(method)) = self.method_value(ty, "ServeHTTP", Value::Func(Rc::clone(closure)))
        {
            return self.serve_function(&method);
        }
        let function = closure.function;
        if function.body.is_none() {
            return false;
        }
        let file = function.pos.file;
        let args = function.signature.params.iter().map(|param| self.parameter(Ty::new(&param.ty, file))).collect();
        self.call_closure(closure, args);
        true
    }

    /// Goes on with the registration that leads to the handler that is waited for.
    fn dispatch(&mut self, number: usize) {
        if self.run.mode != Mode::Auth {
            return;
        }
        let root = self.root(number);
        let next = self.run.route.iter().find(|(router, _)| self.root(*router) == root).copied();
        let Some(registration) = next.and_then(|(_, registration)| self.registrations.get(registration)).cloned()
        else {
            return;
        };
        self.run.at_router = self.run.choices.len();
        let kind = self.routers.get(registration.router).map_or(Kind::Mux, |router| router.kind);
        match kind {
            Kind::Gin => self.run_chain(&registration),
            Kind::Mux => self.serve_last(&registration.handler),
            Kind::Chi | Kind::Gorilla | Kind::Echo => {
                let mut handler = registration.handler.clone();
                let mut before = self.before(registration.router);
                before.extend(registration.before.iter().cloned());
                for layer in before.into_iter().rev() {
                    handler = match self.apply(layer, vec![handler.clone()], &[], registration.pos) {
                        made if made.is_handler() || matches!(made, Value::Object(_) | Value::Pointer(_)) => made,
                        _ => handler,
                    };
                }
                self.serve_last(&handler);
            }
        }
    }

    /// The end of a chain. One that cannot be followed is reached all the same.
    fn serve_last(&mut self, handler: &Value<'p>) {
        if !self.serve(handler) && self.run.target.is_none() {
            self.reach();
        }
    }

    /// gin: one after another, until one cuts the chain off.
    fn run_chain(&mut self, registration: &Registration<'p>) {
        self.run.aborted = false;
        for link in &registration.before {
            self.serve(link);
            if self.run.aborted {
                return;
            }
        }
        self.serve_last(&registration.handler);
    }

    /// Everything that runs before the routes of a router, from the outermost group inwards.
    fn before(&self, number: usize) -> Vec<Value<'p>> {
        let mut groups = vec![number];
        while let Some(parent) =
            groups.last().and_then(|number| self.routers.get(*number)).and_then(|router| router.parent)
        {
            groups.push(parent);
        }
        groups
            .iter()
            .rev()
            .filter_map(|number| self.routers.get(*number))
            .flat_map(|router| router.before.clone())
            .collect()
    }

    /// The router that a group belongs to.
    pub(crate) fn root(&self, number: usize) -> usize {
        let mut number = number;
        while let Some(parent) = self.routers.get(number).and_then(|router| router.parent) {
            number = parent;
        }
        number
    }
}
