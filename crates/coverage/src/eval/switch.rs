//! `switch` in both its forms.

use super::{
    condition::Truth,
    machine::Machine,
    stmt::{Flow, join},
    value::{Data, Env, Scope, Slot, Taint, Value},
};
use crate::{
    facts::Kind,
    go::{
        Ty,
        ast::{Case, Expr, Type, TypeCase},
    },
};

impl<'p> Machine<'p> {
    /// `switch x { … }` and `switch { … }`.
    pub(super) fn switch(&mut self, subject: Option<&'p Expr>, cases: &'p [Case], env: &Env<'p>) -> Flow<'p> {
        let subject = subject.map(|subject| self.expr(subject, env));
        let mut flows: Vec<Flow<'p>> = Vec::new();
        let mut taken = false;
        for (position, case) in cases.iter().enumerate().filter(|(_, case)| !case.default) {
            match self.case_holds(subject.as_ref(), case, env) {
                Truth::Known(false) => {}
                Truth::Known(true) => {
                    let flow = self.case_body(cases, position, env, None);
                    if flows.is_empty() {
                        return after(flow);
                    }
                    flows.push(flow);
                    taken = true;
                    break;
                }
                Truth::Unknown(why) => {
                    let flow = self.case_body(cases, position, env, Some(why.taint));
                    flows.push(flow);
                }
            }
        }
        if !taken {
            match cases.iter().position(|case| case.default) {
                Some(position) if flows.is_empty() => return after(self.case_body(cases, position, env, None)),
                Some(position) => flows.push(self.case_body(cases, position, env, Some(Taint::NONE))),
                None => flows.push(Flow::Next),
            }
        }
        after(flows.into_iter().reduce(join).unwrap_or(Flow::Next))
    }

    fn case_holds(&mut self, subject: Option<&Value<'p>>, case: &'p Case, env: &Env<'p>) -> Truth {
        let mut unknown: Option<Truth> = None;
        for value in &case.values {
            let truth = match subject {
                None => self.condition(value, env),
                Some(subject) => {
                    let value = self.expr(value, env);
                    let equal = self.binary("==", subject, &value, case.pos);
                    self.truth(&equal, case.pos)
                }
            };
            match truth {
                Truth::Known(true) => return Truth::Known(true),
                Truth::Known(false) => {}
                Truth::Unknown(why) => {
                    unknown.get_or_insert(Truth::Unknown(why));
                }
            }
        }
        unknown.unwrap_or(Truth::Known(false))
    }

    /// The body of a case, and of those that it falls through to.
    fn case_body(&mut self, cases: &'p [Case], from: usize, env: &Env<'p>, unsure: Option<Taint>) -> Flow<'p> {
        for case in cases.iter().skip(from) {
            let flow = match unsure {
                Some(taint) => self.uncertain(&case.body, env, taint),
                None => self.block(&case.body, env),
            };
            if flow != Flow::Fallthrough {
                return flow;
            }
        }
        Flow::Next
    }

    /// `switch x := y.(type) { … }`.
    pub(super) fn type_switch(
        &mut self,
        name: Option<&'p str>,
        subject: &'p Expr,
        cases: &'p [TypeCase],
        env: &Env<'p>,
    ) -> Flow<'p> {
        let value = self.expr(subject, env);
        let mut flows: Vec<Flow<'p>> = vec![Flow::Next];
        if cases.iter().any(|case| case.types.is_empty()) {
            flows.clear();
        }
        for case in cases {
            let env = Scope::inside(Some(env));
            let inner = match case.types.as_slice() {
                [one] => self.asserted(&value, one, false),
                _ => value.clone(),
            };
            if let Some(name) = name {
                env.declare(name, Slot::new(inner, None, self.branch + 1));
            }
            let taint = value.taint();
            flows.push(self.uncertain(&case.body, &env, taint));
        }
        after(flows.into_iter().reduce(join).unwrap_or(Flow::Next))
    }

    /// `x.(T)` without the second result. Only a certain assertion tells the type of a part of the request.
    pub(super) fn asserted(&mut self, value: &Value<'p>, ty: &'p Type, certain: bool) -> Value<'p> {
        let file = self.file();
        let ty = Ty::new(ty, file);
        match value {
            Value::Data(data) => {
                let kind = self.types.kind(ty);
                let structure = matches!(kind, Kind::Array | Kind::Map | Kind::Object);
                if structure || certain {
                    self.run.keys.hint(data.node, if kind == Kind::Map { Kind::Object } else { kind });
                }
                Value::Data(Box::new(Data { node: data.node, ty: Some(ty), scalar: data.scalar || !structure }))
            }
            Value::Opaque(opaque) => Value::of_type(ty, opaque.taint),
            other => other.clone(),
        }
    }
}

/// A `break` ends the switch and nothing else.
fn after(flow: Flow<'_>) -> Flow<'_> {
    match flow {
        Flow::Break(None) | Flow::Fallthrough => Flow::Next,
        other => other,
    }
}
