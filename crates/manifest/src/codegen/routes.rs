//! What `routes.rs` is made of: one row a tool with all defaults filled in, the domains, and the paths without a tool.

use serde::Serialize;

use super::{Error, Output, names, schema};
use crate::{
    Manifest,
    model::{
        Answer, AnswerTo, Cost, Danger, Domain, Effect, Entry, ErrorRule, Escalation, LimitClass, Method, OwnHandler,
        Role,
    },
};

/// The view of `routes.rs.j2`.
#[derive(Debug, Serialize)]
pub struct RoutesView {
    baseline: String,
    routes: Vec<RouteView>,
    names: Vec<NameView>,
    domains: Vec<DomainView>,
    unlisted: Vec<UnlistedView>,
    common: Vec<CommonView>,
}

impl RoutesView {
    /// The files that the rows name: each tool's whole entry as JSON.
    pub fn entries(&self) -> impl Iterator<Item = Output> {
        self.routes.iter().map(|route| Output { file: route.entry_file.clone(), text: route.entry.clone() })
    }
}

#[derive(Debug, Serialize)]
struct RouteView {
    /// `NODE_LIST`.
    constant: String,
    tool: String,
    wire_name: String,
    domain: String,
    path: String,
    method: &'static str,
    title: String,
    title_zh: String,
    brief: String,
    keywords: Vec<String>,
    role: &'static str,
    least_role: &'static str,
    danger: &'static str,
    escalate: Vec<EscalationView>,
    since: Option<String>,
    until: Option<String>,
    answer: &'static str,
    to_file: bool,
    timeout_s: u32,
    cost: &'static str,
    limits: &'static str,
    long_running: bool,
    idempotent: bool,
    batch: Option<BatchView>,
    own: Option<&'static str>,
    need_one_of: Vec<Vec<String>>,
    has_data: bool,
    rows: Option<String>,
    show: Vec<String>,
    row_key: Option<String>,
    errors: Vec<RuleView>,
    request_schema: String,
    entry_file: String,
    #[serde(skip)]
    entry: String,
}

#[derive(Debug, Serialize)]
struct NameView {
    name: String,
    constant: String,
}

#[derive(Debug, Serialize)]
struct DomainView {
    name: String,
    title: String,
    title_zh: String,
    summary: String,
}

#[derive(Debug, Serialize)]
struct UnlistedView {
    path: String,
    method: &'static str,
    alias_of: Option<String>,
    excluded: Option<String>,
}

#[derive(Debug, Serialize)]
struct CommonView {
    constant: String,
    rule: RuleView,
}

#[derive(Debug, Serialize)]
struct BatchView {
    field: String,
    chunk: u32,
    results: Option<String>,
    done_count: Option<String>,
    fail_count: Option<String>,
}

#[derive(Debug, Serialize)]
struct EscalationView {
    field: String,
    /// `Given`, `LongerThan`, `OneOf` or `HasKey`.
    when: &'static str,
    longer_than: Option<u64>,
    values: Vec<String>,
    to: &'static str,
    reason: String,
}

/// An error rule, or the constant of a common one.
#[derive(Debug, Clone, Serialize)]
struct RuleView {
    constant: Option<String>,
    code: i64,
    /// `Exact`, `Prefix`, `Contains` or `Any`.
    wording: &'static str,
    words: String,
    key: String,
    text: String,
    hint: String,
    effect_possible: bool,
}

