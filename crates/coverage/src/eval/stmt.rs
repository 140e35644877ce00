//! Statements.

use std::rc::Rc;

use super::{
    condition::Truth,
    index::same_key,
    machine::Machine,
    merge::tuple,
    run::Mode,
    value::{Env, Scope, Slot, Taint, Value},
};
use crate::go::{
    Ty,
    ast::{Block, Expr, ExprKind, Later, Stmt, StmtKind, ValueDecl},
};

/// Where evaluation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow<'p> {
    /// After the statement.
    Next,
    /// Nowhere in this function.
    Return,
    /// After a loop or switch.
    Break(Option<&'p str>),
    /// With the next round.
    Continue(Option<&'p str>),
    /// With the next case.
    Fallthrough,
}

impl<'p> Machine<'p> {
    /// A block with its own scope.
    pub(super) fn block(&mut self, block: &'p Block, env: &Env<'p>) -> Flow<'p> {
        let env = Scope::inside(Some(env));
        self.statements(block, &env)
    }

    /// Statements in a scope that is already there.
    pub(super) fn statements(&mut self, block: &'p Block, env: &Env<'p>) -> Flow<'p> {
        for stmt in block {
            match self.stmt(stmt, env) {
                Flow::Next => {}
                flow => return flow,
            }
        }
        Flow::Next
    }

    /// A block whose turn is not certain.
    pub(super) fn uncertain(&mut self, block: &'p Block, env: &Env<'p>, taint: Taint) -> Flow<'p> {
        self.branch += 1;
        self.control.push(taint);
        let flow = self.block(block, env);
        self.control.pop();
        self.branch -= 1;
        flow
    }

    pub(super) fn stmt(&mut self, stmt: &'p Stmt, env: &Env<'p>) -> Flow<'p> {
        if !self.step() {
            return Flow::Return;
        }
        if self.run.mode == Mode::Handle {
            self.run.visited.insert(stmt.pos);
        }
        match &stmt.kind {
            StmtKind::Expr(expr) => return self.effect(expr, env),
            StmtKind::Assign { left, right, define, operator } => {
                self.assignment(left, right, *define, operator.as_deref(), env)
            }
            StmtKind::Step(place, by) => {
                let value = match self.expr(place, env) {
                    Value::Int(number) => Value::Int(number.saturating_add(*by)),
                    other => other,
                };
                self.assign_to(place, value, env);
            }
            StmtKind::Declare(decl) => self.declare(decl, env),
            StmtKind::Type(decl) => {
                let file = self.file();
                self.types.bind(file, &decl.name, Ty::new(&decl.ty, file));
            }
            StmtKind::Return(values) => return self.return_values(values, env),
            StmtKind::If { init, condition, then, otherwise } => {
                let env = Scope::inside(Some(env));
                if let Some(init) = init {
                    self.stmt(init, &env);
                }
                return self.if_statement(condition, then, otherwise.as_ref(), &env);
            }
            StmtKind::Switch { init, subject, cases } => {
                let env = Scope::inside(Some(env));
                if let Some(init) = init {
                    self.stmt(init, &env);
                }
                return self.switch(subject.as_ref(), cases, &env);
            }
            StmtKind::TypeSwitch { init, name, subject, cases } => {
                let env = Scope::inside(Some(env));
                if let Some(init) = init {
                    self.stmt(init, &env);
                }
                return self.type_switch(name.as_deref(), subject, cases, &env);
            }
            StmtKind::For { init, condition, step, body } => {
                let env = Scope::inside(Some(env));
                if let Some(init) = init {
                    self.stmt(init, &env);
                }
                return self.for_loop(condition.as_ref(), step.as_deref(), body, None, &env);
            }
            StmtKind::Range { left, over, body } => return self.range(left, over, body, None, env),
            StmtKind::Select(cases) => {
                let flows: Vec<Flow<'p>> = cases.iter().map(|case| self.uncertain(case, env, Taint::NONE)).collect();
                if !flows.is_empty() && flows.iter().all(|flow| *flow == Flow::Return) {
                    return Flow::Return;
                }
            }
            StmtKind::Block(block) => return self.block(block, env),
            StmtKind::Break(label) => return Flow::Break(label.as_deref()),
            StmtKind::Continue(label) => return Flow::Continue(label.as_deref()),
            StmtKind::Fallthrough => return Flow::Fallthrough,
            StmtKind::Later(call, later) => {
                // What is deferred happens after everything that could reach a handler.
                if *later == Later::Go || self.run.mode != Mode::Auth {
                    self.branch += 1;
                    self.expr(call, env);
                    self.branch -= 1;
                }
            }
            StmtKind::Labeled(label, inner) => return self.labeled(label, inner, env),
            StmtKind::Nothing => {}
        }
        Flow::Next
    }

    fn effect(&mut self, expr: &'p Expr, env: &Env<'p>) -> Flow<'p> {
        self.expr(expr, env);
        // Nothing comes after these.
        let ExprKind::Call(call) = &expr.kind else { return Flow::Next };
        match &call.function.kind {
            ExprKind::Name(name) if name == "panic" => Flow::Return,
            ExprKind::Select(of, name) if name == "Exit" || name.starts_with("Fatal") => match &of.kind {
                ExprKind::Name(package) if matches!(package.as_str(), "os" | "log") && self.branch == 0 => Flow::Return,
                _ => Flow::Next,
            },
            _ => Flow::Next,
        }
    }

    fn labeled(&mut self, label: &'p str, inner: &'p Stmt, env: &Env<'p>) -> Flow<'p> {
        match &inner.kind {
            StmtKind::For { init, condition, step, body } => {
                let env = Scope::inside(Some(env));
                if let Some(init) = init {
                    self.stmt(init, &env);
                }
                self.for_loop(condition.as_ref(), step.as_deref(), body, Some(label), &env)
            }
            StmtKind::Range { left, over, body } => self.range(left, over, body, Some(label), env),
            _ => match self.stmt(inner, env) {
                Flow::Break(Some(name)) if name == label => Flow::Next,
                flow => flow,
            },
        }
    }

    fn return_values(&mut self, values: &'p [Expr], env: &Env<'p>) -> Flow<'p> {
        let mut found: Vec<Value<'p>> = values.iter().map(|value| self.expr(value, env)).collect();
        if values.is_empty() {
            let named = self.frames.last().map(|frame| frame.results.clone()).unwrap_or_default();
            found = named.iter().map(|slot| slot.value.borrow().clone()).collect();
        }
        let control = self.control_taint();
        if let Some(frame) = self.frames.last_mut()
            && !found.is_empty()
        {
            frame.returns.push((tuple(found), control));
        }
        Flow::Return
    }

    fn declare(&mut self, decl: &'p ValueDecl, env: &Env<'p>) {
        let ty = decl.ty.as_ref().map(|ty| Ty::new(ty, self.file()));
        let single = match decl.values.as_slice() {
            [one] if decl.names.len() > 1 => Some(self.parts(one, decl.names.len(), env)),
            _ => None,
        };
        let iota = Scope::inside(Some(env));
        if decl.constant {
            iota.declare("iota", Slot::new(Value::Int(decl.iota), None, 0));
        }
        for (position, name) in decl.names.iter().enumerate() {
            let value = match (&single, decl.values.get(position)) {
                (Some(parts), _) => parts.get(position).cloned().unwrap_or_else(Value::unknown),
                (None, Some(expr)) => self.expr_as(expr, ty, &iota),
                (None, None) => self.zero(ty),
            };
            env.declare(name, Slot::new(value.typed(ty), ty, self.branch));
        }
    }

    fn assignment(
        &mut self,
        left: &'p [Expr],
        right: &'p [Expr],
        define: bool,
        operator: Option<&'p str>,
        env: &Env<'p>,
    ) {
        let values: Vec<Value<'p>> = match right {
            [one] if left.len() > 1 => self.parts(one, left.len(), env),
            _ => right.iter().map(|value| self.expr(value, env)).collect(),
        };
        for (place, value) in left.iter().zip(values) {
            let value = match operator {
                Some(operator) => {
                    let old = self.expr(place, env);
                    self.binary(operator, &old, &value, place.pos)
                }
                None => value,
            };
            match &place.kind {
                // In `:=` a name that this very block already has is only set.
                ExprKind::Name(name) if define => match env.own(name) {
                    Some(slot) => self.assign(&slot, value),
                    None => env.declare(name, Slot::new(value, None, self.branch)),
                },
                _ => self.assign_to(place, value, env),
            }
        }
    }

    fn if_statement(
        &mut self,
        condition: &'p Expr,
        then: &'p Block,
        otherwise: Option<&'p Block>,
        env: &Env<'p>,
    ) -> Flow<'p> {
        match self.condition(condition, env) {
            Truth::Known(true) => self.block(then, env),
            Truth::Known(false) => otherwise.map_or(Flow::Next, |block| self.block(block, env)),
            Truth::Unknown(why) => {
                let (work, told) = (self.run.work.len(), self.run.told);
                let first = self.uncertain(then, env, why.taint);
                if first == Flow::Return && self.run.work.len() == work && self.refused(told) {
                    for node in why.missing {
                        self.run.keys.require(node);
                    }
                }
                let second = otherwise.map_or(Flow::Next, |block| self.uncertain(block, env, why.taint));
                join(first, second)
            }
        }
    }

    /// Whether the branch that has just returned refused the call: it answered, or returned an error, or there is
    /// nothing to return.
    fn refused(&self, told: usize) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        let results = &frame.function.signature.results;
        let error = results.last().is_some_and(|result| self.types.is_error(Ty::new(&result.ty, frame.file)));
        let last = frame.returns.last().map(|(value, _)| value.nth(results.len().saturating_sub(1)));
        self.run.told > told || results.is_empty() || (error && !matches!(last, Some(Value::Nil)))
    }

    /// Sets what stands on the left of `=`.
    pub(super) fn assign_to(&mut self, place: &'p Expr, value: Value<'p>, env: &Env<'p>) {
        match &place.kind {
            ExprKind::Name(name) if name == "_" => {}
            ExprKind::Name(name) => {
                let slot = env.find(name).or_else(|| {
                    let package = self.packages().package_of(self.file());
                    self.global(package, name)
                });
                if let Some(slot) = slot {
                    self.assign(&slot, value);
                }
            }
            ExprKind::Select(of, name) => self.assign_field(of, name, value, env),
            ExprKind::Index(of, keys) => {
                let map = self.expr(of, env).deref();
                let key = keys.first().map_or(Value::Nil, |key| self.expr(key, env));
                self.assign_index(of, map, key, value, env);
            }
            ExprKind::Unary(operator, of) if operator == "*" => {
                if let Value::Pointer(slot) = self.expr(of, env) {
                    self.assign(&slot, value);
                }
            }
            _ => {}
        }
    }

    fn assign_index(&mut self, of: &'p Expr, map: Value<'p>, key: Value<'p>, value: Value<'p>, env: &Env<'p>) {
        match map {
            Value::Map(pairs) => {
                let mut pairs = pairs.borrow_mut();
                match pairs.iter_mut().find(|(known, _)| same_key(known, &key)) {
                    Some((_, old)) => *old = value,
                    None => pairs.push((key, value)),
                }
            }
            Value::List(items) => {
                let Value::Int(position) = key else { return };
                let mut items = items.to_vec();
                if let Some(item) = usize::try_from(position).ok().and_then(|position| items.get_mut(position)) {
                    *item = value;
                    self.assign_to(of, Value::list(items), env);
                }
            }
            Value::Nil => {
                let pairs = vec![(key, value)];
                self.assign_to(of, Value::Map(Rc::new(std::cell::RefCell::new(pairs))), env);
            }
            _ => {}
        }
    }
}

/// Where evaluation goes on after both sides of a condition were walked.
pub(super) fn join<'p>(first: Flow<'p>, second: Flow<'p>) -> Flow<'p> {
    if first == second { first } else { Flow::Next }
}
