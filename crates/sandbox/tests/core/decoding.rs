//! The corners of the panel's two ways of reading bodies, and of its paths.

use http::header::LOCATION;
use http::{HeaderMap, Method};
use serde_json::json;

use crate::{call, data, panel, send};

#[test]
fn a_lone_surrogate_becomes_the_replacement_character_and_a_pair_stays() {
    let panel = panel();
    let body = r#"{"name":"k","value":"\ud83d\ude00 \ud800x \\ud800 \u0041 \udc00\udc00"}"#;
    assert_eq!(call(&panel, "/config/update-single", body)["code"], 0);
    assert_eq!(data(&panel, "/config/get", json!({"name": "k"}))["value"], "😀 \u{fffd}x \\ud800 A \u{fffd}\u{fffd}");
}

#[test]
fn keys_fold_as_in_go_even_with_the_kelvin_sign() {
    let panel = panel();
    let users = data(&panel, "/user/list", json!({"\u{212a}EYWORD": "alice"}));
    assert_eq!(users.as_array().unwrap().len(), 1);
    // a Turkish dotless i is no i
    assert_eq!(call(&panel, "/user/list", json!({"s\u{131}ze": 1}))["code"], -1);
}

#[test]
fn a_null_leaves_what_an_earlier_key_has_set() {
    let panel = panel();
    assert_eq!(call(&panel, "/config/get", r#"{"name":"ip","NAME":null}"#)["data"]["id"], 3);
    assert_eq!(call(&panel, "/config/get", r#"{"name":"ip","NAME":"app_name"}"#)["data"]["id"], 1);
}

#[test]
fn loose_numbers_take_floats_without_fraction_exponents_and_signed_text() {
    let panel = panel();
    for (sent, stored) in [
        ("1e2", 100),
        ("7.0", 7),
        ("7.5", 10),
        ("\"+8\"", 8),
        ("\" 9 \"", 9),
        ("\"9.0\"", 10),
        ("true", 10),
        ("null", 10),
        ("-0.0", 0),
        ("[5]", 10),
        ("99999999999999999999", 10),
    ] {
        data(&panel, "/user/update", format!(r#"{{"id":2,"user":"zhangwei","num":{sent}}}"#));
        assert_eq!(panel.state().users.users.get(2).unwrap().num, stored, "{sent}");
    }
}

#[test]
fn strict_integers_take_integer_literals_only() {
    let panel = panel();
    for (sent, code) in
        [("1", 0), ("null", 0), ("1.0", -1), ("1e0", -1), ("\"1\"", -1), ("true", -1), ("9223372036854775808", -1)]
    {
        assert_eq!(call(&panel, "/user/list", format!(r#"{{"size":{sent}}}"#))["code"], code, "{sent}");
    }
}

#[test]
fn markup_in_answers_is_escaped_as_go_does() {
    let panel = panel();
    data(&panel, "/config/update-single", json!({"name": "k", "value": "<a&b>\u{2028}"}));
    let response = send(&panel, "", "/api/v1/config/get", r#"{"name":"k"}"#);
    let text = String::from_utf8(response.body.to_vec()).unwrap();
    assert!(text.contains(r#""value":"\u003ca\u0026b\u003e\u2028""#), "{text}");
    assert!(text.ends_with("}\n"));
}

#[test]
fn an_unclean_path_is_redirected_with_its_query() {
    let panel = panel();
    for (target, clean) in [
        ("//flow//test?a=b", "/flow/test?a=b"),
        ("/flow/./x/../test", "/flow/test"),
        ("/flow//测试/", "/flow/%E6%B5%8B%E8%AF%95/"),
    ] {
        let loopback = std::net::Ipv4Addr::LOCALHOST.into();
        let (response, _) = panel.request_now(loopback, Method::POST, target, HeaderMap::new(), "".into());
        assert_eq!((response.status, response.headers[LOCATION].to_str().unwrap()), (301, clean));
    }
}

#[test]
fn a_user_cannot_reach_what_only_looks_like_his_own_tunnel_route() {
    let panel = panel();
    let code = |path: &str| {
        let response = send(&panel, "alice", path, "{}");
        serde_json::from_slice::<serde_json::Value>(&response.body)
            .map_or(json!(response.status), |v| v["code"].clone())
    };
    assert_eq!(code("/api/v1/tunnel/user/tunnel"), 0);
    // the panel looks at the prefix alone, so an unknown path below it is a plain 404 to users as well
    assert_eq!(code("/api/v1/tunnel/user/tunnels"), 404);
    assert_eq!(code("/api/v1/tunnel/user/list"), 403);
}
