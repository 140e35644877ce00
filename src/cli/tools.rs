//! `tools`: what clients are offered, as a list or one tool whole. `docs/tools.md` is this command's output.

use clap::Args;
use serde_json::Value;

use super::{
    Failure,
    format::{Format, Table, print},
    options::PanelOptions,
};
use crate::{
    access::{LOCAL, Principal, Via},
    config::{Config, StatePlace, Surface},
    gateway::{Gateway, Registry, Tool},
    ops,
    transport::Listing,
};

/// Options of `tools`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Show all about one tool
    tool: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Print the tools exactly as a client's tools/list gets them (JSON)
    #[arg(long, conflicts_with = "tool")]
    list: bool,
    /// Print the reference of all tools (Markdown): this is docs/tools.md
    #[arg(long, conflicts_with_all = ["tool", "list"])]
    reference: bool,
    /// Show what this principal of the policy is offered, in place of `local`
    #[arg(long = "as", value_name = "NAME", conflicts_with = "reference")]
    principal: Option<String>,
    /// File that says who may do what [env: MCP_POLICY_FILE]
    #[arg(long, value_name = "FILE", conflicts_with = "reference")]
    policy: Option<String>,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    if options.reference {
        // The same everywhere, whatever is set.
        return print(reference(&Registry::new(&Surface::default(), ops::OWN)).trim_end());
    }
    let gateway = gateway(options)?;
    let principal = principal(&gateway, options.principal.as_deref().unwrap_or(LOCAL))?;
    let offer = gateway.offer(&principal);
    if options.list {
        let listing = Listing::new(gateway.registry(), gateway.config().surface.spelling);
        return print(&serde_json::to_string_pretty(&listing.offered(offer)).unwrap_or_default());
    }
    if let Some(name) = &options.tool {
        let Some(tool) = offer.resolve(name) else {
            let hint = offer.nearest(name).map(|right| format!("; did you mean {}?", right.name)).unwrap_or_default();
            return Err(Failure::Usage(format!(
                "there is no tool `{name}`{hint} (flvx-mcp tools lists what is offered with these settings)"
            )));
        };
        return print(&match options.format {
            Format::Json => serde_json::to_string_pretty(&ops::describe(tool)).unwrap_or_default(),
            Format::Table | Format::Markdown => describe(tool),
        });
    }
    let mut table = Table::new(&["tool", "danger", "role", "title", "path"]);
    for tool in offer.iter() {
        let (role, path) =
            tool.route().map_or(("", "(the gateway's own)"), |route| (route.least_role.word(), route.path));
        table.row([tool.name, tool.danger.word(), role, tool.title, path]);
    }
    table.print(options.format)
}

/// A gateway with the settings of the environment; nothing of it lasts, and it calls nobody.
fn gateway(options: &Options) -> Result<Gateway, Failure> {
    let environment = PanelOptions { policy: options.policy.clone(), ..PanelOptions::default() }.environment();
    let config = Config::from_env(&environment).map_err(|error| Failure::Usage(error.to_string()))?;
    let config = Config { state: StatePlace::Temporary, ..config.beside_a_gateway() };
    Gateway::new(config, ops::OWN).map_err(Failure::Usage)
}

fn principal(gateway: &Gateway, name: &str) -> Result<std::sync::Arc<Principal>, Failure> {
    let policy = gateway.policy();
    let Some(rights) = policy.roster.rights(name) else {
        let known: Vec<&str> = policy.roster.iter().map(|(name, _, _)| name).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Failure::Usage(format!("there is no principal `{name}`; the policy has {known}")));
    };
    Ok(Principal::new(name, Via::Command, rights.as_ref().clone()))
}

/// All tools as one Markdown document.
pub fn reference(registry: &Registry) -> String {
    let mut text = String::from(
        "# Tools\n\nGenerated from `routes/*.yaml` by `flvx-mcp tools --reference`; do not edit. Every tool takes its parameters inside `request`; what else it takes \
         (`view`, `idempotency_key`, `confirm_token`, `auth_context`) is in docs/architecture.md.\n\n",
    );
    let mut domain = "";
    for tool in registry.iter() {
        if tool.domain != domain {
            domain = tool.domain;
        }
        text.push_str(&describe(tool));
        text.push('\n');
    }
    text
}

fn describe(tool: &Tool) -> String {
    let entry = ops::describe(tool);
    let word = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut text = format!("## {}\n\n**{}** ({}) · {}", tool.name, tool.title, word("title_zh"), tool.danger.word());
    if let Some(route) = tool.route() {
        text.push_str(&format!(" · {} · `{} {}`", route.least_role.word(), route.method.word(), route.path));
    }
    text.push_str(&format!("\n\n{}\n", word("summary")));
    fields(&mut text, "Request", entry.pointer("/request/fields").or_else(|| entry.get("request")));
    fields(
        &mut text,
        "Data",
        entry.pointer("/response/data/fields").or_else(|| entry.pointer("/response/data/items/fields")),
    );
    list(&mut text, "Effects", entry.get("effects"));
    if let Some(errors) = entry.get("errors").and_then(Value::as_array).filter(|errors| !errors.is_empty()) {
        text.push_str("\nErrors:\n\n");
        for error in errors {
            let get = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
            text.push_str(&format!("- `{}`: {} {}\n", get("key"), get("text"), get("hint")));
        }
    }
    for (name, key) in [("Undo", "/undo/tool"), ("No undo", "/undo/none")] {
        if let Some(value) = entry.pointer(key).and_then(Value::as_str) {
            text.push_str(&format!("\n{name}: {value}\n"));
        }
    }
    if let Some(example) = entry.pointer("/examples/0/request") {
        text.push_str(&format!("\nExample: `{{\"request\":{example}}}`\n"));
    }
    text
}

fn fields(text: &mut String, title: &str, fields: Option<&Value>) {
    let Some(fields) =
        fields.and_then(Value::as_object).filter(|fields| !fields.is_empty() && fields.values().all(Value::is_object))
    else {
        return;
    };
    text.push_str(&format!("\n{title}:\n\n"));
    for (name, field) in fields {
        let get = |key: &str| field.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut notes = vec![get("type").to_owned()];
        for flag in ["required", "secret", "ignored", "nullable", "optional"] {
            if field.get(flag).and_then(Value::as_bool) == Some(true) {
                notes.push(flag.to_owned());
            }
        }
        for key in ["unit", "default", "default_doc", "min", "max"] {
            match field.get(key) {
                Some(Value::String(value)) if !value.is_empty() => notes.push(format!("{key} {value}")),
                Some(value) if !value.is_null() && !value.is_string() => notes.push(format!("{key} {value}")),
                _ => {}
            }
        }
        notes.retain(|note| !note.is_empty());
        text.push_str(&format!("- `{name}` ({}): {}\n", notes.join(", "), get("doc")));
    }
}

fn list(text: &mut String, title: &str, items: Option<&Value>) {
    let Some(items) = items.and_then(Value::as_array).filter(|items| !items.is_empty()) else { return };
    text.push_str(&format!("\n{title}:\n\n"));
    for item in items.iter().filter_map(Value::as_str) {
        text.push_str(&format!("- {item}\n"));
    }
}
