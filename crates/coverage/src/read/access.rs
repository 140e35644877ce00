//! Who may call a route: the middleware is evaluated for its path, for every way the caller's credential can turn out.
//!
//! Nothing is known of the middleware but that it lets a request through or not. A route that is reached without any
//! look at a credential is public; one that is also reached when the credential is missing takes an optional login;
//! one that is reached on only one side of a question about the role is for administrators.

use std::collections::HashMap;

use crate::{
    eval::{
        Machine, Mode, Run, Value,
        run::{Choice, Reached},
        value::Taint,
    },
    facts::Auth,
    routers::Kind,
};

use super::{One, seen};

/// Evaluations of one route, at most.
const MOST_RUNS: usize = 3_000;

/// Who may call the route with a method that it acts on.
pub fn of(one: &mut One<'_, '_>, path: &str, method: &str) -> Auth {
    // A handler that cannot be followed is behind the same middleware; only its own checks are not seen.
    let target = match &one.registration.handler {
        Value::Func(closure) => Some(closure.innermost().id),
        _ => None,
    };
    let mut route = one.way.route.clone();
    route.push((one.registration.router, one.index));
    let Some((first, _)) = route.first().copied() else { return Auth::Unknown };
    let root = one.machine.root(first);
    let outermost = one.outermost.get(&root).cloned().unwrap_or(Value::Router(root));
    let (path, open) = seen(path);
    let mut run = Run::new(Mode::Auth);
    run.method = Some(method.to_owned());
    (run.path, run.open, run.target, run.route) = (path, open, target, route);
    let mut reached: Vec<Reached> = Vec::new();
    let mut all: Vec<Vec<Choice>> = Vec::new();
    for _ in 0..MOST_RUNS {
        let script = run.script.clone();
        let mut next = run.clone();
        next.script = script;
        one.machine.start(next);
        one.machine.serve(&outermost);
        reached.append(&mut one.machine.run.reached);
        all.push(one.machine.run.choices.clone());
        match one.machine.run.next_script() {
            Some(script) => run.script = script,
            None => return classify(&reached, &all, kind(one, root)),
        }
    }
    Auth::Unknown
}

fn kind(one: &One<'_, '_>, router: usize) -> Kind {
    one.machine.routers.get(router).map_or(Kind::Mux, |router| router.kind)
}

/// Every router with everything that was put around it.
pub fn outermost<'p>(machine: &Machine<'p>) -> HashMap<usize, Value<'p>> {
    let mut found: HashMap<usize, (usize, Value<'p>)> = HashMap::new();
    for outer in &machine.outers {
        let Some((router, layers)) = machine.router_in(outer) else { continue };
        let root = machine.root(router);
        if found.get(&root).is_none_or(|(known, _)| layers >= *known) {
            found.insert(root, (layers, outer.clone()));
        }
    }
    found.into_iter().map(|(root, (_, outer))| (root, outer)).collect()
}

fn classify(reached: &[Reached], all: &[Vec<Choice>], kind: Kind) -> Auth {
    if reached.is_empty() {
        return Auth::Unknown;
    }
    let credential = |choice: &&Choice| choice.taint.has(Taint::TOKEN | Taint::ROLE);
    let anonymous =
        |reached: &&Reached| reached.choices.iter().filter(credential).all(|choice| choice.absent == Some(choice.side));
    let mut open = reached.iter().filter(anonymous).peekable();
    if open.peek().is_some() {
        let unasked = open.any(|reached| reached.choices.iter().filter(credential).count() == 0);
        return if unasked { Auth::Public } else { Auth::Optional };
    }
    if reached.iter().any(|reached| reached.choices.iter().filter(credential).count() == 0) {
        return Auth::Public;
    }
    if demands_role(reached, all) {
        return Auth::Admin;
    }
    // Nothing was asked before the router: what asks then is put around this one route.
    let late = reached
        .iter()
        .all(|reached| reached.choices.iter().take(reached.before_router).filter(credential).count() == 0);
    if late && kind == Kind::Mux { Auth::Peer } else { Auth::User }
}

/// Whether there is a question about the role that always has one and the same answer on the way to the handler, and
/// could have had another.
fn demands_role(reached: &[Reached], all: &[Vec<Choice>]) -> bool {
    let asked = all.iter().flatten().filter(|choice| choice.taint.has(Taint::ROLE));
    let mut places: Vec<_> = asked.map(|choice| choice.at).collect();
    places.sort();
    places.dedup();
    places.into_iter().any(|at| {
        let sides = |choices: &[Choice]| choices.iter().find(|choice| choice.at == at).map(|choice| choice.side);
        let mut on_the_way: Vec<Option<bool>> = reached.iter().map(|reached| sides(&reached.choices)).collect();
        on_the_way.dedup();
        // Every way leads past it, and on the same side.
        let [Some(side)] = on_the_way.as_slice() else { return false };
        all.iter().any(|choices| sides(choices) == Some(!side))
    })
}
