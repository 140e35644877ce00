//! What `check` asks the panel: whether it answers, how its clock goes, and whether it lets in every credential of the policy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flvx_panel::{
    client::{Credential, PanelClient, PanelError, Session, is_loopback},
    generated::{BASELINE, announcement::AnnouncementGetRequest, captcha::AuthCaptchaCheckRequest},
};

use super::Report;
use crate::{
    access::{Roster, Via},
    clean::clean_text,
    config::{Login, Policy},
    gateway::Gateway,
};

/// How far the panel's clock may be off before tokens and times become confusing.
const CLOCK_SLACK: Duration = Duration::from_secs(60);
/// The credential of whoever has no other.
const DEFAULT: &str = "default";

pub(super) async fn check(gateway: &Gateway, report: &mut Report) {
    let client = gateway.client();
    let answer = match client.auth_captcha_check(&Credential::None, &AuthCaptchaCheckRequest::default()).await {
        Ok(answer) => answer,
        Err(error) => {
            report.unreachable = matches!(error, PanelError::NotSent { .. } | PanelError::NoAnswer { .. });
            report.wrong("panel", format!("{}: {error}", client.base()));
            return;
        }
    };
    report.ok("panel", format!("{} answers", client.base()));
    if reqwest::Url::parse(client.base()).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url)) {
        report.warning(
            "transport to the panel",
            "plain http to another machine: password and token can be read on the way",
        );
    }
    clock(answer.ts, report);
    let policy = gateway.policy();
    captcha(answer.data != 0, &policy, report);
    logins(client, &policy, report).await;
}

fn clock(panel_ms: Option<i64>, report: &mut Report) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_millis()).ok());
    let (Some(panel), Some(now)) = (panel_ms, now) else { return };
    let off = panel.abs_diff(now);
    if u128::from(off) > CLOCK_SLACK.as_millis() {
        report.warning(
            "clock",
            format!(
                "the panel's clock is {} s {} ours; expiry times will be off",
                off / 1_000,
                if panel > now { "ahead of" } else { "behind" }
            ),
        );
    } else {
        report.ok("clock", format!("within {} ms of ours", off));
    }
}

fn captcha(on: bool, policy: &Policy, report: &mut Report) {
    let accounts = policy.logins.iter().filter(|(_, login)| matches!(login, Login::Account { .. }));
    let names: Vec<String> = accounts.map(|(name, _)| format!("`{name}`")).collect();
    match (on, names.is_empty()) {
        (false, _) => report.ok("captcha", "off"),
        (true, true) => report.ok("captcha", "on; it does not matter here, because no credential logs in by password"),
        (true, false) => report.warning(
            "captcha",
            format!(
                "on: a login by name and password ({}) is refused without one; log in with a browser and give its token (PANEL_TOKEN, or `token_file` in the policy), or switch captcha_enabled off",
                names.join(", ")
            ),
        ),
    }
}

/// Tries every account and token. The version is asked for with one that may ask, if there is one.
async fn logins(client: &PanelClient, policy: &Policy, report: &mut Report) {
    if policy.logins.values().all(|login| matches!(login, Login::Peer(_))) {
        report.warning(
            "login",
            "none is set up (PANEL_TOKEN, PANEL_USERNAME with PANEL_PASSWORD, or `credentials` of the policy): only public routes work",
        );
    } else if !policy.logins.contains_key(DEFAULT) && needs_default(&policy.roster) {
        report.warning("login", "no credential is called `default`: for whoever has no other only public routes work");
    }
    let mut asking: Option<(Credential, Session)> = None;
    for (name, login) in &policy.logins {
        if matches!(login, Login::Peer(_)) {
            report.ok(&row("login", name), "a share token, for the routes between panels; it is not tried here");
            continue;
        }
        let credential = login.credential();
        let session = enter(client, name, login, &credential, report).await;
        let better = asking.as_ref().is_none_or(|(_, known)| known.role_id != 0);
        if let Some(session) = session.filter(|_| better) {
            asking = Some((credential, session));
        }
    }
    if let Some((credential, _)) = &asking {
        version(client, credential, report).await;
    }
}

/// What a row about a credential is called.
fn row(what: &str, name: &str) -> String {
    if name == DEFAULT { what.to_owned() } else { format!("{what} {name}") }
}

/// Whether anybody's calls use the credential `default` unless they name another.
fn needs_default(roster: &Roster) -> bool {
    let (local, anonymous) = (roster.local(Via::Command), roster.anonymous());
    let unproven = [Some(&local), anonymous.as_ref()].into_iter().flatten().map(|principal| &principal.rights);
    let named = roster.iter().map(|(_, rights, _)| rights);
    let by_claim = roster.rules().iter().map(|rule| &rule.rights);
    unproven.chain(named).chain(by_claim).any(|rights| rights.credential == DEFAULT)
}

/// Logs in with a credential and reads something with it. `None`: the panel does not let it in.
async fn enter(
    client: &PanelClient,
    name: &str,
    login: &Login,
    credential: &Credential,
    report: &mut Report,
) -> Option<Session> {
    let session = match client.session(credential).await {
        Ok(Some(session)) => session,
        Ok(None) => {
            report.wrong(&row("login", name), "the token is no panel token: it says nothing of an account");
            return None;
        }
        Err(error) => {
            report.wrong(&row("login", name), error.to_string());
            return None;
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    if let Err(error) = client.announcement_get(credential, &AnnouncementGetRequest::default()).await {
        let words = match session.exp.filter(|exp| *exp < now) {
            Some(exp) => format!(
                "the token ended {} hours ago; log in again and give the new one in its place",
                now.saturating_sub(exp) / 3_600
            ),
            None => format!("the panel does not accept the credential: {error}"),
        };
        report.wrong(&row("login", name), words);
        return None;
    }
    let token = matches!(login, Login::Token(_));
    let who = format!("`{}`", clean_text(&session.username));
    let by = if token { ", by a panel token" } else { "" };
    match (session.role_id, name) {
        (0, _) => report.ok(&row("login", name), format!("{who}, an administrator{by}")),
        (_, DEFAULT) => report.warning(
            &row("login", name),
            format!("{who}, an ordinary account{by}: tools for administrators will be refused"),
        ),
        // Other credentials are there to be less.
        (_, _) => report.ok(&row("login", name), format!("{who}, an ordinary account{by}")),
    }
    if let Some(exp) = session.exp {
        let days = exp.saturating_sub(now) / 86_400;
        match (token, days) {
            (true, ..=7) => {
                report.warning(&row("token", name), format!("ends in {days} days, and a token cannot be renewed here"))
            }
            _ => report.ok(&row("token", name), format!("good for {days} more days")),
        }
    }
    Some(session)
}

async fn version(client: &PanelClient, credential: &Credential, report: &mut Report) {
    match client.version(credential).await {
        Ok(Some(version)) => report
            .warning("version", format!("panel {version}; the manifest describes {BASELINE}, so fields may differ")),
        Ok(None) => report.ok(
            "version",
            format!("the panel tells none, as versions before 3.1.0; the manifest describes {BASELINE}"),
        ),
        Err(PanelError::Refused(refusal)) if refusal.code == 403 => {
            report.ok("version", "only an administrator may ask")
        }
        Err(error) => report.warning("version", format!("cannot be told: {error}")),
    }
}
