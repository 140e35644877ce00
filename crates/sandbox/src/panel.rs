//! A panel in this process: its state behind one lock, its faults and counters, and the way to call it without a
//! socket.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::agents;
use crate::http::faults::{self, FaultRule, Faults, Taken};
use crate::http::hold::Hall;
use crate::http::{Reply, Request, Response, auth, request, router};
use crate::state::{Settings, State};
use crate::world;

/// A panel. Clones are the same panel.
#[derive(Clone, Debug)]
pub struct Panel {
    inner: Arc<Inner>,
}

/// A panel that is not kept alive by this.
#[derive(Clone, Debug)]
pub(crate) struct WeakPanel(Weak<Inner>);

impl WeakPanel {
    pub(crate) fn upgrade(&self) -> Option<Panel> {
        self.0.upgrade().map(|inner| Panel { inner })
    }
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    control: Mutex<Control>,
    hall: Hall,
}

/// What belongs to the sandbox and not to the panel in it.
#[derive(Debug, Default)]
struct Control {
    faults: Faults,
    calls: BTreeMap<String, u64>,
}

impl Panel {
    /// A panel with the standard small world.
    pub fn new(settings: Settings) -> Self {
        Self::with_state(world::standard(settings))
    }

    /// A panel with a state of your own.
    pub fn with_state(mut state: State) -> Self {
        state.settings.peers = state.settings.peers.for_new_panel();
        Self { inner: Arc::new(Inner { state: Mutex::new(state), control: Mutex::default(), hall: Hall::default() }) }
    }

    /// Calls the panel without a socket. `target` is the path with its query; a delay (a silent node, a fault) is slept.
    pub async fn request(&self, method: Method, target: &str, headers: HeaderMap, body: impl Into<Bytes>) -> Response {
        self.request_from(IpAddr::V4(Ipv4Addr::LOCALHOST), method, target, headers, body.into()).await
    }

    pub(crate) async fn request_from(
        &self,
        remote: IpAddr,
        method: Method,
        target: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let holds = self.locked_control().faults.take_holds(path);
        if holds == (false, false) {
            return late(self.request_now(remote, method, target, headers, body)).await;
        }
        // In a task of its own, which goes on when the client is gone.
        let (panel, target) = (self.clone(), target.to_owned());
        let work = tokio::spawn(async move {
            let path = target.split_once('?').map_or(target.as_str(), |(path, _)| path);
            if holds.0 && !panel.inner.hall.wait(path).await {
                return lost();
            }
            let response = late(panel.request_now(remote, method, &target, headers, body)).await;
            if holds.1 && !panel.inner.hall.wait(path).await { lost() } else { response }
        });
        work.await.unwrap_or_else(|_| lost())
    }

    /// Lets every request go on that is held now.
    pub fn release(&self) {
        self.inner.hall.release(false);
    }

    /// Lets every request that is held now get lost: what was not done yet will never be, and no answer comes.
    pub fn lose(&self) {
        self.inner.hall.release(true);
    }

    /// Paths of the requests that are held now.
    pub fn held(&self) -> Vec<String> {
        self.inner.hall.held()
    }

    /// Waits until a request is held, and gives the paths of those that are.
    pub async fn until_held(&self) -> Vec<String> {
        self.inner.hall.until_held().await
    }

    /// Calls the panel and hands back the delay instead of sleeping it.
    pub fn request_now(
        &self,
        remote: IpAddr,
        method: Method,
        target: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> (Response, Duration) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = request::unescape(path, false).unwrap_or_else(|| path.to_owned());
        let request = Request { method, path, query: query.to_owned(), headers, body, remote };
        if request.path.starts_with("/__sandbox/") {
            return (self.control(&request), Duration::ZERO);
        }
        let mut state = self.state();
        self.work(&mut state, &request)
    }

