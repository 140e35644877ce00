//! One read of a recipe: the call, the list in its answer, and the rows of it that are meant.

use flvx_manifest::model::Read;
use flvx_panel::{
    client::{Credential, PanelClient, PanelError},
    generated,
    spec::{Field, Kind, Route},
};
use serde_json::{Map, Value};

use super::{
    RecipeError, compare,
    place::{self, Held, Scope},
};

/// The envelope code with which the panel refuses an account that may not.
const NOT_ALLOWED: i64 = 403;

/// The panel as a recipe reaches it.
#[derive(Clone, Copy)]
pub(super) struct Panel<'a> {
    pub client: &'a PanelClient,
    pub credential: &'a Credential,
}

impl Panel<'_> {
    /// All rows that the read gives, before `match`.
    pub async fn rows(&self, read: &Read, scope: &Scope<'_>) -> Result<Vec<Value>, RecipeError> {
        match self.data(read, &arguments(read, scope)).await? {
            Some(data) => listed(read, data),
            None => Ok(Vec::new()),
        }
    }

    /// What the read answers; nothing when it asks for one thing and there is no such thing.
    pub async fn data(&self, read: &Read, arguments: &Map<String, Value>) -> Result<Option<Value>, RecipeError> {
        let route = route(read)?;
        let answer = match self.client.call(route, self.credential, arguments, None).await {
            Ok(answer) => answer,
            // A read of one thing by its name says no when there is no such thing.
            Err(PanelError::Refused(refusal)) if refusal.code == -1 && asks_for_one(read) => return Ok(None),
            Err(source) => return Err(RecipeError::Read { tool: route.tool, source }),
        };
        let data = serde_json::from_str(answer.data_text());
        data.map(Some).map_err(|error| RecipeError::Shape { tool: route.tool, what: error.to_string() })
    }
}

/// Whether the panel said that this account may not make the read.
pub(super) fn is_not_allowed(error: &PanelError) -> bool {
    matches!(error, PanelError::Refused(refusal) if refusal.code == NOT_ALLOWED)
}

/// The arguments of the read. Those whose place holds nothing are left out.
pub(super) fn arguments(read: &Read, scope: &Scope<'_>) -> Map<String, Value> {
    let mut arguments = Map::new();
    for (key, value) in read.request.iter() {
        match place::resolve(value, scope) {
            // The panel stores names without blanks at their ends and finds them by the exact text only.
            Some(Value::String(text)) => arguments.insert(key.to_owned(), Value::String(text.trim().to_owned())),
            Some(value) => arguments.insert(key.to_owned(), value),
            None => None,
        };
    }
    arguments
}

/// The rows that `match` means; all of them when it says nothing.
pub(super) fn pick<'r>(read: &Read, rows: &'r [Value], scope: &Scope<'_>) -> Vec<&'r Value> {
    pick_by(read, rows, |value| place::held(value, scope))
}

/// The same, with another way to see what a condition means.
pub(super) fn pick_by<'r>(read: &Read, rows: &'r [Value], held: impl Fn(&Value) -> Held) -> Vec<&'r Value> {
    let meant: Vec<_> = read.matches.iter().map(|(path, value)| (path, held(value))).collect();
    let fits = |row: &&Value| {
        let mut said = false;
        for (path, meant) in &meant {
            match compare::meets(meant, &place::walk(row, path).0) {
                Some(true) => said = true,
                Some(false) => return false,
                None => {}
            }
        }
        // Conditions of which none says anything must not mean every row.
        said || meant.is_empty()
    };
    rows.iter().filter(fits).collect()
}

/// The route that is read.
pub(super) fn route(read: &Read) -> Result<&'static Route, RecipeError> {
    generated::route(&read.read)
        .ok_or_else(|| RecipeError::Manifest { tool: read.read.clone(), what: "there is no such tool".to_owned() })
}

/// The field that identifies a row of the read.
pub(super) fn row_key(read: &Read) -> &'static str {
    route(read).ok().and_then(|route| route.row_key).unwrap_or("id")
}

/// The shape of a row, as far as the manifest tells.
pub(super) fn row_shape(read: &Read) -> Option<&'static Field> {
    let route = route(read).ok()?;
    let mut field = route.data?;
    for name in read.rows.as_deref().or(route.rows).unwrap_or_default().split('.').filter(|name| !name.is_empty()) {
        field = field.fields.iter().find(|field| field.name == name)?;
    }
    if field.kind == Kind::Array { field.items } else { Some(field) }
}

fn asks_for_one(read: &Read) -> bool {
    read.request.iter().any(|(_, value)| place::mentions(value, "$request"))
}

/// The rows in an answer.
pub(super) fn listed(read: &Read, mut data: Value) -> Result<Vec<Value>, RecipeError> {
    let route = route(read)?;
    let path = read.rows.as_deref().or(route.rows);
    for name in path.unwrap_or_default().split('.').filter(|name| !name.is_empty()) {
        data = data.get_mut(name).map(Value::take).unwrap_or_default();
    }
    match data {
        Value::Array(rows) => Ok(rows),
        // Go writes a list that was never filled as null.
        Value::Null => Ok(Vec::new()),
        row if path.is_none() => Ok(vec![row]),
        _ => Err(RecipeError::Shape {
            tool: route.tool,
            what: format!("there is no list at `{}`", path.unwrap_or_default()),
        }),
    }
}
