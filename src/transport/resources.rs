//! Resources: the route map, and the whole documentation of each tool.

use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};

use crate::{gateway::Offer, ops::describe};

const MAP: &str = "flvx://routes";
const TOOL: &str = "flvx://tools/";

/// The fixed resources.
pub fn list() -> Vec<Resource> {
    vec![
        Resource::new(MAP, "routes")
            .with_title("Route map")
            .with_description("Every tool with danger, role and panel route.")
            .with_mime_type("application/json"),
    ]
}

/// The resources with a name in them.
pub fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("flvx://saved/{id}", "saved")
            .with_title("Saved document")
            .with_description("A backup that a call of yours saved, with all secrets hidden.")
            .with_mime_type("application/json"),
        ResourceTemplate::new("flvx://tools/{name}", "tool")
            .with_title("Tool documentation")
            .with_description("Everything about one tool: fields, errors, traps, recipes, examples.")
            .with_mime_type("application/json"),
    ]
}

/// Reads one.
pub fn read(offer: Offer<'_>, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let text = if uri == MAP {
        let lines: Vec<String> = offer
            .iter()
            .map(|tool| {
                let (role, path) = tool.route().map_or(("", ""), |route| (route.least_role.word(), route.path));
                format!(
                    r#"{{"tool":"{}","danger":"{}","role":"{role}","path":"{path}"}}"#,
                    tool.name,
                    tool.danger.word()
                )
            })
            .collect();
        format!("[{}]", lines.join(","))
    } else {
        let tool = uri.strip_prefix(TOOL).and_then(|name| offer.resolve(name));
        let Some(tool) = tool else {
            let uri = uri.chars().take(200).collect::<String>();
            let message =
                format!("there is no resource {uri}; flvx://routes lists the tools, flvx://tools/<name> documents one");
            return Err(ErrorData::invalid_params(message, Some(serde_json::json!({ "uri": uri }))));
        };
        describe(tool).to_string()
    };
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type("application/json")]))
}
