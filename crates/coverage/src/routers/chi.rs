//! chi: nested routers, `With`, `Route`, `Mount`.

use crate::{
    eval::{Machine, Value},
    go::ast::Pos,
};

impl<'p> Machine<'p> {
    /// A method of a router.
    pub(super) fn chi_router(&mut self, number: usize, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match (name, args.as_slice()) {
            ("Get" | "Post" | "Put" | "Patch" | "Delete" | "Head" | "Options", [path, handler]) => {
                self.register(number, vec![name.to_uppercase()], path, handler.clone(), at)
            }
            ("Handle" | "HandleFunc", [path, handler]) => self.register(number, Vec::new(), path, handler.clone(), at),
            ("Method" | "MethodFunc", [method, path, handler]) => {
                let methods = self.words(std::slice::from_ref(method), at);
                self.register(number, methods, path, handler.clone(), at)
            }
            ("Mount", [path, handler]) => {
                // Mount takes the prefix off, as StripPrefix does elsewhere.
                let handler = match (path.as_text(), self.routers.get(number).and_then(|router| router.prefix.clone()))
                {
                    (Some(path), Some(prefix)) => {
                        let whole = super::pattern::join(&prefix, path).trim_end_matches('/').to_owned();
                        Value::Strip(whole.into(), std::rc::Rc::new(handler.clone()))
                    }
                    _ => handler.clone(),
                };
                self.register(number, Vec::new(), path, handler, at)
            }
            ("Use", before) => {
                self.use_before(number, before);
                Value::unknown()
            }
            ("With", before) => Value::Router(self.group(number, &Value::text(""), before, at)),
            ("Group", [inner]) => self.chi_inner(number, &Value::text(""), inner, at),
            ("Route", [path, inner]) => self.chi_inner(number, path, inner, at),
            _ => Value::unknown(),
        }
    }

    fn chi_inner(&mut self, number: usize, path: &Value<'p>, inner: &Value<'p>, at: Pos) -> Value<'p> {
        let group = self.group(number, path, &[], at);
        self.apply(inner.clone(), vec![Value::Router(group)], &[], at);
        Value::Router(group)
    }
}
