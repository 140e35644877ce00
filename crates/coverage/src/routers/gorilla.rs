//! gorilla/mux: routes that are told their methods afterwards, and subrouters by prefix.

use crate::{
    eval::{Machine, Value},
    go::ast::Pos,
};

impl<'p> Machine<'p> {
    /// A method of a router, or of the prefix of one.
    pub(super) fn gorilla_router(&mut self, number: usize, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match (name, args.as_slice()) {
            ("HandleFunc" | "Handle", [path, handler]) => self.register(number, Vec::new(), path, handler.clone(), at),
            ("Path", [path]) => self.register(number, Vec::new(), path, Value::unknown(), at),
            ("Methods", methods) => {
                let methods = self.words(methods, at);
                let registered = self.register(number, methods, &Value::text(""), Value::unknown(), at);
                match registered {
                    Value::Registered(index) => Value::Registered(index),
                    _ => Value::Router(number),
                }
            }
            ("PathPrefix", [path]) => Value::Router(self.group(number, path, &[], at)),
            ("Subrouter" | "NewRoute" | "Host" | "Schemes" | "StrictSlash", _) => Value::Router(number),
            // What is served below a prefix.
            ("Handler" | "HandlerFunc", [handler]) => {
                self.register(number, Vec::new(), &Value::text("/"), handler.clone(), at)
            }
            ("Use", before) => {
                self.use_before(number, before);
                Value::unknown()
            }
            _ => Value::unknown(),
        }
    }
}