    /// Makes the panel reachable for others in its network (see [`crate::peers`]) under `host:port`.
    pub fn publish(&self, authority: &str) {
        self.state().settings.peers.publish(authority, WeakPanel(Arc::downgrade(&self.inner)));
    }

    /// Answers a request of another panel, unless this one is busy.
    pub(crate) fn request_if_free(&self, request: &Request) -> Option<(Response, Duration)> {
        let mut state = self.try_state()?;
        Some(self.work(&mut state, request))
    }

    fn work(&self, state: &mut State, request: &Request) -> (Response, Duration) {
        let taken = self.count(&request.path);
        if let Some(response) = taken.instead(state.now()) {
            return (response, taken.delay);
        }
        let (response, delay) = router::answer(state, request);
        let response = taken.spoil(response, state.now());
        (response, delay + taken.delay)
    }

    /// The state, locked. Do not call the panel while you hold it.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // a handler that panicked left the state as it was at that point, which a test may still want to see
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, if nobody holds it: for panels that call one another while they work.
    pub fn try_state(&self) -> Option<MutexGuard<'_, State>> {
        match self.inner.state.try_lock() {
            Ok(state) => Some(state),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    /// A token for an account of this panel; `None` when there is no such account.
    pub fn token(&self, user: &str) -> Option<String> {
        let state = self.state();
        let row = state.users.users.find(|u| u.user == user)?;
        Some(auth::token(row.id, &row.user, row.role_id, &state.settings.jwt_secret, state.now()))
    }

    /// The token of a share of this panel; `None` when there is no such share.
    pub fn share_token(&self, share: i64) -> Option<String> {
        self.state().federation.shares.find(|row| row.id == share).map(|row| row.token.clone())
    }

    /// Adds a fault.
    pub fn fault(&self, rule: FaultRule) {
        self.locked_control().faults.add(rule);
    }

    /// Forgets all faults. What is held already stays held.
    pub fn no_more_faults(&self) {
        self.locked_control().faults.clear();
    }

    /// How often each path was called, answered or not.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.locked_control().calls.clone()
    }

    /// Puts the standard world back, forgets faults and counts. Tokens stay good.
    pub fn reset(&self) {
        *self.locked_control() = Control::default();
        let mut state = self.state();
        let settings = state.settings.clone();
        *state = world::standard(settings);
    }

    fn locked_control(&self) -> MutexGuard<'_, Control> {
        self.inner.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, path: &str) -> Taken {
        let mut control = self.locked_control();
        *control.calls.entry(path.to_owned()).or_default() += 1;
        control.faults.take(path)
    }

    /// The sandbox's own paths: counts, faults, reset.
    fn control(&self, request: &Request) -> Response {
        let reply = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/__sandbox/calls") => Ok(json!(self.calls())),
            ("GET", "/__sandbox/faults") => Ok(json!(self.locked_control().faults.rules())),
            ("POST", "/__sandbox/faults") => faults::control(&mut self.locked_control().faults, &request.body),
            ("GET", "/__sandbox/agents") => Ok(agents::show(&self.state())),
            ("POST", "/__sandbox/release") => {
                self.release();
                Ok(Value::Bool(true))
            }
            ("POST", "/__sandbox/agents") => agents::control(&mut self.state(), &request.body),
            ("POST", "/__sandbox/reset") => {
                self.reset();
                Ok(Value::Bool(true))
            }
            _ => Err("the sandbox knows GET /__sandbox/calls, GET and POST /__sandbox/faults, GET and POST /__sandbox/agents, POST /__sandbox/release, POST /__sandbox/reset".to_owned()),
        };
        match reply {
            Ok(value) => Reply::json("application/json", value).render(0),
            Err(text) => Reply::text(400, "text/plain; charset=utf-8", text + "\n").render(0),
        }
    }
}

/// The answer after its delay.
async fn late((response, delay): (Response, Duration)) -> Response {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    response
}

/// A connection that is closed without a byte.
fn lost() -> Response {
    Response { cut: true, ..Reply::empty(204).render(0) }
}
