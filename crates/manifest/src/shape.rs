//! Finding a field by a path: `nodes[].id` in the shape of an answer, a request or a row.
//!
//! A path is names with dots; `[]` after a name goes into the items of a list. An empty path is the value itself.

use crate::{
    model::{Entry, Field, Kind, Location, Request, Response, Unique},
    suggest::{listed, nearest},
};

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub struct Reached<'f> {
    /// The field; `None` inside a value of any shape.
    pub field: Option<&'f Field>,
    /// The path went into the items of a list: it stands for many values.
    pub many: bool,
}

/// Why a path leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// What is wrong.
    pub message: String,
    /// The whole path with the nearest right name in place of the wrong one.
    pub suggestion: Option<String>,
}

/// Follows a path.
pub fn follow<'f>(root: &'f Field, path: &str) -> Result<Reached<'f>, Lost> {
    let mut reached = Reached { field: Some(root), many: false };
    let mut done = String::new();
    for (position, segment) in path.split('.').enumerate() {
        if path.is_empty() {
            break;
        }
        let name = segment.trim_end_matches("[]");
        let lists = (segment.len() - name.len()) / 2;
        if name.contains(['[', ']']) {
            return Err(Lost {
                message: format!("`{segment}` is no name: write `name` or `name[]`"),
                suggestion: None,
            });
        }
        if position > 0 && name.is_empty() {
            return Err(Lost { message: format!("the path `{path}` has an empty name"), suggestion: None });
        }
        if !name.is_empty() {
            reached.field = child(reached.field, name, &done, path)?;
        }
        done = if done.is_empty() { name.to_owned() } else { format!("{done}.{name}") };
        for _ in 0..lists {
            reached = Reached { field: items(reached.field, &done)?, many: true };
            done.push_str("[]");
        }
    }
    Ok(reached)
}

fn child<'f>(field: Option<&'f Field>, name: &str, done: &str, path: &str) -> Result<Option<&'f Field>, Lost> {
    let Some(field) = field else { return Ok(None) };
    let here = if done.is_empty() { "it".to_owned() } else { format!("`{done}`") };
    match field.kind {
        Kind::Any => Ok(None),
        Kind::Map => Ok(field.items.as_deref()),
        Kind::Object if field.fields.is_empty() && field.of.is_some() => Ok(None),
        Kind::Object => match field.fields.get(name) {
            Some(found) => Ok(Some(found)),
            None => {
                let near = nearest(name, field.fields.keys());
                let suggestion = near.map(|near| path.replacen(name, near, 1));
                Err(Lost {
                    message: format!("there is no `{name}` in it: {here} has {}", listed(field.fields.keys())),
                    suggestion,
                })
            }
        },
        Kind::Array if field.items.as_deref().is_some_and(|items| items.fields.get(name).is_some()) => {
            let right =
                if done.is_empty() { format!("[].{path}") } else { path.replacen(done, &format!("{done}[]"), 1) };
            Err(Lost {
                message: format!("{here} is a list: write `{done}[].{name}` to look into its items"),
                suggestion: Some(right),
            })
        }
        Kind::Array => {
            Err(Lost { message: format!("{here} is a list, and its items have no `{name}`"), suggestion: None })
        }
        Kind::String | Kind::Integer | Kind::Number | Kind::Boolean => {
            Err(Lost { message: format!("{here} is no object, so there is no `{name}` in it"), suggestion: None })
        }
    }
}

fn items<'f>(field: Option<&'f Field>, done: &str) -> Result<Option<&'f Field>, Lost> {
    match field {
        None => Ok(None),
        Some(field) if field.kind == Kind::Array => Ok(field.items.as_deref()),
        Some(field) if field.kind == Kind::Any => Ok(None),
        Some(_) => Err(Lost { message: format!("`{done}` is no list, so `[]` does not fit"), suggestion: None }),
    }
}

/// The whole request of a resolved entry as one field.
pub fn request_of(request: &Request) -> Field {
    match &request.body {
        Some(body) => (**body).clone(),
        None => object(request.fields.clone()),
    }
}

/// The row of an entry's answer: an item of the list that `rows` names, or `data` itself when it is no list.
pub fn row_of<'f>(entry: &'f Entry, rows: Option<&str>) -> Result<Option<&'f Field>, Lost> {
    let Some(data) = data_of(entry) else {
        return Err(Lost { message: "its answer has no `data`".to_owned(), suggestion: None });
    };
    let stated = rows.or_else(|| entry.response.as_ref().and_then(|response| response.rows.as_deref()));
    let reached = match stated {
        Some(path) => follow(data, path)?,
        None => Reached { field: Some(data), many: false },
    };
    match reached.field {
        Some(field) if field.kind == Kind::Array => Ok(field.items.as_deref()),
        Some(field) if stated.is_some() && field.kind != Kind::Any => {
            Err(Lost { message: format!("`{}` is no list", stated.unwrap_or_default()), suggestion: None })
        }
        field => Ok(field),
    }
}

/// The shape of an entry's `data`.
pub fn data_of(entry: &Entry) -> Option<&Field> {
    entry.response.as_ref().and_then(|Response { data, .. }| data.as_deref())
}

/// A list of such values.
pub fn list_of(items: Field) -> Field {
    Field { kind: Kind::Array, items: Some(Box::new(items)), ..object(Unique::default()) }
}

/// An object with these keys and nothing else said.
pub fn object(fields: Unique<Field>) -> Field {
    Field {
        kind: Kind::Object,
        doc: String::new(),
        of: None,
        fields,
        items: None,
        location: Location::Body,
        required: false,
        optional: false,
        nullable: false,
        default: None,
        default_doc: None,
        omitted: None,
        min: None,
        max: None,
        min_items: None,
        max_items: None,
        min_length: None,
        max_length: None,
        unit: None,
        values: Unique::default(),
        special: Unique::default(),
        secret: false,
        secret_keys: Vec::new(),
        hand_over: false,
        free_text: false,
        volatile: false,
        ignored: false,
        example: None,
        since: None,
        until: None,
        panel_note: None,
    }
}
