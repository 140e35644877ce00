//! The panels of one recording and the playing of its exchanges: credentials in place of placeholders, secrets in
//! place of recorded ones, then the comparison.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use flvx_sandbox::agents;
use flvx_sandbox::state::Internet;
use flvx_sandbox::{Clock, Panel, Response, Settings, world};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::Exchange;
use crate::compare::{Comparison, Secrets};
use crate::steps::{Action, Step};

const NODE_WAIT: Duration = Duration::from_millis(1200);

/// The panels that the recordings were made on, and what is known of them.
pub struct Player {
    provider: Panel,
    consumer: Panel,
    empty: Panel,
    secrets: Secrets,
    tokens: BTreeMap<String, String>,
    began: i64,
    recorded_from: i64,
}

impl Player {
    /// Fresh panels, for a recording that began at this time.
    pub fn new(recorded_from: i64) -> Self {
        let settings = |seed| Settings { seed, node_wait: NODE_WAIT, ..Settings::default() };
        let shared = settings(1);
        let provider = Panel::new(shared.clone());
        let consumer = Panel::with_state(world::first_start(Settings { peers: shared.peers.clone(), ..settings(2) }));
        provider.publish("127.0.0.1:16400");
        consumer.publish("127.0.0.1:16401");
        let empty = Panel::with_state(world::first_start(settings(3)));
        let mut player = Self {
            provider,
            consumer,
            empty,
            secrets: Secrets::default(),
            tokens: BTreeMap::new(),
            began: Clock::Real.now_ms(),
            recorded_from,
        };
        player.learn();
        player
    }

    /// Does something between the exchanges.
    pub fn step(&mut self, step: Step) {
        let panel = match step.panel.as_deref() {
            None | Some("provider") => self.provider.clone(),
            Some("consumer") => self.consumer.clone(),
            Some("empty") => self.empty.clone(),
            Some(other) => panic!("no panel {other:?} in a replay"),
        };
        match step.action {
            Action::Online(node) => agents::connect(&mut panel.state(), node),
            Action::Offline(node) => agents::disconnect(&mut panel.state(), node),
            Action::Behave { node, how } => panel.state().agents.agent(node).behaviour = how,
            Action::Hello { node, hello } => panel.state().agents.agent(node).hello = hello,
            Action::ForeignPorts { node, ports } => {
                panel.state().agents.agent(node).model.foreign_ports = ports.into_iter().collect();
            }
            Action::DeadTargets { node, hosts } => {
                panel.state().agents.agent(node).model.dead_targets = hosts.into_iter().collect();
            }
            Action::BackupBinary { node, present } => {
                panel.state().agents.agent(node).model.has_backup_binary = present;
            }
            Action::Traffic { node, items } => {
                let secret = panel.state().nodes.nodes.get(node).expect("a node to report traffic").secret.clone();
                let target = format!("/flow/upload?secret={secret}");
                let (response, _) = call(&panel, "POST", &target, HeaderMap::new(), items.to_string());
                assert_eq!(response.body.as_ref(), b"ok");
            }
            Action::Internet(name) => {
                panel.state().internet = Internet::named(&name).unwrap_or_else(|| panic!("no internet {name:?}"));
            }
            Action::Call { path, method, authorization, body } => {
                let token = match authorization {
                    Some(text) => self.credentials(&text),
                    None => panel.token("admin_user").expect("an administrator"),
                };
                let headers =
                    HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::try_from(token).unwrap())]);
                let body = body.map(|b| self.secrets.translate_value(&b).to_string()).unwrap_or_default();
                let (response, _) = call(&panel, method.as_deref().unwrap_or("POST"), &path, headers, body);
                let text = String::from_utf8_lossy(&response.body).into_owned();
                assert!(text.starts_with(r#"{"code":0,"#), "the unrecorded call of {path} failed: {text}");
            }
        }
        self.learn();
    }

    /// Sends one recorded request and says how the answer differs.
    pub fn play(&mut self, exchange: &Exchange) -> Vec<String> {
        self.learn();
        let request = exchange.request.as_object().expect("a request is an object");
        let mut headers = HeaderMap::new();
        let mut panel = if exchange.name.contains("(consumer)") { &self.consumer } else { &self.provider };
        for (name, value) in request.get("headers").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().expect("a header is text");
            if value.contains("of an empty panel") {
                panel = &self.empty;
            }
            let value = self.credentials(value);
            headers.insert(HeaderName::try_from(name.as_str()).unwrap(), HeaderValue::try_from(value).unwrap());
        }
        let body = match (request.get("body"), request.get("raw_body")) {
            (Some(value), _) => self.secrets.translate_value(value).to_string(),
            (None, Some(text)) => text.as_str().expect("a raw body is text").to_owned(),
            (None, None) => String::new(),
        };
        let mut target = exchange.path.clone();
        for (index, (name, value)) in request.get("query").and_then(Value::as_object).into_iter().flatten().enumerate()
        {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            target += &format!("{}{name}={}", if index == 0 { "?" } else { "&" }, escape(&value));
        }
        let (response, delay) = call(panel, &exchange.method, &target, headers, body);
        let mut comparison = Comparison {
            secrets: &mut self.secrets,
            recorded_from: self.recorded_from,
            began: self.began,
            now: Clock::Real.now_ms(),
            differences: Vec::new(),
        };
        compare(&mut comparison, exchange, &response, delay);
        comparison.differences
    }

    /// Remembers tokens and share tokens while their owners exist: they outlive them.
    fn learn(&mut self) {
        for (panel, suffix) in
            [(&self.provider, ""), (&self.consumer, " of the consumer"), (&self.empty, " of an empty panel")]
        {
            let users: Vec<String> = panel.state().users.users.iter().map(|u| u.user.clone()).collect();
            for user in users {
                let token = panel.token(&user).expect("a token for an account that is there");
                let placeholder = match user.as_str() {
                    "admin_user" => format!("<admin token{suffix}>"),
                    name => format!("<user token: {name}{suffix}>"),
                };
                self.tokens.entry(placeholder).or_insert(token);
            }
        }
        for (id, name) in [(1, "open"), (2, "strict"), (3, "small"), (4, "least")] {
            if let Some(share) = self.provider.state().federation.shares.get(id) {
                self.tokens.entry(format!("<share token: {name}>")).or_insert_with(|| share.token.clone());
            }
        }
    }

    /// The text with placeholders replaced.
    fn credentials(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (placeholder, token) in &self.tokens {
            out = out.replace(placeholder, token);
        }
        // a credential that nobody has yet is as good as none, and the answer will show it
        out.replace(['<', '>'], "?")
    }
}

