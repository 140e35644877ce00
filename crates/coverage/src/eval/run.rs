//! One evaluation: what it was asked to find out, the choices it made, and what it noted.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::value::Taint;
use crate::{facts::Answer, go::ast::Pos, keys::Keys};

/// What an evaluation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To find registrations.
    Register,
    /// To find out who reaches a handler.
    Auth,
    /// To find out what a handler takes.
    Handle,
}

/// A condition that was decided by choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Where it stands.
    pub at: Pos,
    /// What it depends on.
    pub taint: Taint,
    /// The side on which what it looks at is missing.
    pub absent: Option<bool>,
    /// The side taken.
    pub side: bool,
    /// How much had been done by then.
    pub work: usize,
}

/// How a handler was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The choices made until then.
    pub choices: Vec<Choice>,
    /// How many of them before the router was asked.
    pub before_router: usize,
}

/// One evaluation.
#[derive(Debug, Clone)]
pub struct Run {
    /// What for.
    pub mode: Mode,
    /// The method that is tried; none tries no particular one.
    pub method: Option<String>,
    /// The path that is tried.
    pub path: String,
    /// The path goes on after that.
    pub open: bool,
    /// Choices to be repeated.
    pub script: Vec<bool>,
    /// Choices made.
    pub choices: Vec<Choice>,
    /// Choices made when the router was asked.
    pub at_router: usize,
    /// The handler that is waited for, by the number of its function value.
    pub target: Option<usize>,
    /// Routers on the way to it, and the registration that leads on from each.
    pub route: Vec<(usize, usize)>,
    /// When it was reached.
    pub reached: Vec<Reached>,
    /// gin: the chain was cut off.
    pub aborted: bool,
    /// Methods that the code compares with.
    pub methods: BTreeSet<String>,
    /// How paths below a subtree may end.
    pub endings: BTreeSet<String>,
    /// What is read of the request.
    pub keys: Keys,
    /// Places of calls that do something.
    pub work: BTreeSet<Pos>,
    /// Statements that were walked.
    pub visited: HashSet<Pos>,
    /// Answers given, with their places.
    pub answers: BTreeMap<Pos, Answer>,
    /// How often something was answered, well or not.
    pub told: usize,
    /// The HTTP status that was set last.
    pub status: i64,
    /// The content type that was set last.
    pub content_type: Option<String>,
    /// What was handed on to something that could not be followed.
    pub lost: BTreeMap<Pos, String>,
    /// The credential was read straight from the request.
    pub read_token: bool,
}

impl Run {
    /// An evaluation of a kind.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            method: None,
            path: String::new(),
            open: false,
            script: Vec::new(),
            choices: Vec::new(),
            at_router: 0,
            target: None,
            route: Vec::new(),
            reached: Vec::new(),
            aborted: false,
            methods: BTreeSet::new(),
            endings: BTreeSet::new(),
            keys: Keys::default(),
            work: BTreeSet::new(),
            visited: HashSet::new(),
            answers: BTreeMap::new(),
            told: 0,
            status: 200,
            content_type: None,
            lost: BTreeMap::new(),
            read_token: false,
        }
    }

    /// Whether a condition with this taint is decided by choice rather than walked on both sides.
    pub fn chooses(&self, taint: Taint) -> bool {
        match self.mode {
            Mode::Register => false,
            Mode::Auth => taint.has(Taint::TOKEN | Taint::ROLE),
            Mode::Handle => taint.has(Taint::ROLE),
        }
    }

    /// The next choice: the scripted one, else the first of both.
    pub fn choose(&mut self, at: Pos, taint: Taint, absent: Option<bool>) -> bool {
        let side = self.script.get(self.choices.len()).copied().unwrap_or(false);
        self.choices.push(Choice { at, taint, absent, side, work: self.work.len() });
        side
    }

    /// The script of the next evaluation, until every combination of choices has been walked.
    pub fn next_script(&self) -> Option<Vec<bool>> {
        let mut script: Vec<bool> = self.choices.iter().map(|choice| choice.side).collect();
        while let Some(last) = script.pop() {
            if !last {
                script.push(true);
                return Some(script);
            }
        }
        None
    }
}
