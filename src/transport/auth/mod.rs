//! Who comes over HTTP. In front of everything that answers at `/mcp`: each request proves anew whose it is, and the principal
//! travels in the request's extensions. Sessions are bound to who opened them. The client's token ends here; it is never
//! passed on to the panel.

mod answer;
mod bearer;
mod jwt;
mod keys;
mod metadata;
mod refused;
mod sessions;
mod signature;
mod step_up;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

pub use metadata::document as resource_metadata;
pub use refused::{Refusal, ToRecord, Watch};

use crate::{
    access::Principal,
    audit::Record,
    config::Policy,
    gateway::{Caller, Gateway},
    trace::TraceId,
};
use bearer::{Presented, presented};
use jwt::{Claims, Verifier};
use refused::Throttle;
use sessions::Owners;

const SESSION: &str = "mcp-session-id";

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Whose a request is, and by which policy that was found out. Travels in the request's extensions.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who it is.
    pub principal: Arc<Principal>,
    policy: Arc<Policy>,
}

impl Known {
    /// Whether the policy is still in force.
    pub fn holds(&self, gateway: &Gateway) -> bool {
        Arc::ptr_eq(&self.policy, &gateway.policy())
    }
}

/// Lets requests in, or not.
#[derive(Debug)]
pub struct Guard {
    gateway: Arc<Gateway>,
    sessions: Arc<LocalSessionManager>,
    owners: Owners,
    verifier: Mutex<Option<Arc<Verifier>>>,
    throttle: Throttle,
    watch: Arc<dyn Watch>,
}

/// Who it is, and what a provider's token said.
struct Identified {
    principal: Arc<Principal>,
    claims: Option<Claims>,
}

/// Why nobody is let in, with the answer that says so.
struct NotLetIn {
    reason: String,
    answer: Response,
}

impl Guard {
    /// A guard in front of a gateway; `watch` is told of those who were not let in.
    pub fn new(gateway: Arc<Gateway>, sessions: Arc<LocalSessionManager>, watch: Arc<dyn Watch>) -> Self {
        Self {
            gateway,
            sessions,
            owners: Owners::default(),
            verifier: Mutex::default(),
            throttle: Throttle::default(),
            watch,
        }
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        self.gateway.policy()
    }

    /// Lets a request in, which then knows whose it is, or answers it. Looks at its head only.
    async fn admit(&self, request: &mut Request) -> Result<(), Response> {
        let started = Instant::now();
        let policy = self.gateway.policy();
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
        let Identified { principal, claims } =
            self.identify(&policy, request.headers()).await.map_err(|NotLetIn { reason, answer }| {
                self.tell(peer, reason);
                answer
            })?;
        if let Some(claims) = &claims
            && let Some((tool, scopes)) =
                step_up::lacking(&self.gateway, &policy, &principal, claims, request.headers())
        {
            // The call ends here, so the gateway cannot record it.
            let caller = Caller { principal, client: None, traceparent: None };
            let record = Record::unknown_tool(TraceId::fresh().as_str(), &caller, tool);
            self.gateway.audit().refused(record, "insufficient_scope", started.elapsed());
            return Err(answer::insufficient_scope(&policy, &scopes));
        }
        // The library takes an unreadable id for none and would open a session; here it would look like one that is named.
        let session = session(request).ok_or_else(answer::bad_session)?;
        if let Some(session) = &session
            && !self.may_use(session, &principal).await
        {
            self.tell(peer, format!("`{}` named a session of somebody else", principal.name));
            return Err(answer::no_session());
        }
        request.extensions_mut().insert(Known { principal, policy });
        Ok(())
    }

    /// Looks at a request again whose body has come, in case the policy changed meanwhile: a token that was taken away opens
    /// nothing any more, however long ago the head was sent.
    ///
    /// # Errors
    /// The answer to a request that is not let in.
    pub async fn look_again(&self, request: &mut Request) -> Result<(), Box<Response>> {
        match request.extensions().get::<Known>() {
            Some(known) if known.holds(&self.gateway) => Ok(()),
            _ => self.admit(request).await.map_err(Box::new),
        }
    }

