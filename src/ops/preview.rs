//! `ops.preview`: what any tool that changes something would do, by its name. Its work is `src/gateway/preview.rs`.

use flvx_panel::spec::{Danger, Field, Kind};

use crate::gateway::{OwnRun, OwnTool};

const ANYTHING: &Field = &Field::new("", Kind::Any, "");

const FIELDS: &[Field] = &[
    Field { required: true, min_length: Some(1), ..Field::new("tool", Kind::String, "The tool that would be called.") },
    Field { items: Some(ANYTHING), ..Field::new("request", Kind::Map, "Its request, exactly as it would be sent.") },
];

pub(super) const TOOL: OwnTool = OwnTool {
    name: "ops.preview",
    wire_name: "ops_preview",
    domain: "ops",
    title: "Preview a change",
    title_zh: "预览变更",
    brief: "What a call would change: targets, before and after, what hangs on it, traps, undo; gives its confirm_token.",
    summary: "Reads, and changes nothing. Names the targets and says which of the ids are missing, shows each value before and after, what hangs on it with counts and first names, what \
              surprises, how long it may take and whether it can be taken back. For a call that needs a confirmation it gives confirm_token: good once, for exactly this request by exactly this \
              caller, as long as the state stays what it was, until confirm_expires_ms. Show the operator what it says before you use it. `<domain>.preview_<action>` is the same for one tool.",
    danger: Danger::Read,
    request: &Field { fields: FIELDS, ..Field::new("", Kind::Object, "") },
    request_schema: r#"{"type":"object","properties":{"tool":{"type":"string"},"request":{"type":"object"}},"required":["tool"],"additionalProperties":false}"#,
    run: OwnRun::Preview,
};
