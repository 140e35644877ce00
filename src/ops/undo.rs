//! `ops.undo`: takes a recorded change back. Its work is `src/gateway/undo.rs`.

use flvx_panel::spec::{Danger, Field, Kind};

use crate::gateway::{OwnRun, OwnTool, UNDO};

const FIELDS: &[Field] = &[Field {
    required: true,
    min_length: Some(1),
    max_length: Some(64),
    ..Field::new("trace_id", Kind::String, "Name of the change, from its result or from ops.history.")
}];

pub(super) const TOOL: OwnTool = OwnTool {
    name: UNDO,
    wire_name: "ops_undo",
    domain: "ops",
    title: "Take a change back",
    title_zh: "撤销变更",
    brief: "Makes the inverse of a recorded change; preview it with ops.preview.",
    summary: "Calls what takes the change back, with the values that were read before it: updates, pauses, assignments, orders, settings; what was created is deleted, what was deleted is made again \
              or imported from the state saved before, as far as the panel allows. It is as dangerous as its calls and needs the same confirmation; ops.preview {tool: \"ops.undo\", request: {trace_id}} \
              shows them, what will not come back, and gives confirm_token. It is recorded as a change of its own and can be taken back in turn. A change without an inverse says so.",
    danger: Danger::Write,
    request: &Field { fields: FIELDS, ..Field::new("", Kind::Object, "") },
    request_schema: r#"{"type":"object","properties":{"trace_id":{"type":"string"}},"required":["trace_id"],"additionalProperties":false}"#,
    run: OwnRun::Undo,
};
