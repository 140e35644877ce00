//! The changes that are broken off: a tool, its request, what must have happened before, and whether reading can prove it.

use serde_json::{Value, json};

/// One change.
#[derive(Clone, Copy)]
pub struct Scene {
    pub name: &'static str,
    pub tool: &'static str,
    /// JSON.
    pub request: &'static str,
    /// A change that is made first and taken back by `ops.undo`, which is then the change of this scene.
    pub undone: bool,
    /// Paths of the panel calls that change something.
    pub paths: &'static [&'static str],
    /// Whether reading shows what came of it.
    pub proves: bool,
}

impl Scene {
    pub fn request(&self) -> Value {
        serde_json::from_str(self.request).unwrap()
    }
}

const fn scene(name: &'static str, tool: &'static str, request: &'static str, paths: &'static [&'static str]) -> Scene {
    Scene { name, tool, request, undone: false, paths, proves: true }
}

pub const CREATE: Scene =
    scene("create", "user.create", r#"{"user":"zoe","pwd":"fake-pw-zoe"}"#, &["/api/v1/user/create"]);
pub const UPDATE: Scene = scene(
    "update with merge",
    "user.update",
    r#"{"id":3,"user":"alice-2","status":1,"flow":100}"#,
    &["/api/v1/user/update"],
);
pub const DELETE: Scene = scene("dangerous delete", "forward.delete", r#"{"id":1}"#, &["/api/v1/forward/delete"]);
pub const BATCH: Scene = scene("batch", "forward.batch_pause", r#"{"ids":[1,2]}"#, &["/api/v1/forward/batch-pause"]);
pub const RESET: Scene = Scene {
    proves: false,
    ..scene("unverifiable", "user.reset_flow", r#"{"id":2,"type":1}"#, &["/api/v1/user/reset"])
};
pub const IMPORT: Scene = Scene {
    proves: false,
    ..scene(
        "import with its saved file",
        "backup.import",
        r#"{"types":["configs"],"version":"1.0","configs":{"app_name":"restored name"}}"#,
        &["/api/v1/backup/import"],
    )
};
pub const UNDO: Scene = Scene {
    undone: true,
    ..scene(
        "undo of one call",
        "user.update",
        r#"{"id":3,"user":"alice-2","status":1,"flow":100}"#,
        &["/api/v1/user/update"],
    )
};
pub const UNDO_DELETE: Scene = Scene {
    undone: true,
    // Whether a node carries out what it is told no read shows.
    proves: false,
    ..scene(
        "undo of a delete",
        "forward.delete",
        r#"{"id":1}"#,
        &["/api/v1/backup/import", "/api/v1/forward/batch-redeploy", "/api/v1/forward/batch-pause"],
    )
};

pub const ALL: [Scene; 8] = [CREATE, UPDATE, DELETE, BATCH, RESET, IMPORT, UNDO, UNDO_DELETE];

/// Arguments of a call.
pub fn arguments(request: &Value, key: &str, token: Option<&str>) -> Value {
    let mut arguments = json!({ "request": request, "idempotency_key": key });
    if let Some(token) = token {
        arguments["confirm_token"] = token.into();
    }
    arguments
}