/// The view of all domains. `domains` are the manifest's with their types written out.
pub fn view(manifest: &Manifest, domains: &[Domain]) -> Result<RoutesView, Error> {
    let plain = manifest.resolved();
    let mut routes = Vec::new();
    let mut unlisted = Vec::new();
    for domain in domains {
        for entry in &domain.routes {
            match &entry.tool {
                Some(tool) => {
                    let plain = plain.entry(tool).unwrap_or(entry);
                    routes.push(RouteView {
                        entry: json(domain, tool, "entry", plain)?,
                        ..route(manifest, domain, entry, tool)?
                    });
                }
                None => unlisted.push(UnlistedView {
                    path: entry.path.clone(),
                    method: method(entry.method),
                    alias_of: entry.alias_of.clone(),
                    excluded: entry.excluded.clone(),
                }),
            }
        }
    }
    routes.sort_by(|a, b| a.tool.cmp(&b.tool));
    unlisted.sort_by(|a, b| a.path.cmp(&b.path));
    let mut names: Vec<NameView> = routes
        .iter()
        .flat_map(|route| {
            [&route.tool, &route.wire_name]
                .map(|name| NameView { name: name.clone(), constant: route.constant.clone() })
        })
        .collect();
    names.sort_by(|a, b| a.name.cmp(&b.name));
    names.dedup_by(|a, b| a.name == b.name);
    let mut infos: Vec<DomainView> = domains.iter().map(domain_info).collect();
    infos.sort_by(|a, b| a.name.cmp(&b.name));
    // A rule that no route takes would be dead code.
    let used = |name: &str| {
        domains.iter().flat_map(|domain| &domain.routes).any(|entry| entry.common_errors.iter().any(|own| own == name))
    };
    let common = manifest.shared.errors.iter().filter(|(name, _)| used(name));
    let common =
        common.map(|(name, error)| CommonView { constant: common_constant(name), rule: rule(error) }).collect();
    Ok(RoutesView { baseline: manifest.shared.baseline.clone(), routes, names, domains: infos, unlisted, common })
}

fn route(manifest: &Manifest, domain: &Domain, entry: &Entry, tool: &str) -> Result<RouteView, Error> {
    let cost = entry.cost.unwrap_or(Cost::Fast);
    let own_danger = entry.danger.unwrap_or(Danger::Critical);
    let own_role = entry.role.unwrap_or(Role::Admin);
    let wire_name = tool.replace('.', "_");
    let response = entry.response.as_ref();
    Ok(RouteView {
        constant: names::upper(tool),
        tool: tool.to_owned(),
        entry_file: format!("entry/{wire_name}.json"),
        wire_name,
        domain: domain.domain.clone(),
        path: entry.path.clone(),
        method: method(entry.method),
        title: entry.title.clone(),
        title_zh: entry.title_zh.clone(),
        brief: entry.brief.clone(),
        keywords: entry.keywords.en.iter().chain(&entry.keywords.zh).cloned().collect(),
        role: role(own_role),
        least_role: role(entry.least_role.unwrap_or(own_role)),
        danger: danger(own_danger),
        escalate: entry.escalate.iter().map(escalation).collect(),
        since: entry.since.clone(),
        until: entry.until.clone(),
        answer: answer(entry.answer),
        to_file: entry.answer_to == AnswerTo::File,
        timeout_s: entry.timeout.unwrap_or(match cost {
            Cost::Fast => 10,
            Cost::Slow => 30,
            Cost::FanOut => 35,
        }),
        cost: match cost {
            Cost::Fast => "Fast",
            Cost::Slow => "Slow",
            Cost::FanOut => "FanOut",
        },
        limits: limits(entry.limits.unwrap_or_else(|| usual_limits(entry.own, own_danger, cost))),
        long_running: entry.long_running,
        idempotent: entry.idempotent,
        batch: entry.batch.as_ref().map(|batch| BatchView {
            field: batch.field.clone(),
            chunk: batch.chunk,
            results: batch.results.clone(),
            done_count: batch.done_count.clone(),
            fail_count: batch.fail_count.clone(),
        }),
        own: entry.own.map(|own| match own {
            OwnHandler::Login => "Login",
        }),
        need_one_of: entry.request.as_ref().map(|request| request.need_one_of.clone()).unwrap_or_default(),
        has_data: response.is_some_and(|response| response.data.is_some()),
        rows: response.and_then(|response| response.rows.clone()),
        show: response.map(|response| response.show.clone()).unwrap_or_default(),
        row_key: response.and_then(|response| response.row_key.clone()),
        errors: rules(manifest, entry),
        request_schema: schema::request(entry.request.as_ref(), &names::words(tool)),
        entry: String::new(),
    })
}

fn json(domain: &Domain, tool: &str, what: &str, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Json {
        file: format!("{}.yaml", domain.domain),
        what: format!("the {what} of `{tool}`"),
        message: error.to_string(),
    })
}

