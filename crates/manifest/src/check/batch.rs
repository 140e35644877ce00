//! Routes that act on every item of a list.

use super::draft::Route;
use crate::{
    finding::Finding,
    model::{Field, Kind},
    shape::{data_of, follow, request_of},
    suggest::nearest,
};

/// `batch` of a tool.
pub fn check(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let (Some(batch), Some(request)) = (&route.entry.batch, &route.full.request) else { return };
    let request = request_of(request);
    let spot = |key: &str| route.at(|at| at.key("batch").key(key).at_value());
    match request.fields.get(&batch.field) {
        Some(field) if field.kind == Kind::Array => {}
        Some(_) => findings.push(
            Finding::new(spot("field"), format!("`{}` is no list", batch.field))
                .label("the list whose items are worked on"),
        ),
        None => {
            let lists = request.fields.iter().filter(|(_, field)| field.kind == Kind::Array).map(|(name, _)| name);
            let near = nearest(&batch.field, lists);
            let finding = Finding::new(spot("field"), format!("the request has no field `{}`", batch.field));
            findings.push(finding.label("the list whose items are worked on").instead(near));
        }
    }
    if batch.chunk == 0 {
        findings.push(Finding::new(spot("chunk"), "`chunk` is 0").label("at least one item goes into a call"));
    }
    let results = |field: &Field| matches!(field.kind, Kind::Array | Kind::Any);
    let count = |field: &Field| matches!(field.kind, Kind::Integer | Kind::Number | Kind::Any);
    path(route, "results", batch.results.as_deref(), "a list", results, findings);
    path(route, "done_count", batch.done_count.as_deref(), "a number", count, findings);
    path(route, "fail_count", batch.fail_count.as_deref(), "a number", count, findings);
}

fn path(
    route: &Route<'_>,
    key: &str,
    path: Option<&str>,
    wanted: &str,
    fits: impl Fn(&Field) -> bool,
    findings: &mut Vec<Finding>,
) {
    let Some(path) = path else { return };
    let spot = route.at(|at| at.key("batch").key(key).at_value());
    let Some(data) = data_of(route.full) else {
        findings
            .push(Finding::new(spot, format!("`{key}` without `response.data`")).label("there is nothing to look in"));
        return;
    };
    match follow(data, path) {
        Err(lost) => {
            let finding = Finding::new(spot, format!("`{key}` leads nowhere: {}", lost.message));
            findings.push(finding.label("not in `data`").instead(lost.suggestion));
        }
        Ok(reached) if reached.field.is_some_and(|field| !fits(field)) => {
            findings.push(
                Finding::new(spot, format!("`{key}` does not lead to {wanted}"))
                    .label(format!("a path to {wanted} inside `data`")),
            );
        }
        Ok(_) => {}
    }
}
