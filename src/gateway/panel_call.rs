//! The result of a call that the panel answered with success: its words kept, its data shaped, a batch's counts judged.

use flvx_panel::{
    client::RawAnswer,
    spec::{Danger, Route},
};

use super::{
    Arguments, batch,
    shape::{self, Redactor, ViewError},
};
use crate::{
    clean::clean_text,
    result::{CallOutput, ErrorKind, Outcome, ToolError},
};

/// The result of a call that the panel answered with success.
pub fn answered(
    route: &'static Route,
    arguments: &Arguments,
    answer: RawAnswer,
    redactor: &mut Redactor<'_>,
) -> CallOutput {
    let mut output = CallOutput {
        panel_code: answer.code,
        panel_ts: answer.ts,
        panel_msg: answer.code.map(|_| clean_text(&answer.msg).into_owned()),
        ..CallOutput::default()
    };
    if route.danger >= Danger::Write {
        output.outcome = Some(Outcome::Done);
    }
    if let Some(extra) = &answer.extra {
        let keys: Vec<String> = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(extra)
            .map(|extra| extra.into_iter().map(|(key, _)| quoted(&key)).collect())
            .unwrap_or_default();
        output.warnings.push(format!("the panel's answer had keys that are not known here: {}", keys.join(", ")));
    }
    let Some(data) = answer.data else {
        if route.rows.is_some() {
            output.error = Some(unexpected("the answer has no list"));
        }
        return output;
    };
    batch::judge(route, arguments, &data, &mut output);
    match shape::shape(route, data, arguments.view.as_ref(), redactor) {
        Ok(shaped) => {
            output.data = Some(shaped.data);
            output.page = shaped.page;
        }
        Err(error @ ViewError::TooLarge(_)) => {
            let hint = "Ask for less, where the tool has a way to; a document goes into a file when view is left out.";
            output.error = Some(ToolError::new(ErrorKind::AnswerTooLarge, error.to_string(), hint));
        }
        Err(error) => output.error = Some(unexpected(&error.to_string())),
    }
    output
}

fn unexpected(what: &str) -> ToolError {
    ToolError::new(
        ErrorKind::UnexpectedAnswer,
        what,
        "The panel version may differ from what this gateway knows; see ops.capabilities.",
    )
}

/// A name that the panel chose, in backticks that it cannot close.
fn quoted(name: &str) -> String {
    let short: String = clean_text(name).chars().filter(|c| *c != '`' && !c.is_control()).take(100).collect();
    format!("`{short}`")
}
