//! The line that every call walks, from a tool's name to its result. Each stage refuses with a typed error or hands on.

use std::{sync::Arc, time::Instant};

use flvx_panel::{
    client::{Credential, PanelClient},
    spec::{Danger, Role, Route},
};
use serde_json::{Map, Value};

use super::{
    Arguments, Credentials, OwnCode, Problem, Registry, Tool, change::carry_out, credentials, explain::explain,
    panel_call::answered,
};
use crate::{
    access::{Principal, Via},
    audit::{Audit, Record},
    config::Config,
    policy::{Begin, Gate, Ledger, digest, effective_danger},
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    store::Store,
    trace::TraceId,
};

/// Who calls, and what the call brought along.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is.
    pub principal: Arc<Principal>,
    /// The MCP client's own name and version, as far as it told.
    pub client: Option<String>,
    /// The caller's own trace context (`traceparent`), as it came.
    pub traceparent: Option<String>,
}

impl Caller {
    /// Whoever sits at the machine.
    pub fn local(via: Via, client: &str) -> Self {
        Self { principal: Principal::local(via), client: Some(client.to_owned()), traceparent: None }
    }

    /// The name of a new call.
    fn trace(&self) -> TraceId {
        self.traceparent.as_deref().and_then(TraceId::within).unwrap_or_else(TraceId::fresh)
    }
}

/// No tool has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown tool `{name}`{}", nearest.as_ref().map(|right| format!("; did you mean `{right}`?")).unwrap_or_default())]
pub struct UnknownTool {
    /// What was asked for.
    pub name: String,
    /// What was probably meant.
    pub nearest: Option<&'static str>,
}

/// The gateway: everything that a call needs on its way.
#[derive(Debug)]
pub struct Gateway {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: Config,
    registry: Registry,
    client: PanelClient,
    credentials: Credentials,
    gate: Gate,
    ledger: Ledger,
    audit: Audit,
    store: Store,
    started: Instant,
}

