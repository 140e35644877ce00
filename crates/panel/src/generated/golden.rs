//! The expansion of the golden manifest, compiled and called. It has what the panel's routes of today do not have and
//! those of tomorrow do: path parameters, queries, headers, lines of JSON.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use self::station::*;
use crate::{
    Secret,
    client::{ClientOptions, Credential, PanelClient},
    spec::{Cost, Danger, LimitClass, Role, Wording},
};

include!("../../../manifest/tests/golden/expected/domains.rs");

/// A panel that answers once, and what it was asked.
async fn panel(content_type: &str, body: &str) -> (PanelClient, JoinHandle<String>) {
    // The program does this first of all; a second time is an error that means nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let read = stream.read(&mut buffer).await.unwrap();
            bytes.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if rest.len() >= length {
                break;
            }
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(bytes).unwrap()
    });
    (PanelClient::new(ClientOptions::new(format!("http://{address}"))).unwrap(), asked)
}

fn token() -> Credential {
    Credential::Token(Secret::new("jwt"))
}

fn body_of(asked: &str) -> Value {
    serde_json::from_str(asked.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn path_query_and_header_arguments_travel_where_the_manifest_says() {
    let (client, asked) = panel("application/json", r#"{"code":0,"msg":"操作成功","ts":5,"data":[{"timestamp":1,"value":2,"new":true},{"timestamp":2,"value":null}]}"#).await;
    let request = StationMetricsRequest {
        id: 7,
        range: Some("24h".to_owned()),
        sensor: Some(vec!["wind & rain".to_owned(), "sun".to_owned()]),
        x_panel_domain: Some("a.example".to_owned()),
    };
    let answer = client.station_metrics(&token(), &request).await.unwrap();
    let asked = asked.await.unwrap();
    assert!(
        asked.starts_with("GET /api/v1/station/7/metrics?range=24h&sensor=wind+%26+rain&sensor=sun HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(asked.to_lowercase().contains("\r\nx-panel-domain: a.example\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\n"), "a GET has no body: {asked}");
    assert_eq!((answer.msg.as_str(), answer.ts), ("操作成功", Some(5)));
    assert_eq!(answer.data.iter().map(|reading| reading.value).collect::<Vec<_>>(), [Some(2.0), None]);
    assert_eq!(answer.data[0].flags, None);
}

#[tokio::test]
async fn data_that_the_panel_leaves_out_is_none() {
    let (client, _asked) = panel("application/json", r#"{"code":0,"msg":"操作成功","ts":5}"#).await;
    assert!(client.station_latest(&token(), &StationLatestRequest { id: 7 }).await.unwrap().data.is_none());
}

#[tokio::test]
async fn lines_of_json_become_rows() {
    let lines = "{\"id\":1,\"reading\":{\"timestamp\":3,\"value\":1.5}}\n\n{\"id\":2,\"reading\":{\"timestamp\":4,\"flags\":[\"late\"]}}\n";
    let (client, asked) = panel("application/x-ndjson; charset=utf-8", lines).await;
    let rows = client.station_watch(&token(), &StationWatchRequest { ids: vec![1, 2] }).await.unwrap().data;
    assert_eq!(
        rows.iter().map(|row| (row.id, row.reading.timestamp, row.reading.value)).collect::<Vec<_>>(),
        [(1, 3, Some(1.5)), (2, 4, None)]
    );
    assert_eq!(body_of(&asked.await.unwrap()), json!({ "ids": [1, 2] }));
}

#[tokio::test]
async fn a_text_answer_is_a_string_and_a_public_route_gets_no_token() {
    let (client, asked) = panel("text/plain; charset=utf-8", "wind=3; rain=\"none\"").await;
    let request = FeedReportRequest { user: "anna".to_owned(), pwd: "geheim/1".into() };
    assert_eq!(client.feed_report(&token(), &request).await.unwrap().data, "wind=3; rain=\"none\"");
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("GET /api/v1/station/report?user=anna&pwd=geheim%2F1 HTTP/1.1\r\n"), "{asked}");
    assert!(!asked.to_lowercase().contains("\r\nauthorization:"), "{asked}");
    assert!(format!("{request:?}").contains("pwd: [redacted]"), "{request:?}");
}

#[tokio::test]
async fn a_body_with_free_keys_is_sent_as_it_is() {
    let (client, asked) = panel("application/json", r#"{"code":0,"msg":"操作成功","ts":5,"data":"ignored"}"#).await;
    let request = StationSettingsRequest([("interval".to_owned(), "60".to_owned())].into());
    assert_eq!(client.station_settings(&token(), &request).await.unwrap().data, super::NoData);
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("PUT /api/v1/station/settings HTTP/1.1\r\n"), "{asked}");
    assert_eq!(body_of(&asked), json!({ "interval": "60" }));
}

#[test]
fn what_is_left_out_is_not_sent_and_null_is() {
    let request = StationCreateRequest {
        name: "Tern".to_owned(),
        model: None,
        place: None,
        region: Some(None),
        alarms: None,
        key: None,
        r#type: 2,
    };
    let sent = json!({ "name": "Tern", "region": null, "type": 2 });
    assert_eq!(serde_json::to_value(&request).unwrap(), sent);
    let read: StationCreateRequest = serde_json::from_value(sent).unwrap();
    assert_eq!((read.region, read.model), (Some(None), None));
}

#[test]
fn an_answer_may_lack_keys_and_have_others() {
    let row: StationListRow = serde_json::from_value(
        json!({ "id": 1, "owner": { "2fa": true }, "settings": { "password": "geheim" }, "colour": "red" }),
    )
    .unwrap();
    assert_eq!((row.id, row.name.as_str(), row.owner.n2fa, row.place.is_none()), (1, "", Some(true), true));
    let printed = format!("{row:?}");
    assert!(!printed.contains("geheim"), "{printed}");
}

#[test]
fn defaults_are_filled_in_where_the_manifest_is_silent() {
    let row = |name: &str| route(name).unwrap();
    assert_eq!((row("station.list").timeout_s, row("station_list").limits), (10, LimitClass::Read));
    assert_eq!(
        (row("station.create").timeout_s, row("station.create").limits, row("station.create").cost),
        (20, LimitClass::Write, Cost::Slow)
    );
    assert_eq!((row("station.delete").timeout_s, row("station.delete").limits), (35, LimitClass::Heavy));
    assert_eq!((row("station.metrics").timeout_s, row("station.metrics").limits), (30, LimitClass::Probe));
    assert_eq!((row("station.create").role, row("station.create").least_role), (Role::User, Role::Admin));
    assert_eq!((row("station.list").least_role, row("feed.report").least_role), (Role::User, Role::Public));
    assert_eq!(
        row("station.create").escalate.iter().map(|rule| rule.to).collect::<Vec<_>>(),
        [Danger::Dangerous, Danger::Critical]
    );
    assert!(route("station.archive").is_none());
}

#[test]
fn the_tables_hold_what_the_manifest_lists() {
    assert_eq!((BASELINE, ROUTES.len(), DOMAINS[0].title_zh), ("2.1.5-alpha6", 8, "气象站"));
    assert_eq!(
        UNLISTED.iter().map(|path| (path.alias_of, path.excluded)).collect::<Vec<_>>(),
        [(Some("station.list"), None), (None, Some("Only stations call it."))]
    );
}

#[test]
fn the_more_exact_wording_comes_first_and_of_the_same_the_routes_own() {
    let wordings: Vec<Wording> = STATION_CREATE.errors.iter().map(|rule| rule.wording).collect();
    assert_eq!(
        wordings,
        [
            Wording::Exact("名称重复"),
            Wording::Exact("未登录或token已过期"),
            Wording::Prefix("名称"),
            Wording::Contains("满"),
            Wording::Any
        ]
    );
}

#[test]
fn the_schema_of_a_request_type_is_the_text_in_the_table() {
    let schema = StationCreateRequest::json_schema(&mut SchemaGenerator::default());
    assert_eq!(schema.to_value(), serde_json::from_str::<Value>(STATION_CREATE.request_schema).unwrap());
    assert!(STATION_CREATE.request_schema.contains(r#""region":{"type":["integer","null"]"#));
    let row = StationListRow::json_schema(&mut SchemaGenerator::default()).to_value();
    assert_eq!(row["properties"]["owner"]["properties"]["2fa"]["type"], "boolean");
}
