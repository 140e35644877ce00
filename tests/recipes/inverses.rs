//! What an inverse is made of: it outlives the process, it holds no secret, and it takes back what was changed and no more.

use flvx_mcp::recipes::{Before, Inverse, UndoError};
use flvx_panel::client::Credential;
use flvx_sandbox::{Fault, FaultRule};
use serde_json::json;

use crate::{
    undone::{make, requests, take_back},
    whole::{differences, whole},
    world::{World, examples, mutations, object, recipe, route},
};

const CANARY: &str = "canary-5ecret";

/// A panel in which every secret that is stored holds the canary.
async fn planted() -> World {
    let world = World::fresh().await;
    {
        let mut state = world.panel.panel.state();
        for node in state.nodes.nodes.iter_mut() {
            node.secret = format!("{CANARY}-node-{}", node.id);
            if node.is_remote == 1 {
                node.remote_token = Some(format!("{CANARY}-remote-token"));
                node.remote_config = Some(format!("{{\"token\":\"{CANARY}-remote-config\"}}"));
            }
        }
        for user in state.users.users.iter_mut().filter(|user| user.role_id != 0) {
            user.pwd = format!("{CANARY}-hash-{}", user.id);
        }
        for share in state.federation.shares.iter_mut() {
            share.token = format!("{CANARY}-share-{}", share.id);
        }
        for name in ["cloudflare_secret_key", "license_key", "jwt_secret"] {
            let now = state.now();
            state.configs.set(name, &format!("{CANARY}-{name}"), now);
        }
    }
    world
}

#[tokio::test]
async fn no_secret_is_in_a_record_or_in_an_inverse() {
    let (mut looked_at, mut kept) = (0, 0);
    for route in mutations() {
        let count = examples(&World::fresh().await, route).len();
        for example in 0..count {
            let world = planted().await;
            let mut request = examples(&world, route).remove(example);
            if route.request.fields.iter().any(|field| field.name == "name") && route.tool == "config.update_single" {
                request.insert("name".to_owned(), json!("cloudflare_secret_key"));
            }
            for field in route.request.fields.iter().filter(|field| field.secret && route.tool.starts_with("user.")) {
                if request.contains_key(field.name) && route.tool != "user.change_password" {
                    request.insert(field.name.to_owned(), json!(format!("{CANARY}-given")));
                }
            }
            let Some(made) = make(&world, route, &request).await else { continue };
            let record = made.before.to_record(route).to_string();
            let inverse = serde_json::to_string(&made.inverse(route, &made.before)).unwrap();
            let verified = format!("{:?}", made.verified);
            for text in [&record, &inverse, &verified] {
                assert!(!text.contains(CANARY), "{} {request:?}: {text}", route.tool);
                looked_at += 1;
            }
            kept += usize::from(made.saved.is_some_and(|saved| saved.to_string().contains(CANARY)));
        }
    }
    println!("{looked_at} records and inverses without a secret; {kept} saved files hold some");
    assert!(looked_at > 300 && kept > 5, "{looked_at} {kept}");
}

#[tokio::test]
async fn a_record_of_the_state_before_gives_the_same_proof_as_the_state_itself() {
    let mut agreed = 0;
    for route in mutations() {
        for lie in [false, true] {
            let count = examples(&World::fresh().await, route).len();
            for example in 0..count {
                let world = planted().await;
                let request = examples(&world, route).remove(example);
                if lie {
                    world.panel.panel.fault(FaultRule::new(Fault::Lie).on(route.path));
                }
                let before = world.before(route, &request).await.unwrap();
                let mut sent = request.clone();
                world.merge(route, &mut sent, &before).await.unwrap();
                let Ok(answer) = world.call(route, &sent).await else { continue };
                let recorded = Before::from_record(&before.to_record(route)).unwrap();
                let direct = world.verify(route, &sent, &before, Some(&answer)).await;
                let settled = world.verify(route, &sent, &recorded, Some(&answer)).await;
                assert_eq!(direct, settled, "{} {request:?}", route.tool);
                agreed += 1;
            }
        }
    }
    println!("{agreed} proofs agree");
    assert!(agreed > 150, "{agreed}");
}

#[tokio::test]
async fn only_what_was_changed_is_taken_back() {
    let world = World::fresh().await;
    // Forward 3 runs, 9 is paused already.
    let pause = route("forward.batch_pause");
    let made = make(&world, pause, &object(json!({"ids": [3, 9]}))).await.unwrap();
    let inverse = made.inverse(pause, &made.before);
    assert_eq!(inverse.calls.len(), 1);
    assert_eq!(requests(&inverse.calls[0], None).unwrap(), [object(json!({"ids": [3]}))]);
    let again = make(&world, pause, &object(json!({"ids": [3, 9]}))).await.unwrap();
    assert!(again.inverse(pause, &again.before).none.unwrap().contains("nothing to take back"));
}

