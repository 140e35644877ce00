//! gin: groups that copy what runs before them, and a context that is request and answer in one.

use crate::{
    eval::{Lib, Machine, Mode, Value, value::Taint},
    facts::{Answer, Place},
    go::ast::Pos,
};

impl<'p> Machine<'p> {
    /// A method of an engine or group.
    pub(super) fn gin_router(&mut self, number: usize, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match (name, args.as_slice()) {
            ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS", [path, chain @ ..]) => {
                self.gin_route(number, vec![name.to_owned()], path, chain, at)
            }
            ("Any", [path, chain @ ..]) => self.gin_route(number, Vec::new(), path, chain, at),
            ("Handle", [method, path, chain @ ..]) => {
                let methods = self.words(std::slice::from_ref(method), at);
                self.gin_route(number, methods, path, chain, at)
            }
            ("Match", [methods, path, chain @ ..]) => {
                let methods = self.words(std::slice::from_ref(methods), at);
                self.gin_route(number, methods, path, chain, at)
            }
            ("Group", [path, before @ ..]) => Value::Router(self.group(number, path, before, at)),
            ("Use", before) => {
                self.use_before(number, before);
                Value::Router(number)
            }
            _ => Value::unknown(),
        }
    }

    fn gin_route(
        &mut self,
        number: usize,
        methods: Vec<String>,
        path: &Value<'p>,
        chain: &[Value<'p>],
        at: Pos,
    ) -> Value<'p> {
        let [before @ .., handler] = chain else { return Value::unknown() };
        let registered = self.register(number, methods, path, handler.clone(), at);
        if let Value::Registered(index) = registered
            && let Some(registration) = self.registrations.get_mut(index)
        {
            registration.before.extend_from_slice(before);
        }
        // The router itself comes back, for chaining.
        Value::Router(number)
    }

    /// A method of a context.
    pub(crate) fn gin_call(&mut self, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        if self.run.mode == Mode::Register {
            return Value::unknown();
        }
        let first = args.first();
        if let (
            "JSON" | "IndentedJSON" | "String" | "Data" | "AbortWithStatusJSON" | "AbortWithStatus",
            Some(Value::Int(status)),
        ) = (name, first)
        {
            self.run.status = *status;
        }
        match name {
            "Abort" | "AbortWithStatus" | "AbortWithStatusJSON" | "AbortWithError" => {
                self.abort();
                if name == "AbortWithStatusJSON" {
                    self.gin_json(&args, at);
                }
                Value::unknown()
            }
            "Next" => Value::unknown(),
            "ShouldBindJSON" | "BindJSON" | "ShouldBind" | "Bind" | "MustBindWith" | "ShouldBindWith"
            | "ShouldBindBodyWith" => self.bind_body(first, at),
            "ShouldBindQuery" | "BindQuery" => self.gin_bind(Place::Query, first, "form", at),
            "ShouldBindUri" | "BindUri" => self.gin_bind(Place::Path, first, "uri", at),
            "ShouldBindHeader" | "BindHeader" => self.gin_bind(Place::Header, first, "header", at),
            "Query" | "DefaultQuery" | "GetQuery" | "QueryArray" | "GetQueryArray" | "QueryMap" => {
                let value = self.parameter_of(Place::Query, first, at);
                if let ("DefaultQuery", Some(node), Some(text)) =
                    (name, value.data(), args.get(1).and_then(Value::as_text))
                {
                    let text = serde_json::to_string(text).unwrap_or_default();
                    self.run.keys.default_value(node.node, text);
                }
                value
            }
            "Param" => self.path_parameter(first, at),
            "PostForm" | "DefaultPostForm" | "GetPostForm" | "PostFormArray" | "FormFile" => {
                self.parameter_of(Place::Form, first, at)
            }
            "GetHeader" => self.library_call(Lib::RequestHeader, "Get", args, at),
            "GetRawData" => Value::Lib(Lib::Body),
            "Cookie" => {
                self.run.read_token = true;
                Value::tainted(Taint::TOKEN)
            }
            "Get" | "MustGet" | "GetInt64" | "GetInt" | "GetUint" | "GetString" | "GetBool" | "Value" => {
                // What middleware left there knows the caller; its name can tell that it is the role.
                let role = first
                    .and_then(Value::as_text)
                    .is_some_and(|name| name.to_lowercase().contains("role") || name.to_lowercase().contains("admin"));
                Value::tainted(if role { Taint::TOKEN | Taint::ROLE } else { Taint::TOKEN })
            }
            "JSON" | "IndentedJSON" | "PureJSON" | "SecureJSON" | "AsciiJSON" => {
                self.gin_json(&args, at);
                Value::unknown()
            }
            "String" | "HTML" | "XML" | "YAML" => {
                self.answer(at, Answer::Text);
                Value::unknown()
            }
            "SSEvent" | "Stream" => {
                self.answer(at, Answer::Ndjson);
                self.after_unknown(&args);
                Value::unknown()
            }
            "Data" | "File" | "FileAttachment" | "FileFromFS" | "DataFromReader" => {
                let text = args.get(1).and_then(Value::as_text).is_some_and(|content| content.starts_with("text/"));
                self.answer(at, if text { Answer::Text } else { Answer::File });
                Value::unknown()
            }
            "Header" => self.library_call(Lib::ResponseHeader, "Set", args, at),
            "FullPath" | "ClientIP" | "ContentType" | "IsAborted" | "Status" | "Set" | "Error" | "Redirect"
            | "SetCookie" => Value::unknown(),
            _ => Value::unknown(),
        }
    }

    /// Cuts the chain off, where that is certain.
    fn abort(&mut self) {
        if self.is_certain() {
            self.run.aborted = true;
        }
    }

    fn gin_bind(&mut self, place: Place, into: Option<&Value<'p>>, tag: &str, at: Pos) -> Value<'p> {
        if let Some(into) = into {
            self.expand_parameters(place, into, tag, at);
        }
        Value::unknown()
    }

    fn gin_json(&mut self, args: &[Value<'p>], at: Pos) {
        if let Some(value) = args.get(1) {
            self.json_answer(value, at);
        }
    }
}
