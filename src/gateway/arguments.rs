//! The outer arguments of every tool: `request`, `view`, `auth_context`, `idempotency_key`, `confirm_token`.

use flvx_panel::{Secret, spec::Danger};
use serde_json::{Map, Value};

use super::{
    Problem, Tool,
    check::{check, kind_of},
    shape::View,
};
use crate::nearest::nearest;

/// Longest idempotency key, in bytes.
const LONGEST_KEY: usize = 200;
/// Shortest idempotency key: shorter ones repeat by accident.
const SHORTEST_KEY: usize = 8;

/// The arguments of one call, checked.
#[derive(Debug, Default)]
pub struct Arguments {
    /// The panel's parameters.
    pub request: Map<String, Value>,
    /// What to show of a list.
    pub view: Option<View>,
    /// Name of the credential to call with.
    pub auth_context: Option<String>,
    /// The caller's name for this change.
    pub idempotency_key: Option<String>,
    /// Proof that the change is wanted.
    pub confirm_token: Option<Secret>,
}

impl Arguments {
    /// Checks what came from the client against what the tool takes.
    ///
    /// # Errors
    /// Every mistake with its path, at most eight.
    pub fn read(tool: &Tool, mut given: Map<String, Value>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut arguments = Self::default();
        match given.remove("request") {
            None => problems.extend(check("request", &Map::new(), tool.request, tool.need_one_of)),
            Some(Value::Object(request)) => {
                problems.extend(check("request", &request, tool.request, tool.need_one_of));
                arguments.request = request;
            }
            Some(Value::String(_)) => problems.push(problem(
                "request",
                "a text where an object is expected; send the object itself, not its JSON as text",
            )),
            Some(other) => {
                problems.push(problem("request", &format!("{} where an object is expected", kind_of(&other))))
            }
        }
        arguments.auth_context = text("auth_context", given.remove("auth_context"), &mut problems);
        arguments.read_view(tool, given.remove("view"), &mut problems);
        arguments.read_change_keys(tool, &mut given, &mut problems);
        for key in given.keys() {
            problems.push(stray(tool, key));
        }
        if problems.is_empty() { Ok(arguments) } else { Err(problems) }
    }

    fn read_view(&mut self, tool: &Tool, given: Option<Value>, problems: &mut Vec<Problem>) {
        let Some(given) = given else { return };
        let Some(route) = tool.route().filter(|route| tool.is_list() || route.to_file) else {
            problems.push(problem("view", "this tool gives no list; leave it out"));
            return;
        };
        match View::read(given) {
            Ok(view) => match view.check(route) {
                Ok(()) => self.view = Some(view),
                Err(super::shape::ViewError::Asked(problem)) => problems.push(problem),
                Err(error) => problems.push(problem("view", &error.to_string())),
            },
            Err(found) => problems.extend(found),
        }
    }

    fn read_change_keys(&mut self, tool: &Tool, given: &mut Map<String, Value>, problems: &mut Vec<Problem>) {
        let (key, token) = (given.remove("idempotency_key"), given.remove("confirm_token"));
        if tool.danger < Danger::Write {
            for (name, value) in [("idempotency_key", &key), ("confirm_token", &token)] {
                if value.is_some() {
                    problems.push(problem(name, "this tool changes nothing; leave it out"));
                }
            }
            return;
        }
        self.idempotency_key = text("idempotency_key", key, problems);
        if let Some(key) = &self.idempotency_key {
            if key.len() < SHORTEST_KEY || key.len() > LONGEST_KEY {
                let message = format!(
                    "{} characters; {SHORTEST_KEY} to {LONGEST_KEY} are taken (a UUID is a good key)",
                    key.len()
                );
                problems.push(problem("idempotency_key", &message));
            } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                problems.push(problem(
                    "idempotency_key",
                    "only visible ASCII characters without spaces are taken (a UUID is a good key)",
                ));
            }
        }
        self.confirm_token = text("confirm_token", token, problems).map(Secret::new);
    }
}

fn text(name: &str, given: Option<Value>, problems: &mut Vec<Problem>) -> Option<String> {
    match given? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::String(_) => {
            problems.push(problem(name, "empty text; give a value or leave the key out"));
            None
        }
        Value::Null => None,
        other => {
            problems.push(problem(name, &format!("{} where a text is expected", kind_of(&other))));
            None
        }
    }
}

fn problem(path: &str, message: &str) -> Problem {
    Problem { path: path.to_owned(), message: message.to_owned() }
}

fn stray(tool: &Tool, key: &str) -> Problem {
    const OUTER: [&str; 5] = ["request", "view", "auth_context", "idempotency_key", "confirm_token"];
    let message = if tool.request.fields.iter().any(|field| field.name == key && !field.ignored) {
        format!("belongs inside `request`: {{\"request\": {{\"{key}\": …}}}}")
    } else if let Some(right) = nearest(key, OUTER.into_iter()) {
        format!("unknown key; did you mean `{right}`?")
    } else {
        "unknown key; the panel's parameters go inside `request`".to_owned()
    };
    Problem { path: key.to_owned(), message }
}