#[tokio::test]
async fn permissions_that_were_made_are_removed_and_those_that_were_changed_are_put_back() {
    let world = World::fresh().await;
    let start = whole(&world.panel.panel);
    let assign = route("tunnel.user_batch_assign");
    let request = json!({"userId": 4, "tunnels": [{"tunnelId": 1, "speedId": 3}, {"tunnelId": 2}, {"tunnelId": 3}]});
    let made = make(&world, assign, &object(request)).await.unwrap();
    let inverse = made.inverse(assign, &made.before);
    let tools: Vec<&str> = inverse.calls.iter().map(|call| call.tool.as_str()).collect();
    assert_eq!(tools, ["tunnel.user_remove", "tunnel.user_remove", "tunnel.user_update"]);
    take_back(&world, &inverse, None).await.unwrap();
    let left = differences(&start, &whole(&world.panel.panel));
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn settings_go_back_one_by_one_and_secrets_are_told_as_lost() {
    let world = planted().await;
    let update = route("config.update");
    let request = json!({"app_name": "changed", "cloudflare_secret_key": "new", "brand_new": "x"});
    let made = make(&world, update, &object(request)).await.unwrap();
    let inverse = made.inverse(update, &made.before);
    let call = requests(&inverse.calls[0], None).unwrap().remove(0);
    assert_eq!(call.keys().collect::<Vec<_>>(), ["app_name"]);
    assert!(!inverse.lossless);
    for words in ["`cloudflare_secret_key`: no record keeps a secret", "`brand_new` did not exist before"] {
        assert!(inverse.loses.iter().any(|loss| loss.contains(words)), "{words}: {:?}", inverse.loses);
    }
    // Of a call that changed nothing but a secret there is nothing to take back.
    let single = route("config.update_single");
    let made = make(&world, single, &object(json!({"name": "jwt_secret", "value": "new"}))).await.unwrap();
    let inverse = made.inverse(single, &made.before);
    assert!(inverse.calls.is_empty() && inverse.none.unwrap().contains("no record keeps a secret"));
    // One that was empty can be empty again.
    let empty = object(json!({"name": "footer", "value": "x"}));
    let now = world.panel.panel.state().now();
    world.panel.panel.state().configs.set("footer", "", now);
    let made = make(&world, single, &empty).await.unwrap();
    take_back(&world, &made.inverse(single, &made.before), None).await.unwrap();
    assert_eq!(world.read("config.list", json!({})).await["footer"], "");
}

#[tokio::test]
async fn removed_members_get_their_old_permissions_back_and_new_ones_lose_theirs() {
    let world = World::fresh().await;
    let start = whole(&world.panel.panel);
    let assign = route("group.user_assign");
    let made = make(&world, assign, &object(json!({"groupId": 2, "userIds": [4, 5]}))).await.unwrap();
    let changed = differences(&start, &whole(&world.panel.panel));
    assert!(changed.iter().any(|path| path.starts_with("tunnels.user_tunnels[4]")), "{changed:?}");
    let inverse = made.inverse(assign, &made.before);
    take_back(&world, &inverse, made.saved.as_ref()).await.unwrap();
    assert_eq!(differences(&start, &whole(&world.panel.panel)), Vec::<String>::new());
    // Where nobody was removed there is nothing to import.
    let made = make(&world, assign, &object(json!({"groupId": 2, "userIds": [3, 4]}))).await.unwrap();
    let inverse = made.inverse(assign, &made.before);
    assert!(requests(&inverse.calls[0], made.saved.as_ref()).unwrap().is_empty());
    take_back(&world, &inverse, made.saved.as_ref()).await.unwrap();
    assert_eq!(differences(&start, &whole(&world.panel.panel)), Vec::<String>::new());
}

#[tokio::test]
async fn memberships_of_an_account_and_the_interface_of_a_node_come_back() {
    let world = World::fresh().await;
    let update = route("user.update");
    let made = make(&world, update, &object(json!({"id": 2, "user": "zhangwei", "groupIds": [2]}))).await.unwrap();
    take_back(&world, &made.inverse(update, &made.before), None).await.unwrap();
    assert_eq!(world.read("user.groups", json!({"id": 2})).await, json!([1]));
    // Memberships that were not touched are not sent.
    let made = make(&world, update, &object(json!({"id": 2, "user": "zhangwei", "status": 0}))).await.unwrap();
    let call = requests(&made.inverse(update, &made.before).calls[0], None).unwrap().remove(0);
    assert!(!call.contains_key("groupIds") && call["status"] == 1, "{call:?}");

    let update = route("node.update");
    let start = whole(&world.panel.panel);
    let request = json!({"id": 2, "interfaceName": "ens9", "serverIpV6": "2001:db8::9"});
    let made = make(&world, update, &object(request)).await.unwrap();
    take_back(&world, &made.inverse(update, &made.before), None).await.unwrap();
    assert_eq!(differences(&start, &whole(&world.panel.panel)), Vec::<String>::new());
}

#[tokio::test]
async fn the_saved_file_holds_only_what_the_change_touches() {
    let world = World::fresh().await;
    let delete = route("node.delete");
    let made = make(&world, delete, &object(json!({"id": 2}))).await.unwrap();
    let saved = made.saved.unwrap();
    let ids = |list: &str| saved[list].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!((ids("nodes"), ids("tunnels")), (vec![json!(2)], vec![json!(2), json!(3)]));
    assert!(saved.get("users").is_none());
    // Without the file there is no way back, and that is said.
    let mut made = make(&world, delete, &object(json!({"id": 3}))).await.unwrap();
    made.saved = None;
    assert!(made.inverse(delete, &made.before).none.unwrap().contains("was not saved"));
}

#[tokio::test]
async fn an_account_that_may_not_export_makes_its_deleted_forward_anew() {
    let mut world = World::fresh().await;
    let delete = route("forward.delete");
    world.set_credential(Credential::Token(world.panel.panel.token("zhangwei").unwrap().into()));
    let made = make(&world, delete, &object(json!({"id": 3}))).await.unwrap();
    assert_eq!(made.saved, None);
    let inverse = made.inverse(delete, &made.before);
    assert_eq!(inverse.calls[0].tool, "forward.create");
    assert!(!inverse.needs_saved && inverse.loses.iter().any(|loss| loss.contains("new id")));
    assert_eq!(take_back(&world, &inverse, None).await, Ok(1));
    let rows = world.read("forward.list", json!({})).await;
    let row = rows.as_array().unwrap().iter().find(|row| row["inPort"] == 12001).unwrap();
    assert_eq!(row["remoteAddr"], "198.51.100.77:27015");
    // What an account may not save for another reason stops the change.
    world.panel.panel.fault(FaultRule::new(Fault::Database).on("/api/v1/backup/export").times(9));
    let before = world.before(delete, &object(json!({"id": 4}))).await.unwrap();
    assert!(world.saved(delete, &object(json!({"id": 4})), &before).await.is_err());
}

#[tokio::test]
async fn an_inverse_that_needs_the_saved_file_says_so_when_it_is_not_at_hand() {
    let world = World::fresh().await;
    let delete = route("user.delete");
    let made = make(&world, delete, &object(json!({"id": 4}))).await.unwrap();
    let inverse = made.inverse(delete, &made.before);
    assert!(inverse.needs_saved);
    let error = requests(&inverse.calls[0], None).unwrap_err();
    assert_eq!(error, UndoError::NotSaved { tool: "backup.import".to_owned() });
    // A file from which nothing is left has nothing to act on.
    assert_eq!(requests(&inverse.calls[0], Some(&json!({"version": "1.0"}))), Ok(Vec::new()));
}

#[tokio::test]
async fn long_lists_go_in_parts_that_fit_into_the_panels_time() {
    let world = World::fresh().await;
    let delete = route("user.delete");
    let made = make(&world, delete, &object(json!({"id": 2}))).await.unwrap();
    let inverse = made.inverse(delete, &made.before);
    let redeploy = inverse.then.iter().find(|call| call.tool == "forward.batch_redeploy").unwrap();
    let most = route("forward.batch_redeploy").batch.unwrap().chunk as usize;
    let requests = requests(redeploy, made.saved.as_ref()).unwrap();
    let ids: Vec<&serde_json::Value> = requests.iter().flat_map(|request| request["ids"].as_array().unwrap()).collect();
    assert_eq!(ids, [3, 4, 5, 6]);
    assert!(requests.iter().all(|request| request["ids"].as_array().unwrap().len() <= most));
}

#[tokio::test]
async fn texts_that_look_like_places_come_back_as_they_were() {
    let world = World::fresh().await;
    let update = route("forward.update");
    let name = "$saved.users[].pwd";
    make(&world, update, &object(json!({"id": 3, "name": name}))).await.unwrap();
    let made = make(&world, update, &object(json!({"id": 3, "name": "other"}))).await.unwrap();
    let inverse = made.inverse(update, &made.before);
    assert!(!inverse.needs_saved);
    let text = serde_json::to_string(&inverse).unwrap();
    let inverse: Inverse = serde_json::from_str(&text).unwrap();
    take_back(&world, &inverse, None).await.unwrap();
    let rows = world.read("forward.list", json!({})).await;
    assert!(rows.as_array().unwrap().iter().any(|row| row["name"] == name));
}

#[test]
fn every_mutation_has_an_inverse_or_says_why_not() {
    let (mut with, mut saving, mut without) = (0, 0, Vec::new());
    for route in mutations() {
        let undo = recipe(route).undo.as_ref().unwrap();
        match &undo.none {
            Some(reason) => {
                assert!(reason.len() > 30, "{}: {reason}", route.tool);
                without.push(route.tool);
            }
            None => with += 1,
        }
        saving += usize::from(recipe(route).save.is_some());
    }
    println!("{with} mutations have an inverse, {saving} of them save first; none: {without:?}");
    assert!(without.len() <= 7, "{without:?}");
}
