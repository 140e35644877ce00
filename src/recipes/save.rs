//! What is kept in a file before a change because it holds secrets: one read, cut down to the rows that the change touches.
//! Where the file is and who may read it is the caller's matter.

use flvx_manifest::model::Save;
use flvx_panel::{
    client::{Credential, PanelClient},
    generated,
    spec::Route,
};
use serde_json::{Map, Value};

use super::{
    Before, Recipe, RecipeError,
    fill::{self, Source, Sources, fill},
    reads, rows,
};

/// Makes the read of `save`, if the route has one. `request` is what will be sent. `None`: there is none, or the account
/// may not make it and the manifest says what is done then.
///
/// # Errors
/// The read failed. Nothing was changed.
pub async fn saved(
    client: &PanelClient,
    credential: &Credential,
    route: &'static Route,
    request: &Map<String, Value>,
    before: &Before,
) -> Result<Option<Value>, RecipeError> {
    let recipe = Recipe::of(route)?;
    let Some(save) = &recipe.save else { return Ok(None) };
    let read = generated::route(&save.read)
        .ok_or_else(|| RecipeError::Manifest { tool: save.read.clone(), what: "there is no such tool".to_owned() })?;
    let request = Value::Object(request.clone());
    let sources =
        Sources::default().with("$request", Source::One(Some(&request))).with("$before", Source::Rows(&before.target));
    let answer = match client.call(read, credential, &arguments(save, &sources), None).await {
        Ok(answer) => answer,
        Err(error) if reads::is_not_allowed(&error) && has_another_way(recipe) => return Ok(None),
        Err(source) => return Err(RecipeError::Read { tool: read.tool, source }),
    };
    let shape = |what: String| RecipeError::Shape { tool: read.tool, what };
    let mut document: Value = serde_json::from_str(answer.data_text()).map_err(|error| shape(error.to_string()))?;
    if !document.is_object() {
        return Err(shape("it is no document".to_owned()));
    }
    rows::cut(&mut document, &save.keep, &sources);
    Ok(Some(document))
}

fn arguments(save: &Save, sources: &Sources<'_>) -> Map<String, Value> {
    let filled = save.request.iter().filter_map(|(key, value)| Some((key.to_owned(), fill(value, sources)?)));
    filled.map(|(key, value)| (key, fill::plain(&value))).collect()
}

fn has_another_way(recipe: &Recipe) -> bool {
    recipe.undo.as_ref().is_some_and(|undo| undo.without_save.is_some())
}
