//! One route: path, tool, danger, request, answer, errors and examples.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Field, Merge, Preview, Read, Save, Shape, Undo, Unique, Verify};

/// One `routes/<domain>.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Name of the domain; the file is called after it and every tool name starts with it (or with one of `also`).
    pub domain: String,
    /// What a person calls it.
    pub title: String,
    /// 标题.
    pub title_zh: String,
    /// What the things of this domain are, for a model that has never seen FLVX.
    pub summary: String,
    /// Other tool prefixes that this file may use (`auth` beside `user`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Shapes that fields of this file refer to with `of`.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub types: Unique<Shape>,
    /// The routes.
    pub routes: Vec<Entry>,
}

/// `routes/shared.yaml`: what several domains use.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// Panel version that the manifest describes.
    pub baseline: String,
    /// Shapes that every file can refer to with `of`.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub types: Unique<Shape>,
    /// Errors that any route can answer, by the name under which a route takes them with `common_errors`.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub errors: Unique<ErrorRule>,
}

/// What changes, from the view of the person it may hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// Changes nothing, shows no secret.
    Read,
    /// Changes nothing, shows secrets (redacted unless the operator says otherwise).
    Sensitive,
    /// A change that can be taken back.
    Write,
    /// Deletes, interrupts traffic, batches, permissions, passwords.
    Dangerous,
    /// Mass or irreversible: import, restore, force-delete, batch-delete, rollback, upgrade.
    Critical,
}

/// Whom the panel lets call the route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nobody needs to log in.
    Public,
    /// Any account.
    User,
    /// An administrator.
    Admin,
    /// Another panel, with a share token.
    Peer,
}

/// HTTP method that the gateway sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

/// Form of the panel's answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// `{code, msg, data, ts}`.
    #[default]
    Envelope,
    /// JSON without the envelope (errors still come in it).
    Bare,
    /// Plain text (errors still come in the envelope).
    Text,
    /// One JSON value a line.
    Ndjson,
}

/// Where the data of an answer goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerTo {
    /// Into the result.
    #[default]
    Result,
    /// Into a file of the gateway's, secrets and all; the result names it and counts what is in it. With `view` into the result.
    File,
}

/// How long the panel usually takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Database only.
    Fast,
    /// One network call, or much data.
    Slow,
    /// Several nodes or panels one after another; a silent node costs 12 s.
    FanOut,
}

/// Which budget of calls a route draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitClass {
    /// Cheap reads.
    Read,
    /// Reads that make nodes or other machines work.
    Probe,
    /// Ordinary changes.
    Write,
    /// Changes that command nodes or touch many things.
    Heavy,
    /// Attempts to log in.
    Login,
}

/// How the panel decodes the body, a fact for maintainers and the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decoding {
    /// The body is never read.
    None,
    /// Typed: unknown keys and wrong types refuse the whole request.
    Strict,
    /// A loose map: unknown keys are ignored, values are coerced, what cannot be coerced counts as absent.
    Loose,
}

/// What an update does with a stored value whose key is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Omitted {
    /// The stored value stays.
    Keep,
    /// It goes back to `default`.
    Reset,
    /// It becomes empty, 0 or null.
    Clear,
    /// It is computed anew.
    Recompute,
}

/// A tool that the gateway carries out itself although a route stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnHandler {
    /// Log in and keep the token in the gateway under a credential name.
    Login,
}

