//! A fresh panel for each call, the calls of the manifest's examples, and the way of one change.

use std::time::Duration;

use flvx_manifest::model::Entry;
use flvx_mcp::recipes::{self, Before, Merged, Recipe, RecipeError, Verified};
use flvx_panel::{
    client::{ClientOptions, Credential, PanelClient, PanelError, RawAnswer},
    generated,
    spec::{Danger, Role, Route},
};
use flvx_sandbox::{Options, Running, Sandbox, Settings};
use serde_json::{Map, Value, json};

/// One running panel and a client of it.
pub struct World {
    pub panel: Running,
    pub client: PanelClient,
    admin: Credential,
}

/// What came of one change.
pub struct Changed {
    pub before: Before,
    pub merged: Merged,
    /// The request as it was sent.
    pub sent: Map<String, Value>,
    pub verified: Verified,
}

impl World {
    pub async fn fresh() -> Self {
        let settings = Settings { node_wait: Duration::from_millis(12), ..Settings::default() };
        let panel = Sandbox::start(Options { settings, ..Options::default() }).await.unwrap();
        let client = PanelClient::new(ClientOptions::new(panel.url())).unwrap();
        let admin = Credential::Token(panel.panel.token("admin_user").unwrap().into());
        Self { panel, client, admin }
    }

    /// The administrator, or a share's token where other panels are asked for.
    pub fn credential(&self, route: &Route) -> Credential {
        match route.role {
            Role::Peer => Credential::Peer(self.share_token(1).into()),
            _ => self.admin.clone(),
        }
    }

    /// Another account in the administrator's place.
    pub fn set_credential(&mut self, credential: Credential) {
        self.admin = credential;
    }

    pub fn share_token(&self, id: i64) -> String {
        self.panel.panel.state().federation.shares.get(id).unwrap().token.clone()
    }

    pub async fn call(&self, route: &'static Route, request: &Map<String, Value>) -> Result<RawAnswer, PanelError> {
        self.client.call(route, &self.credential(route), request, None).await
    }

    /// `data` of a read.
    pub async fn read(&self, tool: &str, request: Value) -> Value {
        let answer = self.call(route(tool), request.as_object().unwrap()).await.unwrap();
        serde_json::from_str(answer.data_text()).unwrap()
    }

    pub async fn before(&self, route: &'static Route, request: &Map<String, Value>) -> Result<Before, RecipeError> {
        recipes::before(&self.client, &self.credential(route), route, request).await
    }

    pub async fn merge(
        &self,
        route: &'static Route,
        request: &mut Map<String, Value>,
        before: &Before,
    ) -> Result<Merged, RecipeError> {
        recipes::merge(&self.client, &self.credential(route), route, request, before).await
    }

    pub async fn saved(
        &self,
        route: &'static Route,
        request: &Map<String, Value>,
        before: &Before,
    ) -> Result<Option<Value>, RecipeError> {
        recipes::saved(&self.client, &self.credential(route), route, request, before).await
    }

    pub async fn verify(
        &self,
        route: &'static Route,
        request: &Map<String, Value>,
        before: &Before,
        answer: Option<&RawAnswer>,
    ) -> Verified {
        let data: Option<Value> = answer.map(|answer| serde_json::from_str(answer.data_text()).unwrap());
        recipes::verify(&self.client, &self.credential(route), route, request, before, data.as_ref()).await
    }

    /// The whole way of a change that the panel accepts.
    pub async fn change(&self, route: &'static Route, request: &Map<String, Value>) -> Changed {
        let tool = route.tool;
        let before = self.before(route, request).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
        let mut sent = request.clone();
        let merged = self.merge(route, &mut sent, &before).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
        let answer = self.call(route, &sent).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
        let verified = self.verify(route, &sent, &before, Some(&answer)).await;
        Changed { before, merged, sent, verified }
    }
}

pub fn route(tool: &str) -> &'static Route {
    generated::route(tool).unwrap_or_else(|| panic!("no tool {tool}"))
}

/// All routes that change something.
pub fn mutations() -> impl Iterator<Item = &'static Route> {
    generated::ROUTES.iter().filter(|route| route.danger >= Danger::Write)
}

pub fn recipe(route: &'static Route) -> &'static Recipe {
    Recipe::of(route).unwrap()
}

/// Why the manifest says that a change cannot be proven.
pub fn impossible(route: &'static Route) -> Option<&'static str> {
    recipe(route).verify.as_ref()?.impossible.as_deref()
}

/// Requests of the examples that succeed, in the manifest's order. A route without one gets one made for the panel it
/// is called on.
pub fn examples(world: &World, route: &'static Route) -> Vec<Map<String, Value>> {
    let entry: Entry = serde_json::from_str(route.entry).unwrap();
    let good = entry.examples.into_iter().filter(|example| example.expect.code == 0);
    let mut requests: Vec<_> = good.map(|example| object(example.request)).collect();
    if requests.is_empty() {
        // A share's token is drawn anew by every panel, so no example can hold it: the panel imports its own share.
        assert_eq!(route.tool, "federation.node_import", "no example of {} succeeds", route.tool);
        requests.push(object(json!({"remoteUrl": world.panel.url(), "token": world.share_token(1)})));
    }
    requests
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        Value::Null => Map::new(),
        other => panic!("{other} is no object"),
    }
}