fn call(panel: &Panel, method: &str, target: &str, headers: HeaderMap, body: String) -> (Response, Duration) {
    let method = Method::try_from(method).expect("a method");
    panel.request_now(IpAddr::V4(Ipv4Addr::LOCALHOST), method, target, headers, Bytes::from(body))
}

fn compare(comparison: &mut Comparison<'_>, exchange: &Exchange, response: &Response, delay: Duration) {
    let recorded = &exchange.response;
    took(comparison, &exchange.note, delay);
    let Some(status) = recorded.http_status else {
        if !response.cut {
            comparison.differ("connection", "closed without a byte", &String::from_utf8_lossy(&response.body));
        }
        return;
    };
    if response.cut {
        comparison.differ("connection", "answered", "closed without a byte");
        return;
    }
    if response.status != status {
        comparison.differ("status", &status, &response.status);
    }
    let header = |name: &str| response.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    if header("content-type") != recorded.content_type {
        comparison.differ(
            "content type",
            &format!("{:?}", recorded.content_type),
            &format!("{:?}", header("content-type")),
        );
    }
    if let Some((_, noted)) = exchange.note.split_once("response header ") {
        let (name, value) = noted.split_once(": ").expect("a noted header has a value");
        if header(name).as_deref() != Some(value) {
            comparison.differ(name, value, &header(name).unwrap_or_default());
        }
    }
    let text = String::from_utf8_lossy(&response.body);
    match &recorded.body {
        Value::String(want) => comparison.values("body", &Value::from(want.as_str()), &Value::from(text.as_ref())),
        want => match serde_json::from_str(&text) {
            Ok(got) => comparison.values("", want, &got),
            Err(_) => comparison.differ("body", want, text.as_ref()),
        },
    }
}

/// The noted duration, and the sandbox's delay in the same proportion to its wait for a silent node.
fn took(comparison: &mut Comparison<'_>, note: &str, delay: Duration) {
    let noted =
        note.split_once("took ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<f64>().ok()).unwrap_or(0.0);
    let ours = delay.as_secs_f64() / NODE_WAIT.as_secs_f64() * 12.0;
    if (ours - noted).abs() > 1.0 {
        comparison.differ("seconds", &noted, &ours);
    }
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