impl Gateway {
    /// Sets everything up from the configuration. Opens no connection.
    ///
    /// # Errors
    /// A text that names the setting that cannot be used.
    pub fn new(config: Config, own: OwnCode) -> Result<Self, String> {
        let store = Store::open(config.state.folder()?).map_err(|error| error.to_string())?;
        let client = PanelClient::new(config.panel.client_options())?;
        let inner = Inner {
            registry: Registry::new(&config.surface, own),
            credentials: Credentials::new(config.panel.credential(), config.panel.peer_credential()),
            gate: Gate::new(config.confirm_token.clone()),
            ledger: Ledger::new(config.idempotency_ttl),
            audit: Audit::new(config.audit_enabled),
            store,
            started: Instant::now(),
            client,
            config,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The tools on offer.
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// The client of the panel.
    pub fn client(&self) -> &PanelClient {
        &self.inner.client
    }

    /// The credentials by name.
    pub fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    /// The durable state.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Whether calls that need the operator's word can run.
    pub fn gate_can_open(&self) -> bool {
        self.inner.gate.can_open()
    }

    /// How long the gateway has been up.
    pub fn uptime(&self) -> std::time::Duration {
        self.inner.started.elapsed()
    }

    /// Calls a tool. Whatever happens comes back as a result; only a name that is no tool is an error.
    ///
    /// # Errors
    /// [`UnknownTool`].
    pub async fn call(
        &self,
        caller: &Caller,
        name: &str,
        arguments: Map<String, Value>,
    ) -> Result<CallOutput, UnknownTool> {
        let Some(tool) = self.inner.registry.resolve(name).copied() else {
            let nearest = self.inner.registry.nearest(name).map(|tool| tool.name);
            return Err(UnknownTool { name: name.chars().take(128).collect(), nearest });
        };
        let started = Instant::now();
        let trace_id = caller.trace();
        let mut record = Record::new(trace_id.as_str(), caller, &tool);
        let mut output = match Arguments::read(&tool, arguments) {
            Ok(arguments) => {
                record.asked(&arguments);
                self.run(caller, &tool, arguments, &trace_id, &mut record).await
            }
            Err(problems) => refused_arguments(&tool, &problems),
        };
        trace_id.as_str().clone_into(&mut output.trace_id);
        self.inner.audit.write(&record, &output, started.elapsed());
        Ok(output)
    }

    /// Everything behind the arguments.
    async fn run(
        &self,
        caller: &Caller,
        tool: &Tool,
        arguments: Arguments,
        trace_id: &TraceId,
        record: &mut Record<'_>,
    ) -> CallOutput {
        if let Some(run) = tool.own_code() {
            return run(self, caller, &arguments).await;
        }
        let Some(route) = tool.route() else {
            return CallOutput::failed(ToolError::new(ErrorKind::Internal, "the tool has no code behind it", ""));
        };
        let (danger, why) = effective_danger(route, &arguments.request);
        record.danger(danger);
        if let Err(error) = self.inner.gate.pass(danger, why, arguments.confirm_token.as_ref()) {
            return CallOutput { outcome: Some(Outcome::Rejected), ..CallOutput::failed(error) };
        }
        if !tool.is_change() {
            return self.inner.send(route, arguments, trace_id).await;
        }
        self.change(caller, route, arguments, trace_id).await
    }

    /// A change: once for each idempotency key, and to its end even when the caller goes away.
    async fn change(
        &self,
        caller: &Caller,
        route: &'static Route,
        arguments: Arguments,
        trace_id: &TraceId,
    ) -> CallOutput {
        let rejected = |error| CallOutput { outcome: Some(Outcome::Rejected), ..CallOutput::failed(error) };
        let Some(key) = arguments.idempotency_key.as_deref() else {
            return rejected(ToolError::new(
                ErrorKind::IdempotencyKeyRequired,
                "this tool changes something and needs an idempotency_key",
                "Make one up for this change (a UUID) and use the same one if you have to repeat the call.",
            ));
        };
        let credential = arguments.auth_context.as_deref().unwrap_or(credentials::DEFAULT);
        match self.inner.ledger.begin(&caller.principal.name, credential, route.tool, key, digest(&arguments.request)) {
            Begin::Run(ticket) => {
                let inner = Arc::clone(&self.inner);
                let trace = trace_id.clone();
                // A task of its own: a client that hangs up must not leave a half-known change behind.
                let task = tokio::spawn(async move {
                    let mut output = inner.send(route, arguments, &trace).await;
                    trace.as_str().clone_into(&mut output.trace_id);
                    ticket.settle(&output);
                    output
                });
                task.await.unwrap_or_else(|error| {
                    tracing::error!(tool = route.tool, %error, "a change broke off inside the gateway");
                    let error = ToolError::new(
                        ErrorKind::Internal,
                        "the call broke off inside the gateway",
                        "The change may or may not have happened; read the state first.",
                    );
                    CallOutput { outcome: Some(Outcome::Unknown), ..CallOutput::failed(error) }
                })
            }
            Begin::Replay(first) => {
                let mut output = CallOutput::clone(&first);
                output.warnings.push(format!("nothing was sent: this idempotency_key was used before (trace_id {}), and this is that call's result", first.trace_id));
                if output.outcome != Some(Outcome::Unknown) {
                    output.outcome = Some(Outcome::Replayed);
                }
                output
            }
            Begin::Conflict => rejected(ToolError::new(
                ErrorKind::IdempotencyConflict,
                "this idempotency_key was used for another request of this tool",
                "Use a new key for a new change; use the old key only to repeat exactly the same call.",
            )),
            Begin::InProgress => rejected(ToolError {
                retry_after_ms: Some(1_000),
                ..ToolError::new(
                    ErrorKind::InProgress,
                    "a call with this idempotency_key is still running",
                    "Wait, then repeat the same call with the same key to get its result.",
                )
            }),
        }
    }
}

impl Inner {
    /// Picks the credential, calls the panel and shapes the answer; a change goes through its recipes.
    async fn send(&self, route: &'static Route, arguments: Arguments, trace_id: &TraceId) -> CallOutput {
        let change = route.danger >= Danger::Write;
        let name = arguments.auth_context.as_deref();
        let Some(credential) = self.credentials.pick(name, route.least_role) else {
            let known: Vec<String> =
                self.credentials.names().into_iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!(
                "`auth_context`: no credential is called `{}`; known are {}",
                name.unwrap_or_default(),
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            );
            let error = ToolError::new(
                ErrorKind::UnknownCredential,
                message,
                "Leave auth_context out to use the operator's credential, or log in with auth.login first.",
            );
            return CallOutput { outcome: change.then_some(Outcome::Rejected), ..CallOutput::failed(error) };
        };
        if let Err(output) = self.demand_role(route, &credential).await {
            return *output;
        }
        if change {
            return carry_out(&self.client, &credential, route, arguments, trace_id).await;
        }
        match self.client.call(route, &credential, &arguments.request, Some(trace_id.on_wire())).await {
            Ok(answer) => answered(route, &arguments, answer),
            Err(error) => explain(route, error),
        }
    }
}

impl Inner {
    /// Where the panel lets more people in than is safe, the gateway looks at the account itself.
    async fn demand_role(&self, route: &'static Route, credential: &Credential) -> Result<(), Box<CallOutput>> {
        if route.least_role == route.role || route.least_role != Role::Admin {
            return Ok(());
        }
        match self.client.session(credential).await {
            Ok(Some(session)) if session.role_id == 0 => Ok(()),
            Ok(_) => {
                let error = ToolError::new(
                    ErrorKind::Forbidden,
                    "this gateway lets only administrators of the panel do this, although the panel is laxer",
                    "Use a credential of an administrator (auth_context), or leave it.",
                );
                let outcome = (route.danger >= Danger::Write).then_some(Outcome::Rejected);
                Err(Box::new(CallOutput { outcome, ..CallOutput::failed(error) }))
            }
            Err(error) => Err(Box::new(explain(route, error))),
        }
    }
}

fn refused_arguments(tool: &Tool, problems: &[Problem]) -> CallOutput {
    let list: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let error = ToolError::new(
        ErrorKind::InvalidArguments,
        list.join("; "),
        format!("Nothing was sent. Correct the arguments of {} and call again.", tool.name),
    );
    CallOutput { outcome: tool.is_change().then_some(Outcome::Rejected), ..CallOutput::failed(error) }
}
