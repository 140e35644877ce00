//! What a handler takes: it is evaluated for every method that it speaks of, and for every role.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    eval::{Mode, Run, Value, run::Choice, value::Taint},
    facts::{Answer, Auth, Body, Field, Kind, Place, Route},
    go::ast::Pos,
    keys::Keys,
    routers::pattern,
};

use super::{
    One,
    methods::{OTHER, Tried, accepted},
    seen,
};

/// Evaluations of one handler with one method, at most.
const MOST_RUNS: usize = 64;

/// Methods of a route that are treated alike, and what it does for them.
#[derive(Debug, Default)]
pub struct Arm {
    /// The methods.
    pub methods: Vec<String>,
    /// What the handler itself demands of the caller.
    pub demands: Option<Auth>,
    /// Where a part of the request went out of sight.
    pub lost: BTreeMap<Pos, String>,
    /// How paths below the route may end, when it is a subtree.
    pub endings: BTreeSet<String>,
    keys: Keys,
    answers: BTreeMap<Pos, Answer>,
}

/// All evaluations of a handler with one method.
#[derive(Debug, Default)]
struct Trial {
    tried: Tried,
    keys: Keys,
    answers: BTreeMap<Pos, Answer>,
    lost: BTreeMap<Pos, String>,
    mentioned: BTreeSet<String>,
    endings: BTreeSet<String>,
    demands: Option<Auth>,
}

/// The arms of a route.
pub fn arms(one: &mut One<'_, '_>, path: &str) -> Vec<Arm> {
    let known = seen(path);
    arms_at(one, path, &known)
}

/// The arms of a route for a path of which so much is known, and whether more comes after it.
pub fn arms_at(one: &mut One<'_, '_>, path: &str, known: &(String, bool)) -> Vec<Arm> {
    let given = one.registration.methods.clone();
    if !matches!(one.registration.handler, Value::Func(_)) {
        one.problems.push((one.registration.pos, format!("{path}: its handler cannot be followed")));
        return vec![Arm { methods: or_any(given), ..Arm::default() }];
    }
    let first = trial(one, path, known, given.first().map_or(OTHER, String::as_str));
    let mut methods: BTreeSet<String> =
        if given.is_empty() { first.mentioned.clone() } else { given.iter().cloned().collect() };
    if given.is_empty() {
        methods.insert(OTHER.to_owned());
        // Asked by everybody for everything: what a browser asks before it asks.
        methods.remove("OPTIONS");
    }
    let mut trials: BTreeMap<String, Trial> = BTreeMap::new();
    for method in methods {
        let trial = trial(one, path, known, &method);
        trials.insert(method, trial);
    }
    let tried: BTreeMap<String, Tried> =
        trials.iter().map(|(method, trial)| (method.clone(), trial.tried.clone())).collect();
    let accepted = if given.is_empty() { accepted(&tried) } else { tried.keys().cloned().collect() };
    let any = accepted.contains(OTHER);
    let mut arms: Vec<Arm> = Vec::new();
    for (method, trial) in trials {
        // What is accepted because everything is accepted needs no arm of its own.
        let extra = any && method != OTHER;
        if !accepted.contains(&method) || extra {
            continue;
        }
        let method = if method == OTHER { "ANY".to_owned() } else { method };
        let Trial { demands, lost, endings, keys, answers, .. } = trial;
        let arm = Arm { methods: vec![method], demands, lost, endings, keys, answers };
        match arms.iter_mut().find(|known| known.is_like(&arm)) {
            Some(known) => known.methods.extend(arm.methods),
            None => arms.push(arm),
        }
    }
    if arms.is_empty() {
        one.problems.push((one.registration.pos, format!("{path}: no method can be found that its handler acts on")));
        arms.push(Arm { methods: or_any(given), ..Arm::default() });
    }
    arms
}

fn or_any(methods: Vec<String>) -> Vec<String> {
    if methods.is_empty() { vec!["ANY".to_owned()] } else { methods }
}

