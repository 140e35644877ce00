//! The recorded exchanges, and what each answer comes to when it is read in the form of its route.

use std::{fmt, path::Path};

use flvx_panel::{
    generated::{ROUTES, UNLISTED, route},
    spec::{AnswerForm, Route},
};
use serde::Deserialize;
use serde_json::Value;

/// One request to a real panel and its answer.
#[derive(Debug, Deserialize)]
pub struct Exchange {
    #[serde(skip)]
    file: String,
    name: String,
    path: String,
    response: Response,
}

#[derive(Debug, Deserialize)]
struct Response {
    http_status: Option<u16>,
    body: Value,
}

/// What the panel said.
#[derive(Debug)]
pub enum Said {
    /// It succeeded, with this data; `None`: the envelope had no such key.
    Done(Option<Value>),
    /// It refused.
    Refused {
        /// Envelope code.
        code: i64,
        /// Envelope message.
        msg: String,
    },
    /// Nothing: it closed the connection, or it was a browser's preflight.
    Nothing,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.json, {}", self.file, self.name)
    }
}

impl Exchange {
    /// The route that was called, by its own path or by one that stands for it; `None` on paths that are no route.
    pub fn route(&self) -> Option<&'static Route> {
        let own = ROUTES.iter().find(|route| route.path == self.path);
        own.or_else(|| UNLISTED.iter().find(|unlisted| unlisted.path == self.path)?.alias_of.and_then(route))
    }

    /// The body of the answer.
    pub fn body(&self) -> &Value {
        &self.response.body
    }

    /// Reads the answer in the form of the route.
    pub fn said(&self, route: &Route) -> Said {
        let body = self.body();
        match (self.response.http_status, body["code"].as_i64(), body["msg"].as_str()) {
            (None | Some(204), ..) => Said::Nothing,
            (Some(200), Some(0), Some(_)) => Said::Done(body.get("data").cloned()),
            (Some(200), Some(code), Some(msg)) => Said::Refused { code, msg: msg.to_owned() },
            (Some(200), ..) if route.answer != AnswerForm::Envelope => Said::Done(Some(body.clone())),
            (status, ..) => panic!("{self}: {status:?} {body}"),
        }
    }
}

/// All exchanges of `tests/recordings`.
pub fn all() -> Vec<Exchange> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings");
    let mut exchanges = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let read: Vec<Exchange> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let file = path.file_stem().unwrap().to_str().unwrap();
            exchanges.extend(read.into_iter().map(|exchange| Exchange { file: file.to_owned(), ..exchange }));
        }
    }
    assert!(exchanges.len() >= 850, "only {} recorded exchanges", exchanges.len());
    exchanges
}
