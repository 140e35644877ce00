//! What a preview says of each field is what the panel shows after the change.

use std::collections::BTreeSet;

use flvx_manifest::model::Read;
use flvx_mcp::recipes::{Change, FieldChange, Previewed, Target};
use flvx_panel::spec::{Field, Kind, Route};
use serde_json::{Map, Value};

use super::all_examples;
use crate::world::{World, examples, mutations, recipe, route};

/// Fields that come out otherwise than they were predicted, with the reason.
const OTHERWISE: [(&str, &str, &str); 1] =
    [("node.batch_upgrade", "version", "an example holds an offline node, which refuses")];

/// A loose equality, as panels store values.
fn agrees(expected: &Value, found: &Value) -> bool {
    let blank =
        |value: &Value| value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty);
    match (expected, found) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => a.trim() == b.trim(),
        (Value::Array(a), Value::Array(b)) if a.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let set = |items: &[Value]| items.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
            set(a) == set(b)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agrees(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(key, value)| b.get(key).is_none_or(|found| agrees(value, found)))
        }
        (a, b) => a == b || blank(a) && blank(b),
    }
}

fn at<'v>(row: &'v Value, path: &str) -> Option<&'v Value> {
    row.get(path).or_else(|| path.split('.').try_fold(row, |value, name| value.get(name)))
}

/// The rows of a read, with arguments from the request.
async fn rows(world: &World, credential_of: &'static Route, read: &Read, request: &Map<String, Value>) -> Vec<Value> {
    let reading = route(&read.read);
    let mut arguments = Map::new();
    for (key, value) in read.request.iter() {
        let value = match value.as_str().and_then(|text| text.strip_prefix("$request.")) {
            Some(name) => request[name].clone(),
            None => value.clone(),
        };
        arguments.insert(key.to_owned(), value);
    }
    let answer = world.client.call(reading, &world.credential(credential_of), &arguments, None).await;
    let Ok(answer) = answer else { return Vec::new() };
    let data: Value = serde_json::from_str(answer.data_text()).unwrap();
    let path = read.rows.as_deref().or(reading.rows);
    let list =
        path.unwrap_or_default().split('.').filter(|name| !name.is_empty()).fold(&data, |data, name| &data[name]);
    match list {
        Value::Array(rows) => rows.clone(),
        row => vec![row.clone()],
    }
}

fn reads(route: &'static Route) -> Vec<&'static Read> {
    let recipe = recipe(route);
    let further = recipe.preview.iter().flat_map(|preview| &preview.targets);
    let made = recipe.verify.iter().filter_map(|verify| verify.read.as_deref());
    recipe.target.iter().chain(further).chain(made).collect()
}

/// The read that shows a target.
fn read_of(route: &'static Route, target: &Target) -> Option<&'static Read> {
    let all = reads(route);
    all.iter().find(|read| read.kind.as_deref() == Some(target.kind.as_str())).or(all.first()).copied()
}

fn row_of<'r>(rows: &'r [Value], read: &Read, target: &Target) -> Option<&'r Value> {
    let key = route(&read.read).row_key.unwrap_or("id");
    match &target.key {
        Some(wanted) => rows.iter().find(|row| row.get(key) == Some(wanted)),
        None => rows.first(),
    }
}

/// Names of the fields of a row whose lasting values differ.
fn differing(before: &Value, after: &Value, shape: Option<&Field>, path: &str, out: &mut BTreeSet<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()) {
                let field = shape.and_then(|shape| shape.fields.iter().find(|field| field.name == key));
                if field.is_some_and(|field| field.volatile) {
                    continue;
                }
                let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                let inner = field.filter(|field| field.kind == Kind::Object);
                match inner {
                    Some(field) => differing(a, b, Some(field), &here, out),
                    None if a != b => drop(out.insert(here)),
                    None => {}
                }
            }
        }
        (a, b) if a != b => drop(out.insert(path.to_owned())),
        _ => {}
    }
}

fn row_shape(read: &Read) -> Option<&'static Field> {
    let reading = route(&read.read);
    let path = read.rows.as_deref().or(reading.rows).unwrap_or_default();
    let list = path
        .split('.')
        .filter(|name| !name.is_empty())
        .try_fold(reading.data?, |field, name| field.fields.iter().find(|field| field.name == name))?;
    if list.kind == Kind::Array { list.items } else { Some(list) }
}

