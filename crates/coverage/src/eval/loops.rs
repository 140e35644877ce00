//! Loops: over something known they really go round, over anything else they are walked once.

use super::{
    condition::Truth,
    machine::Machine,
    run::Mode,
    stmt::Flow,
    value::{Env, Scope, Slot, Taint, Value},
};
use crate::{
    facts::Kind,
    go::ast::{Block, Expr, ExprKind, Stmt},
};

/// Rounds of one loop over something known, at most.
const MOST_ROUNDS: usize = 2_000;

impl<'p> Machine<'p> {
    pub(super) fn for_loop(
        &mut self,
        condition: Option<&'p Expr>,
        step: Option<&'p Stmt>,
        body: &'p Block,
        label: Option<&'p str>,
        env: &Env<'p>,
    ) -> Flow<'p> {
        for _ in 0..MOST_ROUNDS {
            match condition.map(|condition| self.condition(condition, env)) {
                Some(Truth::Known(true)) => {}
                Some(Truth::Known(false)) => return Flow::Next,
                Some(Truth::Unknown(_)) | None => {
                    self.uncertain(body, env, Taint::NONE);
                    return Flow::Next;
                }
            }
            match round(self.block(body, env), label) {
                Round::Next => {}
                Round::End => return Flow::Next,
                Round::Out(flow) => return flow,
            }
            if let Some(step) = step {
                self.stmt(step, env);
            }
        }
        Flow::Next
    }

    pub(super) fn range(
        &mut self,
        left: &'p [Expr],
        over: &'p Expr,
        body: &'p Block,
        label: Option<&'p str>,
        env: &Env<'p>,
    ) -> Flow<'p> {
        let value = self.expr(over, env).deref();
        let known: Vec<(Value<'p>, Value<'p>)> = match &value {
            Value::List(items) if !self.is_open_list(items) => {
                (0..).map(Value::Int).zip(items.iter().cloned()).collect()
            }
            Value::Map(pairs) => pairs.borrow().clone(),
            Value::Int(count) => {
                (0..(*count).clamp(0, 1_000)).map(|number| (Value::Int(number), Value::unknown())).collect()
            }
            Value::Nil if self.run.mode == Mode::Register => return Flow::Next,
            other => {
                let (key, item) = self.unknown_item(other);
                let env = Scope::inside(Some(env));
                self.bind_range(left, key, item, &env);
                let flow = self.uncertain(body, &env, Taint::NONE);
                return if let Flow::Break(Some(name)) = flow
                    && Some(name) != label
                {
                    flow
                } else {
                    Flow::Next
                };
            }
        };
        for (key, item) in known.into_iter().take(MOST_ROUNDS) {
            let env = Scope::inside(Some(env));
            self.bind_range(left, key, item, &env);
            match round(self.block(body, &env), label) {
                Round::Next => {}
                Round::End => return Flow::Next,
                Round::Out(flow) => return flow,
            }
        }
        Flow::Next
    }

    /// A list that was built in a loop that may have gone round more often than it was walked.
    fn is_open_list(&self, items: &[Value<'p>]) -> bool {
        let plain = |item: &Value<'p>| matches!(item, Value::Opaque(_));
        self.run.mode == Mode::Handle
            && (items.is_empty() || (items.iter().any(plain) && !items.iter().any(Value::is_request)))
    }

    fn bind_range(&mut self, left: &'p [Expr], key: Value<'p>, item: Value<'p>, env: &Env<'p>) {
        for (place, value) in left.iter().zip([key, item]) {
            match &place.kind {
                ExprKind::Name(name) => env.declare(name, Slot::new(value, None, self.branch + 1)),
                _ => self.assign_to(place, value, env),
            }
        }
    }

    /// Key and item of something whose items are not known.
    fn unknown_item(&mut self, over: &Value<'p>) -> (Value<'p>, Value<'p>) {
        match over {
            Value::Data(data) => {
                let ty = data.ty.and_then(|ty| self.types.element(ty));
                let listed = matches!(self.run.keys.kind(data.node), Kind::Array)
                    || data.ty.is_some_and(|ty| self.types.kind(ty) == Kind::Array);
                let kind = if listed { Kind::Array } else { Kind::Map };
                let node = self.run.keys.item(data.node, kind);
                (Value::unknown(), self.data(node, ty))
            }
            Value::Opaque(opaque) => {
                let item = opaque.ty.and_then(|ty| self.types.element(ty)).map(|ty| Value::of_type(ty, opaque.taint));
                (Value::unknown(), item.unwrap_or_else(|| Value::tainted(opaque.taint)))
            }
            Value::List(items) => (Value::unknown(), items.first().cloned().unwrap_or_else(Value::unknown)),
            _ => (Value::unknown(), Value::unknown()),
        }
    }
}

enum Round<'p> {
    Next,
    End,
    Out(Flow<'p>),
}

fn round<'p>(flow: Flow<'p>, label: Option<&'p str>) -> Round<'p> {
    match flow {
        Flow::Next | Flow::Continue(None) | Flow::Fallthrough => Round::Next,
        Flow::Break(None) => Round::End,
        Flow::Continue(name) if name == label => Round::Next,
        Flow::Break(name) if name == label => Round::End,
        other => Round::Out(other),
    }
}
