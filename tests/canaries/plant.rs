//! Values made from the manifest's tables, with a canary wherever a secret can stand.

use flvx_panel::spec::{AnswerForm, Field, Kind, Route};
use serde_json::{Map, Value, json};

/// The canaries that were planted, each under the path of its field.
#[derive(Default)]
pub struct Canaries(pub Vec<(String, String)>);

impl Canaries {
    /// A new one, for the field of this path.
    pub fn fresh(&mut self, path: &str) -> String {
        let canary = format!("Zq7canary{:06}x", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        self.0.push((path.to_owned(), canary.clone()));
        canary
    }

    /// All of them in one text, as a panel would quote them.
    pub fn quoted(&self) -> String {
        self.0.iter().map(|(_, canary)| format!("\"{canary}\"")).collect::<Vec<_>>().join(" ")
    }

    /// Those that stand in a text.
    pub fn found_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a (String, String)> {
        self.0.iter().filter(move |(_, canary)| text.contains(canary.as_str()))
    }
}

static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// A value that fits a field, with every key there is.
pub fn sample(field: &Field, path: &str, canaries: &mut Canaries) -> Value {
    if field.secret {
        return match field.kind {
            Kind::Array => json!([canaries.fresh(path)]),
            Kind::Object | Kind::Map => json!({ "x": canaries.fresh(path) }),
            _ => canaries.fresh(path).into(),
        };
    }
    if let Some(first) = field.values.first() {
        return serde_json::from_str(first.value).unwrap();
    }
    match field.kind {
        Kind::String => "x".repeat(usize::try_from(field.min_length.unwrap_or(1).max(1)).unwrap()).into(),
        Kind::Integer => json!(field.min.unwrap_or(1.0).max(1.0).min(field.max.unwrap_or(1.0).max(1.0)) as i64),
        Kind::Number => json!(field.min.unwrap_or(1.0).max(1.0).min(field.max.unwrap_or(1.0).max(1.0))),
        Kind::Boolean => true.into(),
        Kind::Array => json!([sample(field.items.unwrap(), &format!("{path}[]"), canaries)]),
        Kind::Any => json!({ "inner": { "password": canaries.fresh(&format!("{path}.inner.password")) } }),
        Kind::Map => {
            let mut map = Map::new();
            map.insert("plain".to_owned(), sample(field.items.unwrap(), path, canaries));
            for key in field.secret_keys.iter().chain(&["smtp_Password", "bot-token"]) {
                map.insert((*key).to_owned(), canaries.fresh(&format!("{path}.{key}")).into());
            }
            Value::Object(map)
        }
        Kind::Object => {
            let mut map: Map<String, Value> = field
                .fields
                .iter()
                .filter(|field| !field.ignored)
                .map(|field| (field.name.to_owned(), sample(field, &format!("{path}.{}", field.name), canaries)))
                .collect();
            if let Some(key) = field.secret_keys.first() {
                map.insert("name".to_owned(), (*key).into());
                map.insert("value".to_owned(), canaries.fresh(&format!("{path}.value")).into());
            }
            Value::Object(map)
        }
    }
}

/// An answer of a route as newer panels may give it: every field it has, and one secret that no table knows.
pub fn answer(route: &Route, canaries: &mut Canaries) -> (&'static str, String) {
    let mut data = match route.data {
        Some(field) => sample(field, "data", canaries),
        None => json!({ "newSecret": canaries.fresh("data.newSecret") }),
    };
    add_unknown(&mut data, canaries);
    match (route.answer, data) {
        (AnswerForm::Envelope, data) => {
            ("application/json", json!({ "code": 0, "msg": "操作成功", "data": data, "ts": 1 }).to_string())
        }
        (AnswerForm::Text, Value::String(text)) => ("text/plain", text),
        (AnswerForm::Ndjson, Value::Array(lines)) => {
            ("application/x-ndjson", lines.iter().map(|line| format!("{line}\n")).collect())
        }
        (_, data) => ("application/json", data.to_string()),
    }
}

fn add_unknown(data: &mut Value, canaries: &mut Canaries) {
    match data {
        Value::Object(map) => {
            map.insert("agentToken".to_owned(), canaries.fresh("data.agentToken").into());
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_unknown(item, canaries)),
        _ => {}
    }
}

/// Requests that carry every secret field of a route, each with its canaries.
pub fn requests(route: &Route) -> Vec<(Map<String, Value>, Canaries)> {
    let entry: Value = serde_json::from_str(route.entry).unwrap();
    let mut requests = Vec::new();
    for example in entry["examples"].as_array().into_iter().flatten() {
        let mut canaries = Canaries::default();
        let mut request = example["request"].as_object().cloned().unwrap_or_default();
        for field in route.request.fields.iter().filter(|field| field.needs_look() && !field.ignored) {
            let value = sample(field, &format!("request.{}", field.name), &mut canaries);
            request.insert(field.name.to_owned(), value);
        }
        if route.request.kind == Kind::Map {
            canaries.0.clear();
            request = sample(route.request, "request", &mut canaries).as_object().cloned().unwrap();
        }
        requests.push((request, canaries));
    }
    let mut canaries = Canaries::default();
    let whole = sample(route.request, "request", &mut canaries).as_object().cloned().unwrap();
    requests.push((whole, canaries));
    requests
}
