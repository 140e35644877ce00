//! The machine: what outlives one evaluation, and the call of a function.

use std::{collections::HashMap, rc::Rc};

use super::{
    run::{Mode, Run},
    types::Types,
    value::{Closure, Env, Scope, Slot, Taint, Value},
};
use crate::{
    go::{
        Packages, Ty,
        ast::{Function, Pos},
        packages::receiver_type,
    },
    routers::Router,
};

/// Calls inside calls, at most.
const DEEPEST: usize = 60;
/// Steps of one evaluation, at most.
const FUEL: usize = 400_000;
/// Steps of the search for registrations, at most.
const FUEL_REGISTER: usize = 4_000_000;

/// A route that was registered.
#[derive(Debug, Clone)]
pub struct Registration<'p> {
    /// On which router.
    pub router: usize,
    /// For which methods; none for all.
    pub methods: Vec<String>,
    /// Path below the router's prefix.
    pub path: String,
    /// What serves it; for libraries with chains the last link.
    pub handler: Value<'p>,
    /// What runs before it, outermost first.
    pub before: Vec<Value<'p>>,
    /// Where.
    pub pos: Pos,
}

/// Something that would be a route if it could be understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    /// Where.
    pub pos: Pos,
    /// What is not understood.
    pub problem: String,
}

/// One call that is under way.
#[derive(Debug)]
pub struct Frame<'p> {
    /// What was returned so far, and what the return depended on.
    pub returns: Vec<(Value<'p>, Taint)>,
    /// The file it stands in.
    pub file: u32,
    /// Its function.
    pub function: &'p Function,
    /// Named results.
    pub results: Vec<Rc<Slot<'p>>>,
    /// Its type arguments, which function literals inside it keep.
    pub types: Vec<(&'p str, Ty<'p>)>,
}

/// Evaluates.
#[derive(Debug)]
pub struct Machine<'p> {
    /// Types.
    pub types: Types<'p>,
    /// Routers met so far.
    pub routers: Vec<Router<'p>>,
    /// Registrations met so far.
    pub registrations: Vec<Registration<'p>>,
    /// What would be one.
    pub unresolved: Vec<Unresolved>,
    /// Handlers that were made around a router.
    pub outers: Vec<Value<'p>>,
    /// Functions that can reach a registration.
    pub relevant: std::collections::HashSet<Pos>,
    /// Functions that were evaluated while looking for registrations.
    pub evaluated: std::collections::HashSet<Pos>,
    /// The evaluation that is under way.
    pub run: Run,
    pub(super) frames: Vec<Frame<'p>>,
    pub(super) branch: usize,
    pub(super) control: Vec<Taint>,
    /// Arguments of a call that writes the answer are being evaluated.
    pub(super) answering: usize,
    globals: HashMap<(usize, &'p str), Rc<Slot<'p>>>,
    fuel: usize,
    cut: bool,
    next_id: usize,
    default_router: Option<usize>,
}

impl<'p> Machine<'p> {
    /// A machine over some packages.
    pub fn new(packages: &'p Packages) -> Self {
        Self {
            types: Types::new(packages),
            routers: Vec::new(),
            registrations: Vec::new(),
            unresolved: Vec::new(),
            outers: Vec::new(),
            relevant: std::collections::HashSet::new(),
            evaluated: std::collections::HashSet::new(),
            run: Run::new(Mode::Register),
            frames: Vec::new(),
            branch: 0,
            control: Vec::new(),
            answering: 0,
            globals: HashMap::new(),
            fuel: FUEL_REGISTER,
            cut: false,
            next_id: 0,
            default_router: None,
        }
    }

