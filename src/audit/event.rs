//! What is recorded beside calls: who was not let in, what a person approved, start and stop, and the record's own affairs.

use serde_json::{Map, Value};

use super::arguments::{names_secret, short};
use crate::{access::LOCAL, clean::clean_text, gateway::shape::REDACTED, store::Approval};

/// Something that is no call.
#[derive(Debug, Clone)]
pub struct Event {
    pub(super) kind: &'static str,
    pub(super) trace_id: String,
    pub(super) principal: String,
    pub(super) via: Option<&'static str>,
    pub(super) client: Option<String>,
    pub(super) details: Map<String, Value>,
}

impl Event {
    /// Somebody did not prove who he is.
    pub const AUTH_REFUSED: &'static str = "auth_refused";
    /// A person decided about a call that waited.
    pub const APPROVAL: &'static str = "approval";
    /// A person said what came of a change that nobody knew the outcome of.
    pub const SETTLED: &'static str = "settled";
    /// The policy was read anew.
    pub const RELOAD: &'static str = "reload";
    /// The gateway began to serve.
    pub const START: &'static str = "start";
    /// The gateway ended in good order.
    pub const STOP: &'static str = "stop";
    /// Records could not be written.
    pub const LOST: &'static str = "lost";
    /// Old records were taken away.
    pub const PRUNED: &'static str = "pruned";

    /// An event of the gateway itself. `kind` is one of the words above, or another one in their manner.
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            trace_id: String::new(),
            principal: "gateway".to_owned(),
            via: None,
            client: None,
            details: Map::new(),
        }
    }

    /// A person's decision about a call that waits.
    pub fn decision(approval: &Approval) -> Self {
        let seen = &approval.confirmation;
        let person = approval.decided_by.as_deref().unwrap_or("somebody");
        let event = match approval.how.as_deref() {
            Some("command") => Self::new(Self::APPROVAL).at_the_machine(person),
            _ => Self::new(Self::APPROVAL).by(person, None).with("decided_by", person),
        };
        event
            .with("approval", approval.id.as_str())
            .with("decision", approval.decision.word())
            .with("how", approval.how.as_deref().unwrap_or_default())
            .with("reason", approval.reason.as_deref().unwrap_or_default())
            .with("asked_by", seen.principal.as_str())
            .with("tool", seen.tool.as_str())
            .with("summary", clean_text(&seen.summary).into_owned())
    }

    /// It belongs to that call.
    pub fn trace(mut self, trace_id: &str) -> Self {
        self.trace_id = short(trace_id, 64);
        self
    }

    /// That person or program did it.
    pub fn by(mut self, principal: &str, via: Option<&'static str>) -> Self {
        self.principal = short(principal, 100);
        self.via = via;
        self
    }

    /// That person did it with a command on the gateway's machine. A name there is no name of a principal, though the words may
    /// be the same, so it goes to the details and the principal is the machine's own.
    pub fn at_the_machine(self, person: &str) -> Self {
        self.by(LOCAL, Some("command")).with("decided_by", person)
    }

    /// Through that client.
    pub fn client(mut self, client: &str) -> Self {
        self.client = Some(short(client, 100));
        self
    }

    /// A detail. Texts are cut, and what is called like a secret is not kept.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        let value = match value.into() {
            _ if names_secret(key) => REDACTED.into(),
            Value::String(text) => short(&text, 500).into(),
            other => other,
        };
        self.details.insert(key.to_owned(), value);
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_person_at_the_machine_is_not_taken_for_a_principal_of_the_same_name() {
        let event = Event::new(Event::SETTLED).at_the_machine("alice");
        assert_eq!((event.principal.as_str(), event.via), ("local", Some("command")));
        assert_eq!(event.details.get("decided_by").unwrap(), "alice");
    }
}