fn excuse(table: &[(&str, &str, &str)], tool: &str, field: &str, counts: &mut Counts) -> bool {
    let excused = excused(table, tool, field);
    if excused {
        counts.excuses.insert(format!("{tool}.{field}"));
    }
    excused
}

fn excused(table: &[(&str, &str, &str)], tool: &str, field: &str) -> bool {
    table.iter().any(|(of, known, _)| *of == tool && *known == field)
}

#[derive(Default)]
struct Counts {
    exact: usize,
    by_second_preview: usize,
    secret: usize,
    only_noted: usize,
    gone: usize,
    made: usize,
    complete: usize,
    excuses: BTreeSet<String>,
}

#[tokio::test]
async fn every_predicted_value_is_the_one_that_the_panel_shows_afterwards() {
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        let mut before = Vec::new();
        for read in reads(route) {
            before.push((read, rows(&world, route, read, &request).await));
        }
        let seen = world.preview(route, &request).await;
        let changed = world.change(route, &request).await;
        let mut after = Vec::new();
        for read in reads(route) {
            after.push((read, rows(&world, route, read, &changed.sent).await));
        }
        let again = world.preview(route, &request).await;
        assert_eq!(seen.filled, changed.merged.filled, "{}", route.tool);
        let name = format!("{} {number}", route.tool);
        let of = |rows: &[(&'static Read, Vec<Value>)], read: &Read| {
            rows.iter().find(|(known, _)| std::ptr::eq(*known, read)).map(|(_, rows)| rows.clone()).unwrap_or_default()
        };
        for change in &seen.changes {
            let target = change.target.map(|target| &seen.targets[target]);
            let read = target.and_then(|target| read_of(route, target));
            let (old, new) = (
                read.map(|read| of(&before, read)).unwrap_or_default(),
                read.map(|read| of(&after, read)).unwrap_or_default(),
            );
            let row = read.zip(target).and_then(|(read, target)| row_of(&new, read, target));
            let is_made = target.is_some_and(|target| target.current.is_none() && target.key.is_none());
            if is_made && seen.summary.contains("creates") {
                made(&name, change, &old, &new, &mut counts, &mut wrong);
                continue;
            }
            for field in &change.fields {
                judged(&name, route, field, row, &again, &mut counts, &mut wrong);
            }
        }
        for (position, target) in seen.targets.iter().enumerate() {
            let Some(read) = read_of(route, target) else { continue };
            let (old, new) = (of(&before, read), of(&after, read));
            let (Some(old), Some(new)) = (row_of(&old, read, target), row_of(&new, read, target)) else { continue };
            if target.key.is_none() && target.current.is_none() && target.kind != "settings" {
                continue;
            }
            let mut differing_fields = BTreeSet::new();
            differing(old, new, row_shape(read), "", &mut differing_fields);
            let said: Vec<&str> = seen
                .changes
                .iter()
                .filter(|change| change.target == Some(position))
                .flat_map(|change| &change.fields)
                .map(|field| field.field.as_str())
                .collect();
            for field in differing_fields {
                match said.contains(&field.as_str()) {
                    true => counts.complete += 1,
                    false => wrong.push(format!("{name}: `{field}` changed unsaid: {old} -> {new}")),
                }
            }
        }
    }
    println!(
        "{} predicted values seen, {} settled by a second preview, {} made rows, {} deleted fields, {} secrets, {} only noted; \
         {} changed fields were all said",
        counts.exact,
        counts.by_second_preview,
        counts.made,
        counts.gone,
        counts.secret,
        counts.only_noted,
        counts.complete
    );
    let needless: Vec<String> = OTHERWISE
        .iter()
        .map(|(tool, field, _)| format!("{tool}.{field}"))
        .filter(|excuse| !counts.excuses.contains(excuse))
        .collect();
    assert!(needless.is_empty(), "excused without need: {needless:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        counts.exact > 50 && counts.made > 12 && counts.gone > 60,
        "{} {} {}",
        counts.exact,
        counts.made,
        counts.gone
    );
}