    /// Whose request this is.
    async fn identify(&self, policy: &Policy, headers: &HeaderMap) -> Result<Identified, NotLetIn> {
        let token = match presented(headers) {
            Presented::Token(token) => token,
            Presented::Nothing => {
                let principal = policy.roster.anonymous();
                return principal.map(|principal| Identified { principal, claims: None }).ok_or_else(|| NotLetIn {
                    reason: "no token".to_owned(),
                    answer: answer::unauthorized(policy, false),
                });
            }
            Presented::Malformed(what) => {
                return Err(NotLetIn { reason: what.to_owned(), answer: answer::unauthorized(policy, true) });
            }
        };
        if let Some(principal) = policy.roster.by_token(token) {
            return Ok(Identified { principal, claims: None });
        }
        let not_accepted = |reason: String| NotLetIn { reason, answer: answer::unauthorized(policy, true) };
        let Some(rules) = policy.jwt.as_ref().filter(|_| Verifier::could_be(token)) else {
            return Err(not_accepted("a token that nobody has".to_owned()));
        };
        let verifier = self.verifier(rules).map_err(not_accepted)?;
        let claims = verifier.verify(token).await.map_err(|refused| match refused {
            jwt::Refused::Token(why) => not_accepted(format!("a provider's token: {why}")),
            jwt::Refused::NoKeys => NotLetIn { reason: refused.to_string(), answer: answer::no_keys() },
        })?;
        let lacks = |reason: &str, scopes: &str| NotLetIn {
            reason: format!("a provider's token: {reason}"),
            answer: answer::insufficient_scope(policy, scopes),
        };
        if rules.required_scopes.iter().any(|scope| !claims.has_scope(scope)) {
            return Err(lacks("a required scope is missing", &rules.required_scopes.join(" ")));
        }
        match policy.roster.by_claims(&claims.subject, |claim| claims.values(claim)) {
            Some(principal) => Ok(Identified { principal, claims: Some(claims) }),
            None => Err(lacks("nothing in it gives a role", &step_up::for_anything(policy, &claims))),
        }
    }

    /// The verifier of these rules. It is kept as long as they stay the same, because it holds the provider's keys.
    fn verifier(&self, rules: &crate::config::policy::JwtRules) -> Result<Arc<Verifier>, String> {
        let mut verifier = self.verifier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = verifier.as_ref().filter(|verifier| verifier.rules() == rules) {
            return Ok(Arc::clone(same));
        }
        let new = Arc::new(Verifier::new(rules.clone())?);
        *verifier = Some(Arc::clone(&new));
        Ok(new)
    }

    fn tell(&self, peer: Option<SocketAddr>, reason: String) {
        if let Some(untold) = self.throttle.next() {
            self.watch.refused(&Refusal { peer, reason, untold });
        }
    }

    /// Whether the session that a request names may be used by this principal. One that nobody is known to have opened is left
    /// to the library, as long as it does not know it either.
    async fn may_use(&self, session: &str, principal: &Principal) -> bool {
        match self.owners.owns(session, &principal.name) {
            Some(owns) => owns,
            None => !self.sessions.sessions.read().await.contains_key(session),
        }
    }
}

/// The id of the session that a request names. `None`: it cannot be read.
fn session(request: &Request) -> Option<Option<String>> {
    request.headers().get(SESSION).map(|value| value.to_str().map(str::to_owned)).transpose().ok()
}

/// The layer.
pub async fn guard(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    if let Err(answer) = guard.admit(&mut request).await {
        return answer;
    }
    let (session, method) = (session(&request).flatten(), request.method().clone());
    let name = request.extensions().get::<Known>().map(|known| known.principal.name.clone()).unwrap_or_default();
    let response = next.run(request).await;
    match &session {
        Some(session) if method == Method::DELETE && response.status().is_success() => guard.owners.closed(session),
        None if method == Method::POST => {
            if let Some(opened) = response.headers().get(SESSION).and_then(|value| value.to_str().ok()) {
                let open = guard.sessions.sessions.read().await;
                guard.owners.opened(opened, &name, |session| open.contains_key(session));
            }
        }
        _ => {}
    }
    response
}