/// Evaluates a handler with one method, once for every answer to questions about the caller's role.
fn trial(one: &mut One<'_, '_>, path: &str, known: &(String, bool), method: &str) -> Trial {
    let mut run = Run::new(Mode::Handle);
    run.method = Some(method.to_owned());
    (run.path, run.open) = known.clone();
    let mut trial = Trial::default();
    let mut runs: Vec<Walked> = Vec::new();
    let handler = one.registration.handler.clone();
    for _ in 0..MOST_RUNS {
        let mut next = run.clone();
        // Keys gather over all runs of a trial.
        next.keys = std::mem::take(&mut trial.keys);
        one.machine.start(next);
        one.machine.serve(&handler);
        if one.machine.exhausted() {
            one.problems.push((one.registration.pos, format!("{path}: its handler is too much to evaluate")));
        }
        let done = &mut one.machine.run;
        trial.keys = std::mem::take(&mut done.keys);
        trial.answers.append(&mut done.answers);
        trial.lost.append(&mut done.lost);
        trial.mentioned.append(&mut done.methods);
        trial.endings.append(&mut done.endings);
        let script = done.next_script();
        trial.tried.visited.extend(done.visited.drain());
        runs.push((std::mem::take(&mut done.choices), done.work.len()));
        trial.tried.work.append(&mut done.work);
        match script {
            Some(script) => run.script = script,
            None => break,
        }
    }
    trial.demands = demands(&runs);
    trial
}

/// One evaluation in short: the choices, and how much was done.
type Walked = (Vec<Choice>, usize);

/// Whether one answer to a question about the role ends the work: nothing is done after it, and something after the
/// other. An answer that says that all is well counts as done.
fn demands(runs: &[Walked]) -> Option<Auth> {
    let asked = runs.iter().flat_map(|(choices, _)| choices).filter(|choice| choice.taint.has(Taint::ROLE));
    let places: BTreeSet<Pos> = asked.map(|choice| choice.at).collect();
    let done_after = |at: Pos, side: bool| -> Vec<bool> {
        let with = runs.iter().filter_map(|(choices, work)| {
            let choice = choices.iter().find(|choice| choice.at == at && choice.side == side)?;
            Some(*work > choice.work)
        });
        with.collect()
    };
    let refuses = |at: Pos, side: bool| {
        let (refused, open) = (done_after(at, side), done_after(at, !side));
        !refused.is_empty() && refused.iter().all(|done| !done) && open.contains(&true)
    };
    places.into_iter().any(|at| refuses(at, true) || refuses(at, false)).then_some(Auth::Admin)
}

impl Arm {
    fn is_like(&self, other: &Self) -> bool {
        let parts = |arm: &Self| {
            let parameters =
                [Place::Query, Place::Header, Place::Path, Place::Form].map(|place| arm.keys.parameters(place));
            (arm.keys.body_field(), parameters, arm.demands, arm.answer())
        };
        parts(self) == parts(other)
    }

    /// The form of the answer: what is given besides the envelope, when anything is.
    fn answer(&self) -> Answer {
        self.answers.values().copied().max().unwrap_or_default()
    }

    /// What was found, as a route without names.
    pub fn facts(&self, path: &str) -> Route {
        let mut keys = self.keys.body_field();
        let mut query: BTreeMap<String, Field> = self.keys.parameters(Place::Query).into_iter().collect();
        let form = self.keys.parameters(Place::Form);
        if !form.is_empty() {
            if keys.is_some() || self.methods.iter().all(|method| method == "GET") {
                query.extend(form);
            } else {
                keys = Some(Field { kind: Kind::Object, fields: form.into_iter().collect(), ..Field::default() });
            }
        }
        let mut parameters: BTreeMap<String, Field> = self.keys.parameters(Place::Path).into_iter().collect();
        for name in pattern::parameters(path) {
            parameters.entry(name.to_owned()).or_default();
        }
        let body = match &keys {
            None => Body::None,
            Some(_) if self.keys.is_typed() => Body::Typed,
            Some(_) => Body::Loose,
        };
        Route {
            answer: self.answer(),
            body,
            keys,
            query,
            parameters,
            headers: self.keys.parameters(Place::Header).into_iter().collect(),
            ..Route::default()
        }
    }
}
