//! Routers inside routers: the whole path of a route, and the way to it from the outside.

use std::collections::HashMap;

use super::pattern;
use crate::eval::{Machine, Value};

/// Routers in routers in routers, at most.
const DEEPEST: usize = 8;

/// Where routers are mounted.
#[derive(Debug, Default)]
pub struct Mounts {
    /// By inner router: the registration that leads to it, and what it takes off the path.
    inner: HashMap<usize, Vec<(usize, String)>>,
}

/// One way to a router from the outside.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// What the routers around it have taken off the path.
    pub prefix: String,
    /// The routers on the way with the registrations that lead on.
    pub route: Vec<(usize, usize)>,
}

impl Mounts {
    /// Finds out which registrations lead to routers.
    pub fn new(machine: &Machine<'_>) -> Self {
        let mut mounts = Self::default();
        for (index, registration) in machine.registrations.iter().enumerate() {
            if let Some((router, _)) = machine.router_in(&registration.handler) {
                let inner = mounts.inner.entry(machine.root(router)).or_default();
                inner.push((index, stripped(&registration.handler).unwrap_or_default()));
            }
        }
        mounts
    }

    /// Whether a registration leads to a router rather than to a handler.
    pub fn is_mount(&self, registration: usize) -> bool {
        self.inner.values().flatten().any(|(index, _)| *index == registration)
    }

    /// Every way to a router.
    pub fn ways(&self, machine: &Machine<'_>, router: usize) -> Vec<Way> {
        self.ways_to(machine, router, 0)
    }

    fn ways_to(&self, machine: &Machine<'_>, router: usize, depth: usize) -> Vec<Way> {
        let root = machine.root(router);
        let Some(mounts) = self.inner.get(&root).filter(|_| depth < DEEPEST) else { return vec![Way::default()] };
        let mut ways = Vec::new();
        for (index, strip) in mounts {
            let Some(registration) = machine.registrations.get(*index) else { continue };
            if machine.root(registration.router) == root {
                continue;
            }
            for outer in self.ways_to(machine, registration.router, depth + 1) {
                let mut route = outer.route;
                route.push((registration.router, *index));
                ways.push(Way { prefix: format!("{}{strip}", outer.prefix), route });
            }
        }
        if ways.is_empty() { vec![Way::default()] } else { ways }
    }
}

/// What the handler of a mount takes off the path.
fn stripped(handler: &Value<'_>) -> Option<String> {
    match handler {
        Value::Strip(prefix, inner) => Some(format!("{prefix}{}", stripped(inner).unwrap_or_default())),
        Value::Func(closure) => {
            let env = closure.env.as_ref()?;
            let captured = closure.function.mentions.iter().filter_map(|name| env.find(name));
            captured.into_iter().find_map(|slot| {
                let value = slot.value.try_borrow().ok()?.clone();
                matches!(value, Value::Strip(..) | Value::Func(_)).then(|| stripped(&value)).flatten()
            })
        }
        _ => None,
    }
}

/// The whole path of a registration on one way to its router; none when a prefix is not known.
pub fn full_path(machine: &Machine<'_>, registration: usize, way: &Way) -> Option<String> {
    let registration = machine.registrations.get(registration)?;
    let prefix = machine.routers.get(registration.router)?.prefix.as_ref()?;
    Some(format!("{}{}", way.prefix, pattern::join(prefix, &registration.path)))
}
