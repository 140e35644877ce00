//! What clients see of the tools: names, short texts, schemas, hints. Rendered once; every character is paid for by a model.
//! A client gets the part that its principal is offered, picked from the rendered whole: a tool is a handful of shared
//! pointers, so there is nothing worth keeping by view.

mod slim;

use std::sync::Arc;

use flvx_panel::spec::{Danger, Kind};
use rmcp::model::{JsonObject, Tool as McpTool, ToolAnnotations};
use serde_json::Value;

use crate::{
    config::Spelling,
    gateway::{Offer, Registry, Tool},
};

/// The shape that every tool's result has. `data` differs by tool; `ops.routes` and the tool's resource describe it.
const OUTPUT: &str =
    r#"{"type":"object","properties":{"ok":{"type":"boolean"},"data":{},"error":{"type":"object"}},"required":["ok"]}"#;
/// The rendered list.
#[derive(Debug)]
pub struct Listing {
    tools: Vec<(Tool, McpTool)>,
}

impl Listing {
    /// Renders all tools of a registry.
    pub fn new(registry: &Registry, spelling: Spelling) -> Self {
        let output: Arc<JsonObject> = Arc::new(object(OUTPUT));
        Self { tools: registry.iter().map(|tool| (*tool, render(tool, spelling, &output))).collect() }
    }

    /// All tools in the order of their canonical names.
    pub fn tools(&self) -> Vec<McpTool> {
        self.tools.iter().map(|(_, rendered)| rendered.clone()).collect()
    }

    /// Those that somebody is offered, in the same order.
    pub fn offered(&self, offer: Offer<'_>) -> Vec<McpTool> {
        self.tools.iter().filter(|(tool, _)| offer.has(tool)).map(|(_, rendered)| rendered.clone()).collect()
    }
}

fn render(tool: &Tool, spelling: Spelling, output: &Arc<JsonObject>) -> McpTool {
    let name = match spelling {
        Spelling::Underscored => tool.wire_name,
        Spelling::Dotted => tool.name,
    };
    McpTool::new(name, tool.brief, Arc::new(object(&input_schema(tool))))
        .with_title(tool.title)
        .with_raw_output_schema(Arc::clone(output))
        .with_annotations(annotations(tool))
}

/// Only what differs from the protocol's defaults is said.
fn annotations(tool: &Tool) -> ToolAnnotations {
    let hints = match tool.danger {
        Danger::Read | Danger::Sensitive => ToolAnnotations::new().read_only(true),
        Danger::Write => ToolAnnotations::new().destructive(false),
        Danger::Dangerous | Danger::Critical => ToolAnnotations::new().destructive(true),
    };
    if tool.is_change() && tool.route().is_some_and(|route| route.idempotent) { hints.idempotent(true) } else { hints }
}

/// The outer arguments with the request's schema inside. `request` is closed; the outer object is left open in the schema
/// (not by the gateway), because `auth_context` goes with every tool and is told once, in the instructions: listing it a
/// hundred times and closing the object would cost a tenth of the whole list.
pub fn input_schema(tool: &Tool) -> String {
    let mut properties = Vec::new();
    let mut required = Vec::new();
    let takes_something = tool.request.kind == Kind::Map || tool.request.fields.iter().any(|field| !field.ignored);
    if takes_something {
        let mut request = object(tool.request_schema);
        slim::slim(&mut request);
        properties.push(format!(r#""request":{}"#, Value::Object(request)));
        let needed = tool.request.min_items.is_some()
            || !tool.need_one_of.is_empty()
            || tool.request.fields.iter().any(|field| field.required && !field.ignored);
        if needed {
            required.push(r#""request""#);
        }
    }
    if tool.is_list() {
        properties.push(r#""view":{"type":"object"}"#.to_owned());
    }
    if tool.is_change() {
        properties.push(r#""idempotency_key":{"type":"string"}"#.to_owned());
        required.push(r#""idempotency_key""#);
        // A write that its arguments make dangerous asks for the key when it comes to that.
        if tool.danger >= Danger::Dangerous {
            properties.push(r#""confirm_token":{"type":"string"}"#.to_owned());
        }
    }
    let required = if required.is_empty() { String::new() } else { format!(r#","required":[{}]"#, required.join(",")) };
    let properties =
        if properties.is_empty() { String::new() } else { format!(r#","properties":{{{}}}"#, properties.join(",")) };
    format!(r#"{{"type":"object"{properties}{required}}}"#)
}

/// The texts are written by the build, so one that cannot be read is a fault that a test finds; it becomes an open object.
fn object(text: &str) -> JsonObject {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => map,
        _ => JsonObject::from_iter([("type".to_owned(), Value::from("object"))]),
    }
}