/// One field of a thing that was there.
fn judged(
    name: &str,
    route: &Route,
    field: &FieldChange,
    row: Option<&Value>,
    again: &Previewed,
    counts: &mut Counts,
    wrong: &mut Vec<String>,
) {
    let (Some(after), row_value) = (&field.after, row.and_then(|row| at(row, &field.field))) else {
        match field.note {
            Some(_) => counts.only_noted += 1,
            // It was deleted with its row.
            None if row.is_none() => counts.gone += 1,
            None => wrong.push(format!("{name}: `{}` should be gone: {row:?}", field.field)),
        }
        return;
    };
    if after == "[redacted]" {
        counts.secret += 1;
        return;
    }
    match row_value {
        Some(found) if agrees(after, found) => counts.exact += 1,
        Some(_) if excuse(&OTHERWISE, route.tool, &field.field, counts) => counts.only_noted += 1,
        Some(found) => wrong.push(format!("{name}: `{}` is {found}, not {after}", field.field)),
        None if field.note.is_some() => counts.only_noted += 1,
        None => {
            let still = again.changes.iter().flat_map(|change| &change.fields).any(|known| known.field == field.field);
            match still {
                true => wrong.push(format!("{name}: `{}` would still change", field.field)),
                false => counts.by_second_preview += 1,
            }
        }
    }
}

/// A thing that was not there before.
fn made(name: &str, change: &Change, old: &[Value], new: &[Value], counts: &mut Counts, wrong: &mut Vec<String>) {
    let fits = |row: &&Value| {
        change.fields.iter().all(|field| match (&field.after, at(row, &field.field)) {
            (Some(after), Some(found)) => after == "[redacted]" || agrees(after, found),
            _ => true,
        })
    };
    let fresh: Vec<&Value> = new.iter().filter(|row| !old.contains(row)).collect();
    match fresh.iter().find(|row| fits(row)) {
        Some(_) => counts.made += 1,
        None if new.is_empty() => counts.only_noted += 1,
        None => wrong.push(format!("{name}: no new row fits {:?}: {fresh:?}", change.fields)),
    }
}

/// Arguments that change nothing that is stored, with the reason.
const NO_VALUE: [(&str, &str, &str); 6] = [
    ("user.change_password", "currentPassword", "proves who calls"),
    ("user.change_password", "confirmPassword", "the same as newPassword"),
    ("user.reset_flow", "type", "says which counters"),
    ("backup.import", "types", "says which sections"),
    ("backup.import", "version", "the form of the document"),
    ("backup.import", "exportedAt", "the time of the document"),
];

#[test]
fn every_argument_of_every_mutation_is_compared_looked_up_or_said_to_be_unreadable() {
    let (mut accounted, mut lost) = (0, Vec::new());
    for route in mutations().filter(|route| route.request.kind != Kind::Map) {
        let recipe = recipe(route);
        let preview = recipe.preview.as_ref().unwrap_or_else(|| panic!("{} has no preview", route.tool));
        let shapes: Vec<&Field> = reads(route).into_iter().filter_map(row_shape).collect();
        let matched: Vec<String> = reads(route)
            .iter()
            .flat_map(|read| read.matches.iter().chain(read.request.iter()))
            .filter_map(|(_, value)| Some(value.as_str()?.strip_prefix("$request.")?.to_owned()))
            .collect();
        let creates = preview.makes.is_some()
            || recipe.verify.as_ref().and_then(|verify| verify.expect) == Some(flvx_manifest::model::Expect::Created);
        for field in route.request.fields.iter().filter(|field| !field.ignored) {
            let name = field.name;
            let known = creates
                || preview.compare.get(name).is_some()
                || preview.from.get(name).is_some()
                || preview.unread.get(name).is_some()
                || recipe.merge.as_ref().is_some_and(|merge| merge.from.get(name).is_some())
                || matched.iter().any(|path| path.split(['.', '[']).next() == Some(name))
                || shapes.iter().any(|shape| shape.fields.iter().any(|field| field.name == name))
                // Who calls, not what is changed.
                || field.location == flvx_panel::spec::Location::Header
                || excused(&NO_VALUE, route.tool, name);
            match known {
                true => accounted += 1,
                false => lost.push(format!("{}.{name}", route.tool)),
            }
        }
    }
    println!("{accounted} arguments accounted for");
    assert!(lost.is_empty(), "{lost:?}");
    assert!(accounted > 200, "{accounted}");
}
