//! `ops.routes`: the map of all tools and panel routes, and everything the manifest says about one of them.

use flvx_panel::{
    generated::{BASELINE, DOMAINS, UNLISTED},
    spec::{Danger, Field, Kind, Meaning},
};
use serde_json::{Map, Value, json};

use crate::{
    gateway::{Arguments, Caller, Gateway, OwnRun, OwnTool, Tool},
    result::{CallOutput, ErrorKind, ToolError},
};

const DANGERS: &[Meaning] = &[
    Meaning { value: "\"read\"", text: "" },
    Meaning { value: "\"sensitive\"", text: "" },
    Meaning { value: "\"write\"", text: "" },
    Meaning { value: "\"dangerous\"", text: "" },
    Meaning { value: "\"critical\"", text: "" },
];

const FIELDS: &[Field] = &[
    Field { min_length: Some(1), ..Field::new("tool", Kind::String, "A tool: then everything about it comes.") },
    Field { min_length: Some(1), ..Field::new("domain", Kind::String, "Only this domain.") },
    Field { values: DANGERS, ..Field::new("danger", Kind::String, "Only this danger.") },
    Field { min_length: Some(1), ..Field::new("query", Kind::String, "Words to search for, English or Chinese.") },
];

pub(super) const TOOL: OwnTool = OwnTool {
    name: "ops.routes",
    wire_name: "ops_routes",
    domain: "ops",
    title: "Route map",
    title_zh: "路由地图",
    brief: "Map of all tools; with `tool` everything about one: fields, errors, traps, examples; `query` searches.",
    summary: "Without arguments: one line a tool with path, role, danger and title. With `tool`: the whole manifest entry, i.e. every request and answer field with limits and \
              units, errors with their cure, effects, how a change is previewed, verified and undone, and examples. Read it before using a tool for the first time.",
    danger: Danger::Read,
    request: &Field { fields: FIELDS, ..Field::new("", Kind::Object, "") },
    request_schema: concat!(
        r#"{"type":"object","properties":{"tool":{"type":"string"},"domain":{"type":"string"},"#,
        r#""danger":{"type":"string","enum":["read","sensitive","write","dangerous","critical"]},"query":{"type":"string"}},"additionalProperties":false}"#
    ),
    run: OwnRun::Code(|gateway, caller, arguments| Box::pin(async move { run(gateway, caller, arguments) })),
};

fn run(gateway: &Gateway, caller: &Caller, arguments: &Arguments) -> CallOutput {
    let text = |name: &str| arguments.request.get(name).and_then(Value::as_str);
    let offer = gateway.offer(&caller.principal);
    if let Some(name) = text("tool") {
        return match offer.resolve(name) {
            Some(tool) => CallOutput::own(&describe(tool)),
            None => {
                let hint = offer.nearest(name).map(|right| format!("Did you mean {}?", right.name)).unwrap_or_default();
                CallOutput::failed(ToolError::new(
                    ErrorKind::InvalidArguments,
                    format!("`request.tool`: there is no tool `{name}`"),
                    hint,
                ))
            }
        };
    }
    let words: Vec<String> =
        text("query").unwrap_or_default().to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut found: Vec<(usize, &Tool)> = offer
        .iter()
        .filter(|tool| {
            text("domain").is_none_or(|domain| tool.domain == domain || tool.name.starts_with(&format!("{domain}.")))
        })
        .filter(|tool| text("danger").is_none_or(|danger| tool.danger.word() == danger))
        .map(|tool| (score(tool, &words), tool))
        .filter(|(score, _)| words.is_empty() || *score > 0)
        .collect();
    found.sort_by_key(|(score, tool)| (std::cmp::Reverse(*score), tool.name));
    if !words.is_empty() {
        found.truncate(8);
    }
    let rows: Vec<Value> = found.into_iter().map(|(_, tool)| line(tool)).collect();
    let everything = arguments.request.is_empty();
    let mut data = Map::new();
    data.insert("baseline".to_owned(), BASELINE.into());
    data.insert("tools".to_owned(), rows.into());
    if everything {
        data.insert("domains".to_owned(), DOMAINS.iter().filter(|domain| offer.iter().any(|tool| tool.domain == domain.name)).map(|domain| json!({ "domain": domain.name, "title": domain.title, "title_zh": domain.title_zh, "summary": domain.summary })).collect());
        data.insert(
            "not_tools".to_owned(),
            UNLISTED
                .iter()
                .filter(|route| route.alias_of.is_none_or(|tool| offer.has_name(tool)))
                .map(|route| json!({ "path": route.path, "alias_of": route.alias_of, "excluded": route.excluded }))
                .collect(),
        );
    }
    CallOutput::own(&data)
}

/// One line of the map.
fn line(tool: &Tool) -> Value {
    match tool.route() {
        Some(route) => {
            json!({ "tool": tool.name, "title": tool.title, "danger": tool.danger.word(), "role": route.least_role.word(), "path": route.path })
        }
        None => json!({ "tool": tool.name, "title": tool.title, "danger": tool.danger.word() }),
    }
}

/// Everything about one tool.
pub fn describe(tool: &Tool) -> Value {
    if let Some(route) = tool.route() {
        return serde_json::from_str(route.entry).unwrap_or(Value::Null);
    }
    let own = tool.own();
    json!({
        "tool": tool.name,
        "title": tool.title,
        "title_zh": tool.own_title_zh(),
        "previews": tool.previewed().map(|route| route.tool),
        "brief": tool.brief,
        "summary": own.map(|own| own.summary),
        "danger": tool.danger.word(),
        "request": tool.request.fields.iter().map(|field| (field.name.to_owned(), json!({ "doc": field.doc, "required": field.required }))).collect::<Map<_, _>>(),
    })
}

/// How well a tool fits the words: name and keywords count more than the text. Every word must be found somewhere.
fn score(tool: &Tool, words: &[String]) -> usize {
    let summary = tool
        .route()
        .and_then(|route| serde_json::from_str::<Value>(route.entry).ok())
        .and_then(|entry| entry.get("summary").and_then(Value::as_str).map(str::to_lowercase));
    let mut total = 0;
    for word in words {
        let mut points = 0;
        if tool.name.contains(word.as_str()) {
            points += 4;
        }
        if let Some(route) = tool.route() {
            points +=
                route.keywords.iter().filter(|keyword| keyword.to_lowercase().contains(word.as_str())).count().min(3)
                    * 3;
            points += usize::from(route.title_zh.contains(word.as_str())) * 4;
        }
        points += usize::from(tool.title.to_lowercase().contains(word.as_str())) * 3;
        points += usize::from(tool.brief.to_lowercase().contains(word.as_str()));
        points += usize::from(summary.as_ref().is_some_and(|summary| summary.contains(word.as_str())));
        if points == 0 {
            return 0;
        }
        total += points;
    }
    total
}
