//! `net/http`.

use crate::{
    eval::{Machine, Value},
    go::ast::Pos,
};

impl<'p> Machine<'p> {
    /// A method of a `http.ServeMux`.
    pub(super) fn mux_call(&mut self, number: usize, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match (name, args.as_slice()) {
            ("HandleFunc" | "Handle", [path, handler]) => self.register(number, Vec::new(), path, handler.clone(), at),
            _ => Value::unknown(),
        }
    }
}
