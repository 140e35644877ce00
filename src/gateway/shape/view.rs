//! `view`: which rows and fields of a list are shown. The panel has no paging, so this is where a list becomes small.

use bytes::Bytes;
use flvx_panel::spec::{Field, Kind, Route};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    MOST_BYTES, Shaped,
    redact::{Redactor, Step, below},
    scan::{elements, is_key, pairs},
};
use crate::{gateway::Problem, nearest::nearest, result::Page};

/// Rows shown when `limit` is left out.
const DEFAULT_LIMIT: usize = 100;

/// What the caller asked to see of a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct View {
    /// Fields of each row; `["*"]` for all. Absent: the few that matter.
    pub fields: Option<Vec<String>>,
    /// Field = value, or field = `{op: value}` with `eq ne gt gte lt lte contains in`.
    pub filter: Map<String, Value>,
    /// Field to sort by; a leading `-` sorts downwards.
    pub sort: Option<String>,
    /// Most rows shown.
    pub limit: Option<usize>,
    /// Rows skipped.
    pub offset: usize,
}

/// Why a list cannot be shown as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The view asks for something that the rows do not have.
    #[error("{0}")]
    Asked(Problem),
    /// The answer is not the list that the manifest promises.
    #[error("the panel's answer is not the list that is expected")]
    NotAList,
    /// The answer is not JSON.
    #[error("the panel's answer is not JSON")]
    NotJson,
    /// The answer cannot be looked through.
    #[error("the panel's answer is nested too deep")]
    TooDeep,
    /// What is to be shown is more than a result takes.
    #[error("the answer is {0} bytes long, more than one result takes")]
    TooLarge(usize),
}

const OPERATORS: &[&str] = &["eq", "ne", "gt", "gte", "lt", "lte", "contains", "in"];

impl View {
    /// Checks the view against the rows of a route before anything is sent.
    ///
    /// # Errors
    /// The first thing that the rows do not have.
    pub fn check(&self, route: &Route) -> Result<(), ViewError> {
        if route.to_file && (!self.filter.is_empty() || self.sort.is_some() || self.limit.is_some() || self.offset > 0)
        {
            return Err(asked(
                "view",
                "only `fields` is known here: the sections to show, or [\"*\"] for all".to_owned(),
            ));
        }
        let document = route.data.filter(|_| route.to_file);
        let Some(row) = row_shape(route).or(document) else { return Ok(()) };
        let known = |path: &str, name: &str| -> Result<(), ViewError> {
            match row.fields.iter().find(|field| field.name == name) {
                Some(field) if field.secret && !path.starts_with("view.fields") => {
                    Err(asked(path, format!("`{name}` is secret; it cannot be searched or sorted by")))
                }
                Some(_) => Ok(()),
                None if row.fields.is_empty() => Ok(()),
                None => Err(asked(
                    path,
                    match nearest(name, row.fields.iter().map(|field| field.name)) {
                        Some(right) => format!("no such field `{name}`; did you mean `{right}`?"),
                        None => format!("no such field `{name}`; rows have {}", names(row)),
                    },
                )),
            }
        };
        for (index, name) in self.fields.iter().flatten().enumerate().filter(|(_, name)| *name != "*") {
            known(&format!("view.fields[{index}]"), name)?;
        }
        if self.fields.as_ref().is_some_and(Vec::is_empty) {
            return Err(asked(
                "view.fields",
                "empty list: name fields, or [\"*\"] for all, or leave it out".to_owned(),
            ));
        }
        for (name, condition) in &self.filter {
            let path = format!("view.filter.{name}");
            known(&path, name)?;
            if let Value::Object(operators) = condition {
                if operators.is_empty() {
                    return Err(asked(&path, format!("no operator; known are {}", OPERATORS.join(", "))));
                }
                for (operator, value) in operators {
                    if !OPERATORS.contains(&operator.as_str()) {
                        return Err(asked(
                            &path,
                            format!("unknown operator `{operator}`; known are {}", OPERATORS.join(", ")),
                        ));
                    }
                    if operator == "in" && !value.is_array() {
                        return Err(asked(&path, "`in` takes a list".to_owned()));
                    }
                }
            }
        }
        if let Some(sort) = &self.sort {
            known("view.sort", sort.strip_prefix('-').unwrap_or(sort))?;
        }
        if self.limit == Some(0) {
            return Err(asked("view.limit", "0 rows would show nothing; the smallest value is 1".to_owned()));
        }
        Ok(())
    }
}

