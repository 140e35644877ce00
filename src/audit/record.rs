//! What is written down of one call, filled in as the call goes its way. A record owns all it says, so that it can go along
//! into the task that carries a change out.

use std::{borrow::Cow, sync::Arc};

use flvx_panel::spec::{Danger, Field, Route};
use serde::Serialize;
use serde_json::{Map, Value};

use super::arguments::{short, shown};
use crate::{
    access::Principal,
    gateway::{Arguments, Caller, Opened, Tool},
    store::Approval,
};

/// Longest name of a tool that does not exist, in characters.
const LONGEST_NAME: usize = 100;

/// A thing that a call was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// What it is: `node`.
    pub kind: String,
    /// Its id.
    pub key: String,
    /// What people call it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// How a call was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// It was not.
    None,
    /// The operator's word.
    OperatorWord,
    /// The token of a preview.
    Preview,
    /// A person, asked through the client.
    Elicitation,
    /// A person on the command line.
    Command,
}

/// Who said yes, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    kind: ConfirmedBy,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<String>,
}

impl Confirmation {
    /// Of this kind.
    pub fn new(kind: ConfirmedBy) -> Self {
        Self { kind, by: None, approval: None }
    }

    /// A person's approval of a preview.
    fn of_approval(approval: &Approval) -> Self {
        let kind = match approval.how.as_deref() {
            Some("elicitation") => ConfirmedBy::Elicitation,
            _ => ConfirmedBy::Command,
        };
        Self { kind, by: approval.decided_by.clone(), approval: Some(approval.id.clone()) }
    }

    /// Given by that person.
    pub fn by(mut self, person: impl Into<String>) -> Self {
        self.by = Some(person.into());
        self
    }

    /// Under the approval of that id.
    pub fn approval(mut self, id: impl Into<String>) -> Self {
        self.approval = Some(id.into());
        self
    }
}

/// How many items of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BatchCounts {
    /// Asked for.
    pub asked: u64,
    /// Done, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// Failed, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Record {
    pub(super) trace_id: String,
    pub(super) principal: Arc<Principal>,
    pub(super) client: Option<String>,
    pub(super) tool: Cow<'static, str>,
    pub(super) route: Option<&'static Route>,
    pub(super) table: Option<&'static Field>,
    pub(super) danger: Option<Danger>,
    pub(super) arguments: Option<String>,
    pub(super) names: String,
    pub(super) auth_context: Option<String>,
    pub(super) credential: Option<String>,
    pub(super) targets: Vec<Target>,
    pub(super) confirmation: Option<Confirmation>,
    pub(super) idempotency_key: Option<String>,
    pub(super) before: Option<[u8; 32]>,
    pub(super) after: Option<[u8; 32]>,
    pub(super) batch: Option<BatchCounts>,
}

impl Record {
    /// The start of a record of a tool's call.
    pub fn new(trace_id: &str, caller: &Caller, tool: &Tool) -> Self {
        Self {
            tool: Cow::Borrowed(tool.name),
            route: tool.route(),
            table: Some(tool.request),
            danger: Some(tool.danger),
            ..Self::unknown_tool(trace_id, caller, "")
        }
    }

    /// The start of a record of a call for a tool that does not exist, or not for this caller.
    pub fn unknown_tool(trace_id: &str, caller: &Caller, name: &str) -> Self {
        Self {
            trace_id: trace_id.to_owned(),
            principal: Arc::clone(&caller.principal),
            client: caller.client.as_deref().map(|client| short(client, 100)),
            tool: Cow::Owned(short(name, LONGEST_NAME)),
            route: None,
            table: None,
            danger: None,
            arguments: None,
            names: String::new(),
            auth_context: None,
            credential: None,
            targets: Vec::new(),
            confirmation: None,
            idempotency_key: None,
            before: None,
            after: None,
            batch: None,
        }
    }

    /// Name of the call.
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// Notes what came from the client, before anything of it is checked.
    pub fn given(&mut self, arguments: &Map<String, Value>) {
        if !arguments.is_empty() {
            self.arguments = Some(shown(arguments, self.table));
        }
    }

    /// Notes what was asked, once it is known to fit the tool.
    pub fn asked(&mut self, arguments: &Arguments) {
        self.auth_context = arguments.auth_context.as_deref().map(|name| short(name, LONGEST_NAME));
        self.idempotency_key.clone_from(&arguments.idempotency_key);
        self.names = names(&arguments.request, self.table);
        if let Some(batch) = self.route.and_then(|route| route.batch) {
            let asked = arguments.request.get(batch.field).and_then(Value::as_array).map_or(0, Vec::len) as u64;
            self.batch = Some(BatchCounts { asked, done: None, failed: None });
        }
    }

    /// Notes how the gate was opened.
    pub fn opened(&mut self, opened: &Opened) {
        self.confirmation = match opened {
            Opened::Free => None,
            Opened::Word => Some(Confirmation::new(ConfirmedBy::OperatorWord).by("operator")),
            Opened::Token { approval: None, .. } => {
                Some(Confirmation::new(ConfirmedBy::Preview).by(&self.principal.name))
            }
            Opened::Token { approval: Some(approval), .. } => Some(Confirmation::of_approval(approval)),
        };
    }

    /// Notes the danger that the arguments gave the call.
    pub fn danger(&mut self, danger: Danger) {
        self.danger = Some(danger);
    }

    /// Notes the credential that the panel is called with.
    pub fn credential(&mut self, name: &str) {
        self.credential = Some(short(name, LONGEST_NAME));
    }

    /// Notes a thing that the call is about. A second word about the same thing adds its name.
    pub fn target(&mut self, kind: &str, key: &str, name: Option<&str>) {
        let (kind, key) = (short(kind, LONGEST_NAME), short(key, LONGEST_NAME));
        let name = name.map(|name| short(name, LONGEST_NAME));
        match self.targets.iter_mut().find(|target| target.kind == kind && target.key == key) {
            Some(known) => known.name = name.or(known.name.take()),
            None => self.targets.push(Target { kind, key, name }),
        }
    }

    /// Notes how the call was confirmed.
    pub fn confirmation(&mut self, confirmation: Confirmation) {
        self.confirmation = Some(confirmation);
    }

    /// Notes keyed digests of the state before and after.
    pub fn digests(&mut self, before: Option<[u8; 32]>, after: Option<[u8; 32]>) {
        self.before = before.or(self.before);
        self.after = after.or(self.after);
    }

    /// Notes how a batch went.
    pub fn batch(&mut self, counts: BatchCounts) {
        self.batch = Some(counts);
    }
}

/// Names of the arguments and the ids among them, no other values: for the line in the log.
fn names(request: &Map<String, Value>, table: Option<&Field>) -> String {
    let mut parts = Vec::new();
    for (key, value) in request {
        let secret =
            table.is_none_or(|table| table.fields.iter().any(|field| field.name == key && field.holds_secret()));
        let is_id = key == "id" || key.ends_with("Id") || key == "ids" || key.ends_with("Ids");
        match value {
            Value::Number(_) | Value::Array(_) if is_id && !secret => {
                let text: String = value.to_string().chars().take(200).collect();
                parts.push(format!("{key}={text}"));
            }
            _ => parts.push(key.clone()),
        }
    }
    parts.join(" ")
}
