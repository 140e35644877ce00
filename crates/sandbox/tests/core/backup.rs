//! Backups: what an import keeps, what it refuses as a whole, and that a document survives the way there and back.

use serde_json::{Value, json};

use crate::{call, data, panel};

fn import(panel: &flvx_sandbox::Panel, types: Value, mut document: Value) -> Value {
    document["types"] = types;
    document["version"] = "1.0".into();
    call(panel, "/backup/import", document)
}

/// An export without what changes with time.
fn settled(mut document: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("updatedTime");
                map.remove("exportedAt");
                map.values_mut().for_each(walk);
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut document);
    document
}

#[test]
fn an_export_imported_into_an_empty_panel_exports_the_same_but_for_times_of_change() {
    let full = panel();
    let document = data(&full, "/backup/export", "{}");
    let empty = flvx_sandbox::Panel::with_state(flvx_sandbox::world::first_start(flvx_sandbox::Settings::default()));
    let types = document.as_object().unwrap().keys().cloned().collect();
    let answer = import(&empty, types, document.clone());
    assert_eq!(answer["code"], 0, "{answer}");
    assert_eq!(answer["data"]["usersImported"], 5);
    assert_eq!(answer["data"]["autoBackup"]["users"].as_array().unwrap().len(), 1);
    assert_eq!(settled(document), settled(data(&empty, "/backup/export", "{}")));
}

#[test]
fn a_row_that_is_there_keeps_the_time_of_its_making() {
    let panel = panel();
    let made = panel.state().users.users.get(2).unwrap().created_time;
    import(
        &panel,
        json!(["users"]),
        json!({"users": [{"id": 2, "user": "renamed", "createdTime": 5}, {"id": 9, "createdTime": 5}]}),
    );
    assert_eq!(panel.state().users.users.get(2).unwrap().created_time, made);
    assert_eq!(panel.state().users.users.get(2).unwrap().user, "renamed");
    assert_eq!(panel.state().users.users.get(9).unwrap().created_time, 5);
    data(&panel, "/user/create", json!({"user": "next", "pwd": "p"}));
    assert_eq!(panel.state().users.named("next").unwrap().id, 10);
}

#[test]
fn a_clash_in_a_later_section_undoes_the_earlier_ones() {
    let panel = panel();
    let document = json!({"users": [{"id": 70, "user": "x"}], "userTunnels": [{"id": 70, "userId": 2, "tunnelId": 1}]});
    let answer = import(&panel, json!(["users", "userTunnels"]), document);
    assert_eq!(answer["code"], -2);
    assert_eq!(
        answer["msg"],
        "导入失败: import user tunnels failed: constraint failed: UNIQUE constraint failed: user_tunnel.user_id, user_tunnel.tunnel_id (2067)"
    );
    assert!(panel.state().users.users.get(70).is_none());
}

#[test]
fn a_member_named_twice_is_a_clash() {
    let panel = panel();
    let answer =
        import(&panel, json!(["tunnelGroups"]), json!({"tunnelGroups": [{"id": 1, "name": "n", "tunnels": [1, 1]}]}));
    assert_eq!(
        answer["msg"],
        "导入失败: import tunnel groups failed: constraint failed: UNIQUE constraint failed: tunnel_group_tunnel.tunnel_group_id, tunnel_group_tunnel.tunnel_id (2067)"
    );
}

#[test]
fn sections_that_are_not_asked_for_are_left_alone() {
    let panel = panel();
    let answer =
        import(&panel, json!(["configs"]), json!({"users": [{"id": 2, "user": "renamed"}], "configs": {"a": "b"}}));
    assert_eq!((&answer["data"]["usersImported"], &answer["data"]["configsImported"]), (&json!(0), &json!(1)));
    assert_eq!(panel.state().users.users.get(2).unwrap().user, "zhangwei");
}

#[test]
fn ports_are_replaced_when_they_are_given_and_kept_when_not() {
    let panel = panel();
    let forward = |ports: Value| json!({"forwards": [{"id": 4, "userId": 2, "tunnelId": 1, "forwardPorts": ports}]});
    let ports = || {
        let state = panel.state();
        state.forwards.ports.iter().filter(|p| p.forward_id == 4).map(|p| p.port).collect::<Vec<_>>()
    };
    import(&panel, json!(["forwards"]), forward(Value::Null));
    assert_eq!(ports(), [13306]);
    import(&panel, json!(["forwards"]), forward(json!([{"nodeId": 1, "port": 1}, {"nodeId": 2, "port": 2}])));
    assert_eq!(ports(), [1, 2]);
    import(&panel, json!(["forwards"]), forward(json!([])));
    assert_eq!(ports(), Vec::<i64>::new());
    let document = data(&panel, "/backup/export", json!({"types": ["forwards"]}));
    assert_eq!(document["forwards"][3]["forwardPorts"], Value::Null);
    assert_eq!(document["forwards"][3]["strategy"], "fifo");
}