/// One route of the panel.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Path with its `/api/v1` prefix; parameters as `{name}`.
    pub path: String,
    /// Method that is sent.
    pub method: Method,
    /// The handler acts on any method, not only on `method`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_method: bool,
    /// Tool that stands for this second registration of the same handler. Then nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_of: Option<String>,
    /// Why the route is no tool. Then nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<String>,
    /// Canonical tool name, `domain.verb` in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Three words or so for a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// 中文标题.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_zh: String,
    /// One or two short sentences for the tool list: what it does and the one trap that matters. At most 160 characters: every
    /// character is paid for in every conversation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub brief: String,
    /// The whole text, for a model that asks for it: what it does, when to use it (and what to use instead), the traps.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Words to find the tool by.
    #[serde(default)]
    pub keywords: Keywords,
    /// Whom the panel lets call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whom the gateway lets call it, where the panel is laxer than is safe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_role: Option<Role>,
    /// Why the roles are as they are, when that is not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_note: Option<String>,
    /// What it may hurt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<Danger>,
    /// Why it has that danger.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub danger_reason: String,
    /// Arguments that make it more dangerous.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalate: Vec<Escalation>,
    /// First panel version that has the route; absent: the baseline has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// First panel version without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Form of the answer.
    #[serde(default)]
    pub answer: Answer,
    /// Where its data goes: `file` for documents that hold secrets and are kept rather than read.
    #[serde(default, skip_serializing_if = "is_result")]
    pub answer_to: AnswerTo,
    /// Seconds that the gateway waits. The panel itself cuts off after 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// How long the panel usually takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Which budget of calls it draws on; absent: by danger and cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitClass>,
    /// May outlast a client's patience: offered as a task.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub long_running: bool,
    /// Sending it again with the same arguments leaves the same state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// What a repeat after a lost answer does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_note: Option<String>,
    /// Acts on every item of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
    /// The gateway's own code runs in place of a plain call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnHandler>,
    /// What the panel takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// What the panel gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// Names under `errors` of `shared.yaml` that this route can answer too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub common_errors: Vec<String>,
    /// The route's own errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorRule>,
    /// What the call does to the panel and its nodes, beyond the obvious.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
    /// The thing that is changed and how its state is read; `$before` in the recipes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Read>,
    /// What is shown before it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
    /// How what the caller left out is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,
    /// How it is proven to have happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// What is kept in a file before it runs, for `undo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save: Option<Save>,
    /// How it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// Calls on the standard small world; each becomes a test. The first is the one shown in documentation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// Search words.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keywords {
    /// English.
    #[serde(default)]
    pub en: Vec<String>,
    /// 中文.
    #[serde(default)]
    pub zh: Vec<String>,
}

/// A condition on the arguments under which a call counts as more dangerous. Exactly one condition is set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Request field that is looked at.
    pub field: String,
    /// The field is given at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given: bool,
    /// The list has more items than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longer_than: Option<u64>,
    /// The value equals this.
    #[serde(default, deserialize_with = "super::given", skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// The map has one of these keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub has_key: Vec<String>,
    /// The text is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Value>,
    /// The danger it then has.
    pub to: Danger,
    /// Why.
    pub reason: String,
}

/// A route that acts on every item of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Request field that is the list.
    pub field: String,
    /// Most items sent in one call to the panel.
    pub chunk: u32,
    /// What the panel answers about single items: a path into `data` with the list, if it says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<String>,
    /// Path into `data` with the number of items done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_count: Option<String>,
    /// Path into `data` with the number of items that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_count: Option<String>,
}

/// What the panel takes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// How the panel decodes the body.
    pub decoding: Decoding,
    /// The fields.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub fields: Unique<Field>,
    /// Instead of `fields`: the whole body is a map with free keys (`type: map`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<Field>>,
    /// At least one field of each of these lists must be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub need_one_of: Vec<Vec<String>>,
    /// The trap of this request in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trap: Option<String>,
}

/// What the panel gives.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// Shape of `data` (of the whole body when `answer` is not `envelope`); absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<Field>>,
    /// List answers: path to the list inside `data` (`""` when `data` itself is the list).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// List answers: fields of a row that are shown unless `view.fields` says otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub show: Vec<String>,
    /// List answers: the field that identifies a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_key: Option<String>,
    /// What code 0 does not prove, what is missing, how it is ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One thing that the panel can refuse with. Exactly one of `msg`, `prefix`, `contains` is set, or none for "any text".
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorRule {
    /// Envelope code.
    pub code: i64,
    /// The panel's message, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// How the panel's message starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// A text inside the panel's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Stable word for programs, snake_case.
    pub key: String,
    /// Whether a refused change may have had an effect all the same. Absent: code -2 may, every other code not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// What it means, in English.
    pub text: String,
    /// What to do about it.
    pub hint: String,
    /// When the panel says so, for maintainers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// What a refusal leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing was changed.
    None,
    /// Something may have been changed before the refusal.
    Possible,
}

/// One call that works (or fails in a known way) on the standard small world.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// The arguments.
    #[serde(default)]
    pub request: Value,
    /// What must come out.
    #[serde(default)]
    pub expect: Expected,
}

/// What an example must come to.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Envelope code; 0 unless said.
    #[serde(default)]
    pub code: i64,
    /// Key of the error rule, when `code` is not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// A part of `data` that must be there: objects may have more keys, lists must be equal.
    #[serde(default, deserialize_with = "super::given", skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

fn is_result(value: &AnswerTo) -> bool {
    *value == AnswerTo::Result
}
