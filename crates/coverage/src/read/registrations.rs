//! Finds every registration: evaluates what can reach one, from the outside in.

use std::collections::{BTreeSet, HashSet};

use crate::{
    eval::{Machine, Mode, Run, Value},
    go::{
        Ty,
        ast::{Function, Pos},
    },
};

/// Names of methods that register routes or make routers.
const VERBS: [&str; 21] = [
    "Handle",
    "HandleFunc",
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "Any",
    "Get",
    "Post",
    "Put",
    "Patch",
    "Delete",
    "Method",
    "MethodFunc",
    "Mount",
    "Route",
    "Match",
    "NewServeMux",
    "PathPrefix",
];

/// Names in a function that tell that it deals with routers, however it got them.
const IMPORTS: [&str; 5] =
    ["net/http", "github.com/gin-gonic", "github.com/go-chi", "github.com/labstack", "github.com/gorilla/mux"];

/// Evaluates everything that can register a route.
pub fn find(machine: &mut Machine<'_>) {
    let packages = machine.packages();
    let direct: Vec<&Function> = packages.functions().filter(|function| is_direct(machine, function)).collect();
    let relevant = closure(machine, &direct);
    machine.relevant = relevant.iter().map(|function| function.pos).collect();
    machine.start(Run::new(Mode::Register));
    for init in packages.inits() {
        call(machine, init);
    }
    // Variables of a package can register too: `var _ = register(…)`.
    let spoken_of: HashSet<&str> = relevant.iter().map(|function| function.name.as_str()).collect();
    for (package, decl) in packages.variables() {
        for name in decl.names.iter().filter(|_| decl.values.iter().any(|value| speaks_of(value, &spoken_of))) {
            machine.touch(package, name);
        }
    }
    for root in roots(machine, &relevant) {
        call(machine, root);
    }
    // Whatever registers and was still not met: nobody that is here calls it, or only somebody who cannot be followed.
    for function in direct {
        if !machine.evaluated.contains(&function.pos) {
            call(machine, function);
        }
    }
}

/// Whether a function itself calls something that registers.
fn is_direct(machine: &Machine<'_>, function: &Function) -> bool {
    let packages = machine.packages();
    let deals = IMPORTS.iter().any(|import| packages.imports_path(function.pos.file, import));
    deals && VERBS.iter().any(|verb| function.mentions.binary_search_by(|name| name.as_str().cmp(verb)).is_ok())
}

/// The functions from which one of these can be reached, by the names they use.
fn closure<'p>(machine: &Machine<'p>, direct: &[&'p Function]) -> Vec<&'p Function> {
    let all: Vec<&'p Function> = machine.packages().functions().collect();
    let mut inside: HashSet<Pos> = direct.iter().map(|function| function.pos).collect();
    let mut names: HashSet<&str> =
        direct.iter().filter(|function| !is_common(&function.name)).map(|function| function.name.as_str()).collect();
    loop {
        let mut grown = false;
        for function in &all {
            if inside.contains(&function.pos) || !function.mentions.iter().any(|name| names.contains(name.as_str())) {
                continue;
            }
            inside.insert(function.pos);
            names.insert(&function.name);
            grown = true;
        }
        if !grown {
            break;
        }
    }
    all.into_iter().filter(|function| inside.contains(&function.pos)).collect()
}

/// Names that everybody uses for everything: to follow them would make the whole program relevant.
fn is_common(name: &str) -> bool {
    matches!(name, "" | "Get" | "Post" | "Put" | "Delete" | "Handle" | "Error" | "String" | "Close")
}

/// Where to begin: `main`, and every relevant function that no relevant function speaks of.
fn roots<'p>(machine: &Machine<'p>, relevant: &[&'p Function]) -> Vec<&'p Function> {
    let mut spoken_of: BTreeSet<&str> = BTreeSet::new();
    for function in relevant {
        spoken_of.extend(function.mentions.iter().map(String::as_str).filter(|name| *name != function.name));
    }
    let is_root = |function: &&&'p Function| function.name == "main" || !spoken_of.contains(function.name.as_str());
    let mut roots: Vec<&'p Function> =
        relevant.iter().filter(is_root).copied().filter(|function| function.name != "init").collect();
    // A program's own `main` first: it knows most.
    roots.sort_by_key(|function| {
        (function.name != "main", machine.packages().path(function.pos.file).to_owned(), function.pos)
    });
    roots
}

fn call<'p>(machine: &mut Machine<'p>, function: &'p Function) {
    let file = function.pos.file;
    let receiver = function.receiver.as_ref().map(|receiver| machine.parameter(Ty::new(&receiver.ty, file)));
    let args =
        function.signature.params.iter().map(|param| machine.given(Ty::new(&param.ty, file), function.pos)).collect();
    if let Value::Func(closure) = machine.function_value(function, receiver) {
        let made = machine.call_closure(&closure, args);
        if machine.router_in(&made).is_some() {
            machine.outers.push(made);
        }
    }
}

/// Whether an initial value speaks of one of these functions.
fn speaks_of(value: &crate::go::ast::Expr, names: &HashSet<&str>) -> bool {
    use crate::go::ast::ExprKind;
    match &value.kind {
        ExprKind::Name(name) => names.contains(name.as_str()),
        ExprKind::Select(of, name) => names.contains(name.as_str()) || speaks_of(of, names),
        ExprKind::Call(call) => speaks_of(&call.function, names) || call.args.iter().any(|arg| speaks_of(arg, names)),
        ExprKind::Func(function) => function.mentions.iter().any(|name| names.contains(name.as_str())),
        ExprKind::Unary(_, of) => speaks_of(of, names),
        ExprKind::Composite(_, elements) => elements.iter().any(|element| speaks_of(&element.value, names)),
        _ => false,
    }
}
