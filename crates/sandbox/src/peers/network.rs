//! The network: which base URL is which panel. Panels with clones of one [`Peers`] see each other; an entry does not
//! keep its panel alive. One exchange is a call in process, with the errors Go's client would give.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::http::{Request, Response, request, router};
use crate::panel::{Panel, WeakPanel};
use crate::state::State;

/// The calling panel gives up after this much of its own time.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a call really waits for a panel that is busy with another request.
const BUSY_LIMIT: Duration = Duration::from_millis(250);

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// One panel's place in a network.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    network: Arc<Mutex<BTreeMap<String, Entry>>>,
    me: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    panel: WeakPanel,
}

impl Peers {
    /// The same network, seen by a panel of its own; each panel takes one when it is made.
    pub(crate) fn for_new_panel(&self) -> Self {
        Self { network: Arc::clone(&self.network), me: NEXT_ID.fetch_add(1, Ordering::Relaxed) }
    }

    /// Makes this panel reachable under `host:port`.
    pub(crate) fn publish(&self, authority: &str, panel: WeakPanel) {
        self.entries().insert(authority.to_owned(), Entry { id: self.me, panel });
    }

    fn find(&self, authority: &str) -> Option<Entry> {
        self.entries().get(authority).cloned()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Entry>> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Posts to another panel. The time it takes is added to the request that `state` is working on.
///
/// # Errors
/// What Go's client says when there is no answer.
pub(super) fn post(state: &mut State, url: &str, headers: HeaderMap, body: Bytes) -> Result<Response, String> {
    // Go shows the address as it would be sent.
    let shown = url.replace(' ', "%20");
    let fail = |why: &str| Err(format!("Post \"{shown}\": {why}"));
    let Some((scheme, rest)) = url.split_once("://") else {
        let first_segment = url.split('/').next().unwrap_or_default();
        return if first_segment.contains(':') {
            Err(format!("parse \"{url}\": first path segment in URL cannot contain colon"))
        } else {
            fail("unsupported protocol scheme \"\"")
        };
    };
    let port = match scheme.to_ascii_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        _ => return fail(&format!("unsupported protocol scheme \"{scheme}\"")),
    };
    let (host, target) = rest.split_once('/').map_or((rest, "/".to_owned()), |(host, path)| (host, format!("/{path}")));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if host.is_empty() {
        return fail("http: no Host in request URL");
    }
    let authority = with_port(host, port);
    let Some(entry) = state.settings.peers.find(&authority) else {
        return fail(&unreachable(&authority));
    };
    let Some(panel) = entry.panel.upgrade() else {
        return fail(&unreachable(&authority));
    };
    if port == 443 {
        return fail("http: server gave HTTP response to HTTPS client");
    }
    let request = to_request(&target, headers, body);
    if entry.id == state.settings.peers.me {
        // a panel that calls itself: its lock is held already, by this very request
        let delay_before = state.take_delay();
        let (response, delay) = router::answer(state, &request);
        state.delay(delay_before + delay);
        return Ok(response);
    }
    let Some((response, delay)) = call(&panel, &request) else {
        state.panel_wait(CLIENT_TIMEOUT);
        return fail("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    };
    if delay > state.scaled(CLIENT_TIMEOUT) {
        state.panel_wait(CLIENT_TIMEOUT);
        return fail("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    }
    state.delay(delay);
    if response.cut { fail("EOF") } else { Ok(response) }
}

/// Calls the panel as soon as it is free; two panels that call each other at once must not wait for ever.
fn call(panel: &Panel, request: &Request) -> Option<(Response, Duration)> {
    let started = Instant::now();
    loop {
        if let Some(answer) = panel.request_if_free(request) {
            return Some(answer);
        }
        if started.elapsed() > BUSY_LIMIT {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn to_request(target: &str, headers: HeaderMap, body: Bytes) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: Method::POST,
        path: request::unescape(path, false).unwrap_or_else(|| path.to_owned()),
        query: query.to_owned(),
        headers,
        body,
        remote: IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

fn with_port(host: &str, port: u16) -> String {
    let has_port =
        host.rsplit_once(':').is_some_and(|(name, port)| !name.ends_with(':') && port.parse::<u16>().is_ok());
    let bare_v6 = host.starts_with('[') && host.ends_with(']');
    if has_port && !bare_v6 { host.to_owned() } else { format!("{host}:{port}") }
}

fn unreachable(authority: &str) -> String {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    if host == "localhost" {
        return format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
    }
    if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return format!("dial tcp {authority}: connect: connection refused");
    }
    format!("dial tcp: lookup {host} on 192.0.2.53:53: no such host")
}
