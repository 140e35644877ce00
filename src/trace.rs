//! The name of one call: in the result, the log, the audit and the ledger, and on its way to the panel.
//!
//! Normally a UUIDv7 without hyphens, which is also a legal W3C trace id. A caller that brings a trace context of its own
//! (`traceparent`) keeps its trace id; a span id of ours behind it tells the calls of one trace apart.

use std::fmt;

use flvx_panel::client::Trace;

/// Letters of a W3C trace id.
const TRACE_LETTERS: usize = 32;
/// Letters of a W3C span id.
const SPAN_LETTERS: usize = 16;

/// Name of one call. Unique, also when a caller uses one trace context for many calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceId {
    text: String,
    parent: String,
}

impl TraceId {
    /// A new one.
    pub fn fresh() -> Self {
        let text = uuid::Uuid::now_v7().simple().to_string();
        Self { parent: format!("00-{text}-{}-01", new_span()), text }
    }

    /// A call of the trace that a `traceparent` header names (W3C Trace Context, level 1). `None`: it is none.
    pub fn within(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.trim().split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let legal = is_hex(version, 2)
            && version != "ff"
            && is_hex(trace, TRACE_LETTERS)
            && trace.bytes().any(|letter| letter != b'0')
            && is_hex(parent, SPAN_LETTERS)
            && parent.bytes().any(|letter| letter != b'0')
            && is_hex(flags, 2)
            && (version != "00" || parts.next().is_none());
        legal.then(|| {
            let span = new_span();
            Self { text: format!("{trace}-{span}"), parent: format!("00-{trace}-{span}-01") }
        })
    }

    /// The name of an earlier call that is carried on, as it was written down.
    pub fn from_record(text: &str) -> Self {
        let trace = text.split('-').next().unwrap_or_default();
        Self { text: text.to_owned(), parent: format!("00-{trace}-{}-01", new_span()) }
    }

    /// The name as it is written everywhere.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The header that carries the call into the panel's own traces.
    pub fn traceparent(&self) -> &str {
        &self.parent
    }

    /// Both, for the panel.
    pub fn on_wire(&self) -> Trace<'_> {
        Trace { id: &self.text, parent: &self.parent }
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_hex(text: &str, letters: usize) -> bool {
    text.len() == letters && text.bytes().all(|letter| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter))
}

fn new_span() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    // The first half of a version 4 UUID: its fixed bits make it never all zeros.
    random.get(..SPAN_LETTERS).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn calls_of_one_trace_share_its_id_and_are_still_told_apart() {
        let (one, two) = (TraceId::within(PARENT).unwrap(), TraceId::within(PARENT).unwrap());
        assert_ne!(one, two);
        for call in [one, two] {
            assert!(call.as_str().starts_with("4bf92f3577b34da6a3ce929d0e0e4736-"), "{call}");
            let (_, span) = call.as_str().split_once('-').unwrap();
            assert_eq!(call.traceparent(), format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{span}-01"));
        }
    }

    #[test]
    fn a_name_of_our_own_is_a_legal_trace_too() {
        let name = TraceId::fresh();
        let parent = name.traceparent();
        assert!(TraceId::within(parent).is_some(), "{parent}");
    }

    #[test]
    fn what_is_no_trace_context_is_not_taken() {
        for text in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "00-4bf92f3577b34da6a3ce929d0e0e473\r\n-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceId::within(text), None, "{text}");
        }
    }
}