/// Logins are counted by themselves, reads that reach beyond the database are probes.
fn usual_limits(own: Option<OwnHandler>, danger: Danger, cost: Cost) -> LimitClass {
    match (own, danger, cost) {
        (Some(OwnHandler::Login), ..) => LimitClass::Login,
        (_, Danger::Read | Danger::Sensitive, Cost::Fast) => LimitClass::Read,
        (_, Danger::Read | Danger::Sensitive, _) => LimitClass::Probe,
        (_, Danger::Write, _) => LimitClass::Write,
        (_, Danger::Dangerous | Danger::Critical, _) => LimitClass::Heavy,
    }
}

/// The first rule that matches counts, so the more exact wording comes first, and of the same wording the route's own: a
/// route's "anything else with this code" must not stand before the exact text that all routes share.
fn rules(manifest: &Manifest, entry: &Entry) -> Vec<RuleView> {
    let common = entry.common_errors.iter().filter_map(|name| Some((name, manifest.shared.errors.get(name)?)));
    let common = common.map(|(name, error)| RuleView { constant: Some(common_constant(name)), ..rule(error) });
    let mut rules: Vec<RuleView> = entry.errors.iter().map(rule).chain(common).collect();
    rules.sort_by_key(|rule| rank(rule.wording));
    rules
}

fn rank(wording: &str) -> usize {
    ["Exact", "Prefix", "Contains", "Any"].iter().position(|known| *known == wording).unwrap_or(usize::MAX)
}

fn rule(error: &ErrorRule) -> RuleView {
    let (wording, words) = match (&error.msg, &error.prefix, &error.contains) {
        (Some(text), ..) => ("Exact", text.as_str()),
        (_, Some(text), _) => ("Prefix", text.as_str()),
        (_, _, Some(text)) => ("Contains", text.as_str()),
        _ => ("Any", ""),
    };
    RuleView {
        constant: None,
        code: error.code,
        wording,
        words: words.to_owned(),
        key: error.key.clone(),
        text: error.text.clone(),
        hint: error.hint.clone(),
        effect_possible: error.effect.map_or(error.code == -2, |effect| effect == Effect::Possible),
    }
}

fn common_constant(name: &str) -> String {
    format!("COMMON_{}", names::upper(name))
}

fn escalation(rule: &Escalation) -> EscalationView {
    let (when, values) = if rule.given {
        ("Given", Vec::new())
    } else if rule.longer_than.is_some() {
        ("LongerThan", Vec::new())
    } else if let Some(value) = &rule.equals {
        ("OneOf", vec![value.to_string()])
    } else if !rule.one_of.is_empty() {
        ("OneOf", rule.one_of.iter().map(ToString::to_string).collect())
    } else {
        ("HasKey", rule.has_key.clone())
    };
    EscalationView {
        field: rule.field.clone(),
        when,
        longer_than: rule.longer_than,
        values,
        to: danger(rule.to),
        reason: rule.reason.clone(),
    }
}

fn domain_info(domain: &Domain) -> DomainView {
    DomainView {
        name: domain.domain.clone(),
        title: domain.title.clone(),
        title_zh: domain.title_zh.clone(),
        summary: domain.summary.trim().to_owned(),
    }
}

/// The method's name in the tables.
pub fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "Get",
        Method::Post => "Post",
        Method::Put => "Put",
        Method::Delete => "Delete",
    }
}

/// The danger's name in the tables.
pub fn danger(danger: Danger) -> &'static str {
    match danger {
        Danger::Read => "Read",
        Danger::Sensitive => "Sensitive",
        Danger::Write => "Write",
        Danger::Dangerous => "Dangerous",
        Danger::Critical => "Critical",
    }
}

/// The role's name in the tables.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Public => "Public",
        Role::User => "User",
        Role::Admin => "Admin",
        Role::Peer => "Peer",
    }
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Envelope => "Envelope",
        Answer::Bare => "Bare",
        Answer::Text => "Text",
        Answer::Ndjson => "Ndjson",
    }
}

fn limits(class: LimitClass) -> &'static str {
    match class {
        LimitClass::Read => "Read",
        LimitClass::Probe => "Probe",
        LimitClass::Write => "Write",
        LimitClass::Heavy => "Heavy",
        LimitClass::Login => "Login",
    }
}
