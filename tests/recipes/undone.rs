//! A change and its inverse leave the panel as it was: every example of every mutation is run, taken back through the
//! calls of its inverse as they come out of a record, and the whole panel, its nodes included, is compared field by field.
//! A difference is only allowed where it is named here, and then the inverse must have announced it.

use flvx_mcp::recipes::{self, Before, Happened, Inverse, InverseCall, UndoError, Verified};
use flvx_panel::spec::Route;
use serde_json::{Map, Value, json};

use crate::{
    whole::{ANNOUNCED, differences, whole},
    world::{World, examples, mutations, recipe, route},
};

/// One change with all that is known of it afterwards.
pub struct Made {
    pub sent: Map<String, Value>,
    pub before: Before,
    pub data: Value,
    pub verified: Verified,
    pub saved: Option<Value>,
}

/// The whole way of a change; `None`: the panel refused it.
pub async fn make(world: &World, route: &'static Route, request: &Map<String, Value>) -> Option<Made> {
    let tool = route.tool;
    let before = world.before(route, request).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
    let mut sent = request.clone();
    world.merge(route, &mut sent, &before).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
    let saved = world.saved(route, &sent, &before).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
    let answer = match world.call(route, &sent).await {
        Ok(answer) => answer,
        Err(error) => {
            println!("{tool} {request:?}: {error}");
            return None;
        }
    };
    let verified = world.verify(route, &sent, &before, Some(&answer)).await;
    let data = serde_json::from_str(answer.data_text()).unwrap();
    Some(Made { sent, before, data, verified, saved })
}

impl Made {
    pub fn inverse(&self, route: &'static Route, before: &Before) -> Inverse {
        let happened = Happened {
            request: &self.sent,
            before,
            data: Some(&self.data),
            verified: &self.verified,
            saved: self.saved.is_some(),
        };
        recipes::inverse(route, &happened)
    }
}

/// The requests of an inverse call, in the parts in which they are sent.
pub fn requests(call: &InverseCall, saved: Option<&Value>) -> Result<Vec<Map<String, Value>>, UndoError> {
    let parts = call.whole(saved)?.into_iter().flat_map(recipes::in_parts);
    Ok(parts.map(|(_, request)| request).collect())
}

/// Makes the calls of an inverse; gives how many were made.
pub async fn take_back(world: &World, inverse: &Inverse, saved: Option<&Value>) -> Result<usize, String> {
    let mut made = 0;
    for call in inverse.calls.iter().chain(&inverse.then) {
        let tool = &call.tool;
        let route = route(tool);
        for request in requests(call, saved).map_err(|error| error.to_string())? {
            for key in request.keys() {
                let known = route.request.fields.iter().any(|field| field.name == *key && !field.ignored);
                assert!(known || route.request.items.is_some(), "{tool} takes no {key}");
            }
            let done = make(world, route, &request).await;
            let done = done.ok_or_else(|| format!("{tool} is refused with {}", json!(request)))?;
            if done.verified.verified == Some(false) {
                return Err(format!("{tool} {}: {:?}", json!(request), done.verified.differences));
            }
            made += 1;
        }
    }
    Ok(made)
}

#[tokio::test]
async fn every_change_with_an_inverse_is_taken_back_field_by_field() {
    let (mut routes, mut calls, mut full, mut partial, mut nothing) = (0, 0, 0, 0, 0);
    let (mut none, mut used, mut wrong) = (Vec::new(), vec![false; ANNOUNCED.len()], Vec::new());
    for route in mutations() {
        if recipe(route).undo.as_ref().unwrap().none.is_some() {
            none.push(route.tool);
            continue;
        }
        routes += 1;
        let mut taken_back = 0;
        let count = examples(&World::fresh().await, route).len();
        for example in 0..count {
            let world = World::fresh().await;
            let request = examples(&world, route).remove(example);
            let start = whole(&world.panel.panel);
            let Some(made) = make(&world, route, &request).await else { continue };
            let changed = whole(&world.panel.panel);
            let direct = made.inverse(route, &made.before);
            let recorded = Before::from_record(&made.before.to_record(route)).unwrap();
            let text = serde_json::to_string(&made.inverse(route, &recorded)).unwrap();
            let inverse: Inverse = serde_json::from_str(&text).unwrap();
            assert_eq!(inverse, direct, "{}: the inverse is another one after a restart", route.tool);
            assert_eq!(inverse.needs_saved, inverse.calls.iter().chain(&inverse.then).any(InverseCall::needs_saved));
            if let Some(reason) = &inverse.none {
                // Only an example that changed nothing, or that made what no route takes away, may have none.
                let announced = reason.contains("stays") || reason.contains("no record keeps a secret");
                let left = differences(&start, &changed);
                if !(announced || left.is_empty()) {
                    wrong.push(format!(
                        "{} {}: none ({reason}), but it changed\n  {}",
                        route.tool,
                        json!(request),
                        left.join("\n  ")
                    ));
                }
                println!("nothing to take back: {}: {reason}", route.tool);
                nothing += 1;
                continue;
            }
            let done = match take_back(&world, &inverse, made.saved.as_ref()).await {
                Ok(done) => done,
                Err(error) => {
                    wrong.push(format!("{} {}: {error}", route.tool, json!(request)));
                    continue;
                }
            };
            calls += done;
            taken_back += 1;
            let mut left = differences(&start, &whole(&world.panel.panel));
            left.retain(|difference| {
                let rule = ANNOUNCED.iter().position(|(tool, path, words)| {
                    *tool == route.tool
                        && difference.starts_with(path)
                        && inverse.loses.iter().any(|loss| loss.contains(words))
                });
                rule.is_none_or(|rule| {
                    used[rule] = true;
                    false
                })
            });
            if !left.is_empty() {
                wrong.push(format!("{} {} ({done} calls)\n  {}", route.tool, json!(request), left.join("\n  ")));
            }
            if inverse.lossless { full += 1 } else { partial += 1 }
        }
        if taken_back == 0 {
            wrong.push(format!("no example of {} is taken back", route.tool));
        }
    }
    println!(
        "{routes} routes with an inverse: {} changes taken back in {calls} calls ({full} full, {partial} partial), {nothing} had \
         nothing to take back; {} routes have none: {none:?}",
        full + partial,
        none.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let idle: Vec<_> = ANNOUNCED.iter().zip(used).filter(|(_, used)| !used).collect();
    assert!(idle.is_empty(), "no change leaves these differences, which are allowed: {idle:#?}");
    assert!(routes >= 45 && full >= 15, "{routes} {full}");
}