    /// What is declared.
    pub fn packages(&self) -> &'p Packages {
        self.types.packages
    }

    /// Starts another evaluation.
    pub fn start(&mut self, run: Run) {
        self.fuel = if run.mode == Mode::Register { FUEL_REGISTER } else { FUEL };
        self.run = run;
        self.frames.clear();
        self.control.clear();
        (self.branch, self.answering) = (0, 0);
    }

    /// Whether the search for registrations was cut short.
    pub fn run_was_cut(&self) -> bool {
        self.cut
    }

    /// Evaluates a variable of a package for what it does.
    pub fn touch(&mut self, package: usize, name: &str) {
        self.global(package, name);
    }

    /// What is known of an argument when nobody is seen to call: a router is a router.
    pub fn given(&mut self, ty: Ty<'p>, at: Pos) -> Value<'p> {
        match self.router_of_type(ty, at) {
            Some(router) => Value::Router(router),
            None => self.parameter(ty),
        }
    }

    /// Whether the evaluation was cut short.
    pub fn exhausted(&self) -> bool {
        self.fuel == 0
    }

    /// One step; false when there must be no more.
    pub(super) fn step(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        self.cut |= self.fuel == 0 && self.run.mode == Mode::Register;
        self.fuel > 0
    }

    /// The file that is being evaluated.
    pub(super) fn file(&self) -> u32 {
        self.frames.last().map_or(0, |frame| frame.file)
    }

    /// A number for a new function value.
    pub(super) fn id(&mut self) -> usize {
        self.next_id += 1;
        self.next_id
    }

    /// A new router.
    pub fn router(&mut self, router: Router<'p>) -> usize {
        self.routers.push(router);
        self.routers.len() - 1
    }

    /// `http.DefaultServeMux`.
    pub fn default_router(&mut self) -> usize {
        match self.default_router {
            Some(number) => number,
            None => {
                let number = self.router(Router::mux());
                self.default_router = Some(number);
                number
            }
        }
    }

    /// Notes something that would be a route.
    pub fn not_resolved(&mut self, pos: Pos, problem: impl Into<String>) {
        let unresolved = Unresolved { pos, problem: problem.into() };
        if !self.unresolved.contains(&unresolved) {
            self.unresolved.push(unresolved);
        }
    }

    /// Notes that a part of the request went where it cannot be followed.
    pub(super) fn lost(&mut self, pos: Pos, problem: impl Into<String>) {
        if self.run.mode == Mode::Handle {
            self.run.lost.entry(pos).or_insert_with(|| problem.into());
        }
    }

    /// Notes that something is done.
    pub(super) fn work(&mut self, pos: Pos) {
        if self.run.mode == Mode::Handle {
            self.run.work.insert(pos);
        }
    }

    /// A function value for a declared function.
    pub fn function_value(&mut self, function: &'p Function, receiver: Option<Value<'p>>) -> Value<'p> {
        let id = self.id();
        Value::Func(Rc::new(Closure {
            function,
            env: None,
            receiver: receiver.map(Box::new),
            types: Vec::new(),
            converted: None,
            id,
            core: None,
            wrappers: Vec::new(),
        }))
    }

    /// A variable or constant of a package.
    pub(super) fn global(&mut self, package: usize, name: &str) -> Option<Rc<Slot<'p>>> {
        let packages = self.packages();
        let (decl, position, file) = packages.value(package, name)?;
        let name = decl.names.get(position)?.as_str();
        if let Some(slot) = self.globals.get(&(package, name)) {
            return Some(Rc::clone(slot));
        }
        let ty = decl.ty.as_ref().map(|ty| Ty::new(ty, file));
        let slot = Slot::new(self.zero(ty), ty, 0);
        // Declared before its value is evaluated: a cycle then meets the zero value and ends.
        self.globals.insert((package, name), Rc::clone(&slot));
        let (branch, answering) = (std::mem::take(&mut self.branch), std::mem::take(&mut self.answering));
        let value = self.in_file(file, |machine| match decl.values.as_slice() {
            [] => None,
            [one] if decl.names.len() > 1 => {
                let env = machine.iota_scope(decl.iota);
                Some(machine.expr(one, &env).nth(position))
            }
            several => several.get(position).map(|value| {
                let env = machine.iota_scope(decl.iota);
                machine.expr_as(value, ty, &env)
            }),
        });
        (self.branch, self.answering) = (branch, answering);
        if let Some(value) = value {
            *slot.value.borrow_mut() = value.typed(ty);
        }
        Some(slot)
    }

    fn iota_scope(&self, iota: i64) -> Env<'p> {
        let env = Scope::inside(None);
        env.declare("iota", Slot::new(Value::Int(iota), None, 0));
        env
    }

    /// Does something as if it stood at the top of a file.
    fn in_file<T>(&mut self, file: u32, walk: impl FnOnce(&mut Self) -> T) -> T {
        let function: &'p Function = self.top_function();
        self.frames.push(Frame { returns: Vec::new(), file, function, results: Vec::new(), types: Vec::new() });
        let out = walk(self);
        self.frames.pop();
        out
    }

    fn top_function(&self) -> &'p Function {
        static TOP: Function = Function {
            name: String::new(),
            receiver: None,
            type_params: Vec::new(),
            signature: crate::go::ast::Signature { params: Vec::new(), variadic: false, results: Vec::new() },
            body: None,
            pos: Pos { file: 0, line: 0, byte: 0 },
            size: 0,
            mentions: Vec::new(),
        };
        &TOP
    }

    /// Whether a call of this function may be walked into now.
    pub(super) fn may_enter(&self, function: &'p Function) -> bool {
        let depth = self.frames.iter().filter(|frame| std::ptr::eq(frame.function, function)).count();
        function.body.is_some() && self.frames.len() < DEEPEST && depth < 2 && self.fuel > 0
    }

    /// Calls a function with arguments and gives what it returns.
    pub fn call_closure(&mut self, closure: &Rc<Closure<'p>>, args: Vec<Value<'p>>) -> Value<'p> {
        let function = closure.function;
        if self.run.mode == Mode::Auth && self.run.target == Some(closure.id) {
            self.reach();
            return Value::unknown();
        }
        let file = function.pos.file;
        let Some(body) = function.body.as_ref().filter(|_| self.may_enter(function)) else {
            return self.result_of(function);
        };
        if self.run.mode == Mode::Register {
            self.evaluated.insert(function.pos);
        }
        let bound: Vec<_> = closure.types.iter().map(|(name, ty)| (*name, self.types.bind(file, name, *ty))).collect();
        let env = Scope::inside(closure.env.as_ref());
        let makes_answer = closure.env.is_none() && !args.iter().any(|arg| arg.is_request() || arg.is_response());
        let args = self.bind_receiver(closure, args, &env);
        self.bind_params(function, args, &env);
        let results = self.bind_results(function, &env);
        let frame = Frame { returns: Vec::new(), file, function, results, types: closure.types.clone() };
        self.frames.push(frame);
        let controls = self.control.len();
        // What makes an answer out of plain values is still part of answering.
        let answering = self.answering;
        if !makes_answer {
            self.answering = 0;
        }
        let flow = self.block(body, &env);
        self.answering = answering;
        self.control.truncate(controls);
        let Some(frame) = self.frames.pop() else { return Value::unknown() };
        let value = self.merge_returns(frame, flow);
        for (name, earlier) in bound {
            self.types.unbind(file, name, earlier);
        }
        value
    }

    /// The type that a method was declared on.
    pub fn owner(function: &'p Function) -> &'p str {
        function.receiver.as_ref().map_or("", |receiver| receiver_type(&receiver.ty))
    }

    /// The handler that is waited for was reached.
    pub fn reach(&mut self) {
        let reached = super::run::Reached { choices: self.run.choices.clone(), before_router: self.run.at_router };
        self.run.reached.push(reached);
    }

    /// Whether what is being walked surely happens.
    pub fn is_certain(&self) -> bool {
        self.branch == 0
    }
}