fn asked(path: &str, message: String) -> ViewError {
    ViewError::Asked(Problem { path: path.to_owned(), message })
}

fn names(row: &Field) -> String {
    row.fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", ")
}

/// The shape of one row of a list route.
pub(super) fn row_shape(route: &Route) -> Option<&'static Field> {
    let mut field = route.data?;
    for step in route.rows?.split('.').filter(|step| !step.is_empty()) {
        field = field.fields.iter().find(|known| known.name == step)?;
    }
    field.items
}

/// Cuts the list in `data` to what the view asks for.
pub(super) fn apply(
    route: &Route,
    field: &Field,
    rows: &str,
    data: &Bytes,
    view: Option<&View>,
    redactor: &mut Redactor<'_>,
) -> Result<Shaped, ViewError> {
    let Some(row) = row_shape(route) else { return Err(ViewError::NotAList) };
    let everything = View::default();
    let view = view.unwrap_or(&everything);
    let chosen: Option<Vec<&str>> = match &view.fields {
        Some(fields) if fields.iter().any(|name| name == "*") => None,
        Some(fields) => Some(fields.iter().map(String::as_str).collect()),
        None if route.show.is_empty() => None,
        None => Some(route.show.to_vec()),
    };
    redactor.watch(data, Some(field))?;
    let secrets = redactor.may_hold_secret(data, field);
    let cut = Cut { row, view, chosen, redactor: secrets.then_some(redactor) };
    let whole =
        cut.chosen.is_none() && view.filter.is_empty() && view.sort.is_none() && view.offset == 0 && rows.is_empty();
    if let Some(all) = elements(data).filter(|_| whole && !secrets) {
        // Everything was asked for and nothing is secret: the bytes go on as they came.
        let total = all.count();
        if total <= view.limit.unwrap_or(DEFAULT_LIMIT) && data.len() <= MOST_BYTES {
            return Ok(Shaped { data: data.clone(), page: Some(Page { total, returned: total, next_offset: None }) });
        }
    }
    let mut out = Vec::with_capacity(data.len().min(64 << 10));
    let start = cut.redactor.map(Redactor::start).unwrap_or_default();
    let page = cut.descend(data, field, rows, start, &mut out)?;
    Ok(Shaped { data: out.into(), page: Some(page) })
}

/// The members of a document that a view asks for, in the document's order.
pub(super) fn members(document: &Field, data: &Bytes, view: &View) -> Result<Bytes, ViewError> {
    let Some(chosen) = view.fields.as_ref().filter(|fields| fields.iter().all(|name| name != "*")) else {
        return Ok(data.clone());
    };
    let mut out = vec![b'{'];
    for (key, value) in pairs(data).ok_or(ViewError::NotJson)? {
        let known = document.fields.iter().any(|field| is_key(key, field.name));
        if known && chosen.iter().any(|name| is_key(key, name)) {
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            out.push(b':');
            out.extend_from_slice(value);
        }
    }
    out.push(b'}');
    Ok(out.into())
}

/// One list being cut.
struct Cut<'a> {
    row: &'a Field,
    view: &'a View,
    /// Fields shown, in the order asked for; `None`: all.
    chosen: Option<Vec<&'a str>>,
    /// Takes the secrets out; `None`: the data can hold none.
    redactor: Option<&'a Redactor<'a>>,
}

