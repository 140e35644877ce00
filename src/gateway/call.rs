//! The line that every call walks, from a tool's name to its result. Each stage refuses with a typed error or hands on.

use std::{sync::Arc, time::Instant};

use flvx_panel::{
    client::{Credential, PanelClient},
    spec::{Danger, Role, Route},
};
use serde_json::{Map, Value};

use super::{
    Arguments, Credentials, Desk, Offer, OwnCode, OwnRun, Problem, Registry, Tool,
    check::check,
    confirm::beyond,
    echo::Given,
    explain::explain,
    in_force::InForce,
    open::{Open, record_result},
    subject::Subject,
    undo::Outlook,
};
use crate::{
    access::{Principal, Via},
    audit::{Audit, Record, Settings},
    config::{Config, Policy},
    policy::{Gate, effective_danger},
    recipes,
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    store::{Decision, LedgerRow, Store},
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
pub(super) struct Inner {
    config: Config,
    registry: Registry,
    client: PanelClient,
    credentials: Credentials,
    in_force: InForce,
    gate: Gate,
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
        let audit = Settings { enabled: config.audit_enabled, jsonl: config.audit_jsonl.clone() };
        let in_force = InForce::new(&config, own)?;
        let inner = Inner {
            registry: Registry::new(&config.surface, own),
            credentials: Credentials::new(&in_force.policy().logins),
            in_force,
            gate: Gate::new(config.confirm_token.clone(), config.demands),
            audit: Audit::new(store.clone(), &audit)?,
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

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        self.inner.in_force.policy()
    }

    /// Loads the policy anew. Gives what was in force before, and what is now; every later request follows it.
    ///
    /// # Errors
    /// A text with every mistake; the old policy stays in force.
    pub fn reload(&self) -> Result<(Arc<Policy>, Arc<Policy>), String> {
        let (old, new) = self.inner.in_force.reload(&self.inner.config)?;
        self.inner.credentials.configure(&new.logins, |principal| new.roster.may_exist(principal));
        Ok((old, new))
    }

    /// What a principal is offered now.
    pub fn offer<'a>(&'a self, principal: &'a Principal) -> Offer<'a> {
        self.inner.offer(principal)
    }

    /// Whether a caller can take a change back, as far as the record tells: the saved state is not looked into. `None`: it had
    /// no effect.
    pub fn prospect(&self, caller: &Caller, row: &LedgerRow) -> Option<Result<Outlook, String>> {
        self.inner.prospect(caller, row)
    }

    /// The tools of this gateway, whoever asks. What somebody is told of them comes from [`Gateway::offer`].
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

    /// What opens the gate for dangerous calls.
    pub fn gate(&self) -> &Gate {
        &self.inner.gate
    }

    /// The record of calls.
    pub fn audit(&self) -> &Audit {
        &self.inner.audit
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
        let started = Instant::now();
        let trace_id = caller.trace();
        let offer = self.offer(&caller.principal);
        let Some(tool) = offer.resolve(name).copied() else {
            let mut record = Record::unknown_tool(trace_id.as_str(), caller, name);
            record.given(&arguments);
            self.inner.audit.refused(record, "unknown_tool", started.elapsed());
            let nearest = offer.nearest(name).map(|tool| tool.name);
            return Err(UnknownTool { name: name.chars().take(128).collect(), nearest });
        };
        let mut record = Record::new(trace_id.as_str(), caller, &tool);
        record.given(&arguments);
        let mut open = Open::new(&self.inner.audit, record, started);
        let mut output = match Arguments::read(&tool, arguments) {
            Ok(arguments) => {
                open.with(|record| record.asked(&arguments));
                self.run(caller, &tool, arguments, &trace_id, &mut open).await
            }
            Err(problems) => refused_arguments(&tool, &problems),
        };
        trace_id.as_str().clone_into(&mut output.trace_id);
        // A change that ran has written its own.
        if let Some(record) = open.take() {
            record_result(&self.inner.audit, record, &mut output, started.elapsed()).await;
        }
        Ok(output)
    }

    /// Takes a person's answer to a form. It decides only a question of the caller's own, and approves only when the target's
    /// name was typed.
    pub async fn decide_by_form(&self, caller: &Caller, id: &str, decision: Decision, typed: &str) {
        self.inner.decide_by_form(caller, id, decision, typed).await;
    }

    /// Everything behind the arguments.
    async fn run(
        &self,
        caller: &Caller,
        tool: &Tool,
        mut arguments: Arguments,
        trace_id: &TraceId,
        open: &mut Open<'_>,
    ) -> CallOutput {
        match tool.own_code() {
            Some(OwnRun::Code(run)) => {
                let mut output = run(self, caller, &arguments).await;
                if let Some(route) = tool.route() {
                    Given::of(route, &arguments.request).cut_out(&mut output);
                }
                return output;
            }
            Some(OwnRun::Preview) => return Box::pin(self.preview_by_name(caller, &arguments)).await,
            Some(OwnRun::Undo) => {
                let plan = match self.inner.plan_undo(caller, text(&arguments.request, "trace_id")).await {
                    Ok(plan) => plan,
                    Err(error) => return CallOutput::rejected(error),
                };
                let subject = Subject::Undo(plan);
                open.with(|record| record.danger(subject.danger().0));
                return Box::pin(self.inner.mutate(caller, subject, &arguments, trace_id, open)).await;
            }
            None => {}
        }
        if let Some(route) = tool.previewed() {
            let subject = Subject::Call { route, request: std::mem::take(&mut arguments.request) };
            return Box::pin(self.inner.preview(caller, &subject, &arguments)).await;
        }
        let Some(route) = tool.route() else {
            return CallOutput::failed(ToolError::new(ErrorKind::Internal, "the tool has no code behind it", ""));
        };
        open.with(|record| {
            record.danger(effective_danger(route, &arguments.request).0);
            record.credential(&self.inner.credential_name(caller, &arguments, Some(route.role)));
            for (kind, key) in recipes::targets(route, &arguments.request) {
                record.target(&kind, &key, None);
            }
        });
        if !tool.is_change() {
            let (danger, why) = effective_danger(route, &arguments.request);
            if !caller.principal.rights.admits(danger) {
                return CallOutput::failed(beyond(danger, why));
            }
            return self.inner.read(caller, route, arguments, trace_id).await;
        }
        let subject = Subject::Call { route, request: std::mem::take(&mut arguments.request) };
        // On the heap, as every long way from here on: what a read needs should stay small.
        Box::pin(self.inner.mutate(caller, subject, &arguments, trace_id, open)).await
    }

    /// `ops.preview`: the preview of any tool that changes something, by its name.
    async fn preview_by_name(&self, caller: &Caller, arguments: &Arguments) -> CallOutput {
        let wrong = |problem: String, hint: &str| {
            CallOutput::failed(ToolError::new(ErrorKind::InvalidArguments, problem, hint))
        };
        let name = text(&arguments.request, "tool");
        let request = match arguments.request.get("request") {
            Some(Value::Object(request)) => request.clone(),
            _ => Map::new(),
        };
        let offer = self.offer(&caller.principal);
        let Some(tool) = offer.resolve(name) else {
            let hint = offer.nearest(name).map(|right| format!("Did you mean {}?", right.name));
            let name: String = name.chars().take(128).collect();
            return wrong(format!("`request.tool`: there is no tool `{name}`"), &hint.unwrap_or_default());
        };
        let subject = match (tool.previewed().or(tool.route()), tool.own_code()) {
            (_, Some(OwnRun::Undo)) => match self.inner.plan_undo(caller, text(&request, "trace_id")).await {
                Ok(plan) => match plan.ready() {
                    Ok(()) => Subject::Undo(plan),
                    Err(error) => return CallOutput::failed(error),
                },
                Err(error) => return CallOutput::failed(error),
            },
            (Some(route), None) if route.danger >= Danger::Write => {
                let problems = check("request.request", &request, route.request, route.need_one_of);
                if !problems.is_empty() {
                    let list: Vec<String> = problems.iter().map(Problem::to_string).collect();
                    return wrong(list.join("; "), "Correct the request and call again.");
                }
                Subject::Call { route, request }
            }
            _ => {
                return wrong(
                    format!("`request.tool`: {} changes nothing, so there is nothing to preview", tool.name),
                    "Call it.",
                );
            }
        };
        Box::pin(self.inner.preview(caller, &subject, arguments)).await
    }
}

impl Inner {
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn client(&self) -> &PanelClient {
        &self.client
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn audit(&self) -> &Audit {
        &self.audit
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What a principal is offered now.
    pub(super) fn offer<'a>(&'a self, principal: &'a Principal) -> Offer<'a> {
        Offer::new(&self.registry, &principal.rights, self.credentials.reach(principal))
    }

    /// Calls a route that changes nothing, and shapes the answer.
    async fn read(&self, caller: &Caller, route: &'static Route, arguments: Arguments, trace: &TraceId) -> CallOutput {
        let name = self.credential_name(caller, &arguments, Some(route.role));
        let credential = match self.allowed_credential(&caller.principal, &name, route).await {
            Ok(credential) => credential,
            Err(output) => return *output,
        };
        let panel = self.client.base();
        let desk = Desk { store: &self.store, panel, principal: &caller.principal, trace_id: trace.as_str() };
        let mut output = match self.client.call(route, &credential, &arguments.request, Some(trace.on_wire())).await {
            Ok(answer) => desk.answered(route, &arguments, answer).await,
            Err(error) => explain(route, error),
        };
        Given::of(route, &arguments.request).cut_out(&mut output);
        output
    }

    /// The credential for a change.
    pub(super) async fn credential(
        &self,
        principal: &Principal,
        name: &str,
        subject: &Subject,
    ) -> Result<Credential, Box<CallOutput>> {
        let mut credential = Credential::None;
        for route in subject.routes() {
            credential = self.allowed_credential(principal, name, route).await?;
        }
        Ok(credential)
    }

    /// Name of the credential that a call uses: the one that it names, the one for routes between panels, or the caller's.
    pub(super) fn credential_name(&self, caller: &Caller, arguments: &Arguments, role: Option<Role>) -> String {
        match &arguments.auth_context {
            Some(name) => name.clone(),
            None => self.credentials.usual(&caller.principal, role),
        }
    }

    /// The credential of that name, if the route may be called with it.
    async fn allowed_credential(
        &self,
        principal: &Principal,
        name: &str,
        route: &'static Route,
    ) -> Result<Credential, Box<CallOutput>> {
        let change = route.danger >= Danger::Write;
        // The usual one is there even when nothing is configured: then only public routes work.
        let unset = || (name == self.credentials.usual(principal, Some(route.role))).then_some(Credential::None);
        let Some(credential) = self.credentials.named(principal, name).or_else(unset) else {
            let known: Vec<String> =
                self.credentials.names(principal).into_iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!(
                "`auth_context`: no credential is called `{name}`; known are {}",
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            );
            let error =
                ToolError::new(ErrorKind::UnknownCredential, message, Credentials::cure(name, self.offer(principal)));
            return Err(Box::new(CallOutput {
                outcome: change.then_some(Outcome::Rejected),
                ..CallOutput::failed(error)
            }));
        };
        self.demand_role(route, &credential).await?;
        Ok(credential)
    }

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

    /// One fingerprint of several.
    pub(super) fn together(&self, fingerprints: &[[u8; 32]]) -> [u8; 32] {
        let parts: Vec<&[u8]> = fingerprints.iter().map(<[u8; 32]>::as_slice).collect();
        self.store.mac("fingerprints", &parts)
    }
}

fn text<'a>(request: &'a Map<String, Value>, name: &str) -> &'a str {
    request.get(name).and_then(Value::as_str).unwrap_or_default()
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
