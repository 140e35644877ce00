//! Batches: the panel answers code 0 even when every item failed, so its counts are read and told.

use flvx_panel::spec::Route;
use serde_json::Value;

use super::Arguments;
use crate::result::{CallOutput, ErrorKind, Outcome, ToolError};

/// Corrects outcome and error of a batch by what the panel counted.
pub fn judge(route: &Route, arguments: &Arguments, data: &[u8], output: &mut CallOutput) {
    let Some(batch) = route.batch else { return };
    let Ok(data) = serde_json::from_slice::<Value>(data) else { return };
    let count = |path: Option<&str>| path.and_then(|path| at(&data, path)).and_then(Value::as_u64);
    let asked = arguments.request.get(batch.field).and_then(Value::as_array).map_or(0, Vec::len) as u64;
    let failed = count(batch.fail_count).or_else(|| batch.results.and_then(|path| failures(&data, path)));
    let done = count(batch.done_count).or_else(|| failed.map(|failed| asked.saturating_sub(failed)));
    let (Some(done), Some(failed)) = (done, failed) else { return };
    // A panel can count anything.
    let counted = done.saturating_add(failed);
    if counted < asked {
        output.warnings.push(format!(
            "{asked} items were asked for, but the panel counted only {counted}; the rest it dropped without a word"
        ));
    }
    if failed == 0 {
        return;
    }
    let read =
        super::explain::settling_read(route).map(|tool| format!("Read {tool} to see which. ")).unwrap_or_default();
    let which = if done == 0 { String::new() } else { read };
    let hint = if batch.results.is_some() {
        "See data for the single items.".to_owned()
    } else {
        format!("{which}The panel does not say why; try one of them alone to see its message.")
    };
    if done == 0 {
        output.outcome = Some(Outcome::Rejected);
        output.error = Some(
            ToolError::new(ErrorKind::PanelRefused, format!("none of the {failed} items was done"), hint)
                .keyed("batch_all_failed"),
        );
    } else {
        output.outcome = Some(Outcome::Partial);
        output.error = Some(
            ToolError::new(ErrorKind::PartialFailure, format!("{done} items were done, {failed} failed"), hint)
                .keyed("batch_partial"),
        );
    }
}

fn at<'a>(data: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').filter(|step| !step.is_empty()).try_fold(data, |value, step| value.get(step))
}

/// Items of a result list that say `success: false`.
fn failures(data: &Value, path: &str) -> Option<u64> {
    let items = at(data, path)?.as_array()?;
    Some(items.iter().filter(|item| item.get("success").and_then(Value::as_bool) == Some(false)).count() as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use flvx_panel::generated;
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_that_no_number_holds_together_are_judged_all_the_same() {
        let route = generated::route("forward.batch_pause").unwrap();
        let arguments =
            Arguments { request: json!({"ids": [1, 2]}).as_object().unwrap().clone(), ..Arguments::default() };
        let mut output = CallOutput::default();
        let data = json!({"successCount": u64::MAX, "failCount": u64::MAX}).to_string();
        judge(route, &arguments, data.as_bytes(), &mut output);
        assert_eq!((output.outcome, output.warnings), (Some(Outcome::Partial), Vec::new()));
    }
}
