//! echo: groups, middleware around handlers, and a context that is request and answer in one.

use crate::{
    eval::{Lib, Machine, Mode, Value, value::Taint},
    facts::{Answer, Place},
    go::ast::Pos,
};

impl<'p> Machine<'p> {
    /// A method of an instance or group.
    pub(super) fn echo_router(&mut self, number: usize, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match (name, args.as_slice()) {
            ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS", [path, handler, before @ ..]) => {
                self.echo_route(number, vec![name.to_owned()], path, handler, before, at)
            }
            ("Any", [path, handler, before @ ..]) => self.echo_route(number, Vec::new(), path, handler, before, at),
            ("Add" | "Match", [methods, path, handler, before @ ..]) => {
                let methods = self.words(std::slice::from_ref(methods), at);
                self.echo_route(number, methods, path, handler, before, at)
            }
            ("Group", [path, before @ ..]) => Value::Router(self.group(number, path, before, at)),
            ("Use" | "Pre", before) => {
                self.use_before(number, before);
                Value::unknown()
            }
            _ => Value::unknown(),
        }
    }

    fn echo_route(
        &mut self,
        number: usize,
        methods: Vec<String>,
        path: &Value<'p>,
        handler: &Value<'p>,
        before: &[Value<'p>],
        at: Pos,
    ) -> Value<'p> {
        let registered = self.register(number, methods, path, handler.clone(), at);
        if let Value::Registered(index) = registered
            && let Some(registration) = self.registrations.get_mut(index)
        {
            registration.before.extend_from_slice(before);
        }
        Value::unknown()
    }

    /// A method of a context.
    pub(crate) fn echo_call(&mut self, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        if self.run.mode == Mode::Register {
            return Value::unknown();
        }
        let first = args.first();
        if let ("JSON" | "JSONPretty" | "String" | "Blob", Some(Value::Int(status))) = (name, first) {
            self.run.status = *status;
        }
        match name {
            "NoContent" => {
                self.told();
                Value::unknown()
            }
            "Request" => Value::Lib(Lib::Request),
            "Response" => Value::Lib(Lib::Response),
            "Bind" => self.bind_body(first, at),
            "QueryParam" => self.parameter_of(Place::Query, first, at),
            "QueryParams" => Value::Lib(Lib::Query),
            "Param" => self.path_parameter(first, at),
            "FormValue" | "FormFile" => self.parameter_of(Place::Form, first, at),
            "Cookie" => {
                self.run.read_token = true;
                Value::tainted(Taint::TOKEN)
            }
            "Get" => {
                let role = first.and_then(Value::as_text).is_some_and(|name| name.to_lowercase().contains("role"));
                Value::tainted(if role { Taint::TOKEN | Taint::ROLE } else { Taint::TOKEN })
            }
            "JSON" | "JSONPretty" => {
                if let Some(value) = args.get(1) {
                    self.json_answer(value, at);
                }
                Value::unknown()
            }
            "String" | "HTML" | "XML" => {
                self.answer(at, Answer::Text);
                Value::unknown()
            }
            "Blob" | "Stream" | "File" | "Attachment" | "Inline" => {
                self.answer(at, Answer::File);
                Value::unknown()
            }
            _ => Value::unknown(),
        }
    }
}