impl<'a> Cut<'a> {
    /// Copies the objects around the list and cuts the list itself.
    fn descend(
        &self,
        json: &[u8],
        field: &Field,
        path: &str,
        open: &[Step<'a>],
        out: &mut Vec<u8>,
    ) -> Result<Page, ViewError> {
        let (step, further) = path.split_once('.').unwrap_or((path, ""));
        if step.is_empty() {
            return self.list(json, open, out);
        }
        let mut page = None;
        out.push(b'{');
        for (index, (key, value)) in pairs(json).ok_or(ViewError::NotAList)?.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            out.push(b':');
            match field.fields.iter().find(|known| is_key(key, known.name)) {
                Some(known) if known.name == step => {
                    page = Some(self.descend(value, known, further, &below(open, key), out)?);
                }
                Some(known) => self.value(value, known, &below(open, key), out),
                None => self.unknown(key, value, &below(open, key), out),
            }
        }
        out.push(b'}');
        page.ok_or(ViewError::NotAList)
    }

    fn list(&self, json: &[u8], open: &[Step<'a>], out: &mut Vec<u8>) -> Result<Page, ViewError> {
        let mut rows: Vec<&[u8]> = match json {
            b"null" => Vec::new(),
            json => elements(json).ok_or(ViewError::NotAList)?.collect(),
        };
        if !self.view.filter.is_empty() {
            rows.retain(|row| self.view.filter.iter().all(|(name, condition)| holds(&column(row, name), condition)));
        }
        if let Some(sort) = &self.view.sort {
            let (name, downwards) = sort.strip_prefix('-').map_or((sort.as_str(), false), |name| (name, true));
            let mut keyed: Vec<(Value, &[u8])> = rows.into_iter().map(|row| (column(row, name), row)).collect();
            keyed.sort_by(|(a, _), (b, _)| if downwards { compare(b, a) } else { compare(a, b) });
            rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
        let total = rows.len();
        let shown = rows.into_iter().skip(self.view.offset).take(self.view.limit.unwrap_or(DEFAULT_LIMIT));
        let mut returned = 0;
        out.push(b'[');
        for row in shown {
            let before = out.len();
            if returned > 0 {
                out.push(b',');
            }
            self.write_row(row, open, out);
            // Room for the brackets around the list is left.
            if out.len() > MOST_BYTES - 1_024 && returned > 0 {
                out.truncate(before);
                break;
            }
            returned += 1;
        }
        out.push(b']');
        let next = self.view.offset.saturating_add(returned);
        Ok(Page { total, returned, next_offset: (next < total).then_some(next) })
    }

    fn write_row(&self, json: &[u8], open: &[Step<'a>], out: &mut Vec<u8>) {
        let (Some(chosen), Kind::Object, Some(row)) = (&self.chosen, self.row.kind, pairs(json)) else {
            return self.value(json, self.row, open, out);
        };
        out.push(b'{');
        let mut first = true;
        for name in chosen {
            let Some((key, value)) = row.clone().find(|(key, _)| is_key(key, name)) else { continue };
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            out.extend_from_slice(key);
            out.push(b':');
            match self.row.fields.iter().find(|field| field.name == *name) {
                Some(field) => self.value(value, field, &below(open, key), out),
                None => self.unknown(key, value, &below(open, key), out),
            }
        }
        out.push(b'}');
    }

    fn value(&self, json: &[u8], field: &Field, open: &[Step<'a>], out: &mut Vec<u8>) {
        match self.redactor {
            Some(redactor) => redactor.copy(json, field, open, out),
            None => out.extend_from_slice(json),
        }
    }

    /// A value under a key that no table knows.
    fn unknown(&self, key: &[u8], json: &[u8], open: &[Step<'a>], out: &mut Vec<u8>) {
        match self.redactor {
            Some(redactor) => redactor.unknown(key, json, open, out),
            None => out.extend_from_slice(json),
        }
    }
}

/// One column of a row, as a value; `null` when the row lacks it.
fn column(row: &[u8], name: &str) -> Value {
    let mut found = pairs(row).into_iter().flatten().filter(|(key, _)| is_key(key, name));
    found.next().and_then(|(_, value)| serde_json::from_slice(value).ok()).unwrap_or(Value::Null)
}

fn holds(value: &Value, condition: &Value) -> bool {
    let Value::Object(operators) = condition else { return same(value, condition) };
    operators.iter().all(|(operator, wanted)| match operator.as_str() {
        "eq" => same(value, wanted),
        "ne" => !same(value, wanted),
        "gt" => compare(value, wanted).is_gt(),
        "gte" => compare(value, wanted).is_ge(),
        "lt" => compare(value, wanted).is_lt(),
        "lte" => compare(value, wanted).is_le(),
        "in" => wanted.as_array().is_some_and(|list| list.iter().any(|one| same(value, one))),
        "contains" => match value {
            Value::String(text) => {
                wanted.as_str().is_some_and(|part| text.to_lowercase().contains(&part.to_lowercase()))
            }
            Value::Array(items) => items.iter().any(|item| same(item, wanted)),
            _ => false,
        },
        _ => false,
    })
}

/// Numbers by value (`1` and `1.0` are the same), everything else exactly.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a_number), Some(b_number)) => a == b || a_number == b_number,
        _ => a == b,
    }
}

/// Order for sorting: absent values first, then numbers, then texts (without regard to case).
fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) | Value::Object(_) => 4,
    };
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => x.as_f64().unwrap_or(0.0).total_cmp(&y.as_f64().unwrap_or(0.0)),
        },
        (Value::String(x), Value::String(y)) => x.to_lowercase().cmp(&y.to_lowercase()).then_with(|| x.cmp(y)),
        (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
        _ => rank(a).cmp(&rank(b)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use flvx_panel::generated::{FORWARD_LIST, NODE_LIST};
    use serde_json::json;

    use super::*;

    fn shown(rows: &Value, view: Value) -> (Value, Page) {
        let view: View = serde_json::from_value(view).unwrap();
        view.check(FORWARD_LIST).unwrap();
        let data = Bytes::from(rows.to_string());
        let shaped = super::super::shape(FORWARD_LIST, data, Some(&view), &mut Redactor::default()).unwrap();
        (serde_json::from_slice(&shaped.data).unwrap(), shaped.page.unwrap())
    }

    fn rows() -> Value {
        json!([
            { "id": 1, "name": "Web", "inPort": 80, "status": 1, "userName": "alice" },
            { "id": 2, "name": "ssh", "inPort": 22, "status": 0, "userName": "bob" },
            { "id": 3, "name": "DNS", "inPort": null, "status": 1, "userName": "alice" },
        ])
    }

    #[test]
    fn rows_are_filtered_sorted_and_paged() {
        let (data, page) = shown(&rows(), json!({ "fields": ["id"], "filter": { "status": 1 }, "sort": "-id" }));
        assert_eq!(data, json!([{ "id": 3 }, { "id": 1 }]));
        assert_eq!(page, Page { total: 2, returned: 2, next_offset: None });
        let (data, page) = shown(&rows(), json!({ "fields": ["name", "id"], "sort": "name", "limit": 1, "offset": 1 }));
        assert_eq!(data.to_string(), r#"[{"name":"ssh","id":2}]"#, "fields come in the order asked for");
        assert_eq!(page, Page { total: 3, returned: 1, next_offset: Some(2) });
    }

    #[test]
    fn every_operator_does_what_it_says() {
        for (condition, ids) in [
            (json!({ "inPort": { "gt": 22 } }), vec![1]),
            (json!({ "inPort": { "gte": 22, "lt": 80 } }), vec![2]),
            (json!({ "inPort": { "lte": 80 } }), vec![1, 2, 3]),
            (json!({ "status": { "ne": 1 } }), vec![2]),
            (json!({ "name": { "contains": "EB" } }), vec![1]),
            (json!({ "userName": { "in": ["bob", "carol"] } }), vec![2]),
            (json!({ "inPort": null }), vec![3]),
            (json!({ "status": 1.0, "userName": { "eq": "alice" } }), vec![1, 3]),
        ] {
            let (data, _) = shown(&rows(), json!({ "fields": ["id"], "filter": condition }));
            let found: Vec<i64> = data.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
            assert_eq!(found, ids, "{condition}");
        }
    }

    #[test]
    fn the_default_view_shows_the_manifests_fields_and_at_most_a_hundred_rows() {
        let many: Vec<Value> =
            (0..250).map(|id| json!({ "id": id, "name": "n", "remoteAddr": "x", "status": 1 })).collect();
        let shaped = super::super::shape(
            FORWARD_LIST,
            Bytes::from(Value::from(many).to_string()),
            None,
            &mut Redactor::default(),
        )
        .unwrap();
        let data: Vec<Value> = serde_json::from_slice(&shaped.data).unwrap();
        assert_eq!(shaped.page, Some(Page { total: 250, returned: 100, next_offset: Some(100) }));
        assert_eq!(data.first().unwrap().as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "name", "status"]);
    }

    #[test]
    fn a_secret_of_a_row_stays_hidden_in_every_view() {
        let row = json!([{ "id": 1, "remoteToken": "canary", "unknownKey": 5 }]);
        for view in [json!({ "fields": ["*"] }), json!({ "fields": ["remoteToken"] }), json!({})] {
            let view: View = serde_json::from_value(view).unwrap();
            let shaped =
                super::super::shape(NODE_LIST, Bytes::from(row.to_string()), Some(&view), &mut Redactor::default())
                    .unwrap();
            assert!(!String::from_utf8_lossy(&shaped.data).contains("canary"));
        }
        let view: View = serde_json::from_value(json!({ "filter": { "remoteToken": { "contains": "c" } } })).unwrap();
        assert_eq!(
            view.check(NODE_LIST).unwrap_err().to_string(),
            "`view.filter.remoteToken`: `remoteToken` is secret; it cannot be searched or sorted by"
        );
    }

    #[test]
    fn a_key_that_no_table_knows_is_hidden_by_its_name_in_any_row_and_at_any_depth() {
        for rows in [
            json!([{ "id": 1, "name": "a" }, { "id": 2, "agentToken": "canary" }]),
            json!([{ "id": 1, "extra": { "db_pwd": "canary" } }]),
            json!([{ "id": 1, "extra": [[{ "key": "BOT_TOKEN", "value": "canary" }]] }]),
            json!([{ "id": 1, "name": { "API-key": "canary" } }]),
        ] {
            let (data, _) = shown(&rows, json!({ "fields": ["*"] }));
            assert!(!data.to_string().contains("canary"), "{data}");
            assert_eq!(data.as_array().unwrap().len(), rows.as_array().unwrap().len());
            assert!(data.as_array().unwrap().iter().all(|row| row["id"].is_i64()), "{data}");
        }
    }

    #[test]
    fn an_ordinary_list_goes_on_as_it_came() {
        let view: View = serde_json::from_value(json!({ "fields": ["*"] })).unwrap();
        let data = Bytes::from(json!([{ "id": 1, "name": "token server", "later": { "x": 1 } }]).to_string());
        let shaped = super::super::shape(FORWARD_LIST, data.clone(), Some(&view), &mut Redactor::default()).unwrap();
        assert_eq!(shaped.data.as_ptr(), data.as_ptr());
    }

    #[test]
    fn a_misspelt_field_is_named_with_the_right_one() {
        let view: View = serde_json::from_value(json!({ "sort": "-inport" })).unwrap();
        assert_eq!(
            view.check(FORWARD_LIST).unwrap_err().to_string(),
            "`view.sort`: no such field `inport`; did you mean `inPort`?"
        );
    }

    #[test]
    fn what_is_no_list_is_said_to_be_none() {
        for data in [r#"{"a":1}"#, "5", "\"x\""] {
            assert_eq!(
                super::super::shape(FORWARD_LIST, Bytes::from(data), None, &mut Redactor::default()).unwrap_err(),
                ViewError::NotAList
            );
        }
        assert_eq!(
            super::super::shape(FORWARD_LIST, Bytes::from("null"), None, &mut Redactor::default()).unwrap().data,
            "[]"
        );
    }
}
