//! Confirmations: the tokens that previews give out, and what must be true of one when it comes back. A token is bound to who
//! asked, to the call, and to the state that was seen; it opens the gate once.

use flvx_panel::{Secret, spec::Danger};
use sha2::{Digest as _, Sha256};

use super::{
    Caller, PREVIEWS,
    call::Inner,
    subject::{Seen, Subject},
};
use crate::{
    audit::Event,
    clean::clean_text,
    policy::{Gated, Shown},
    result::{Awaits, CallOutput, ErrorKind, ToolError},
    store::{Approval, Confirmation, Decided, Decision, millis, now_ms},
};

/// What every token starts with.
const PREFIX: &str = "cft_";
/// The tool that previews every change.
const PREVIEW: &str = "ops.preview";
/// What is left to whoever has no preview.
const ASK: &str = "Ask the operator.";

/// How the gate was opened; for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing was demanded.
    Free,
    /// By the operator's word.
    Word,
    /// By the token of a preview.
    Token {
        /// Its digest; used up when the change begins.
        hash: [u8; 32],
        /// The person's approval, where one was demanded.
        approval: Option<Box<Approval>>,
    },
}

impl Opened {
    /// Digest of the token that is used up.
    pub fn hash(&self) -> Option<[u8; 32]> {
        match self {
            Self::Token { hash, .. } => Some(*hash),
            Self::Free | Self::Word => None,
        }
    }
}

/// What a call shows to the gate.
pub(super) struct Showing<'a> {
    pub caller: &'a Caller,
    pub subject: &'a Subject,
    /// Keyed digest of the canonical request.
    pub digest: [u8; 32],
    /// Name of the credential.
    pub credential_name: &'a str,
}

/// The preview that hints about a call may name, because the caller is offered it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Previewer(Option<&'static str>);

impl Previewer {
    /// How it is called for this call, in words.
    fn call(self) -> Option<String> {
        self.0.map(|name| format!("{name} with this {}", if name == PREVIEW { "tool and request" } else { "request" }))
    }

    /// A hint with its name, or what is said where there is none.
    fn hint(self, named: impl FnOnce(&str) -> String, otherwise: &str) -> String {
        self.0.map_or_else(|| otherwise.to_owned(), named)
    }
}

/// Whether a person typed what was to be typed, as it is shown. What shows nothing cannot be typed.
pub fn is_phrase(phrase: &str, typed: &str) -> bool {
    let shown = clean_text(phrase);
    !shown.trim().is_empty() && typed.trim() == shown.trim()
}

impl Inner {
    /// Gives a token for what a preview has shown.
    pub(super) async fn give_token(
        &self,
        showing: &Showing<'_>,
        seen: &Seen,
        preview: String,
    ) -> Result<(Secret, i64), ToolError> {
        let token = Secret::new(format!("{PREFIX}{}", uuid::Uuid::new_v4().simple()));
        let now = now_ms();
        let expires_ms = now.saturating_add(millis(self.config().confirm_ttl));
        let confirmation = Confirmation {
            hash: hash(&token),
            panel: self.client().base().to_owned(),
            principal: showing.caller.principal.name.clone(),
            credential: showing.credential_name.to_owned(),
            tool: showing.subject.tool().to_owned(),
            digest: showing.digest,
            fingerprint: seen.fingerprint,
            summary: seen.summary.clone(),
            phrase: seen.phrase.clone(),
            preview,
            created_ms: now,
            expires_ms,
            used_by: None,
        };
        self.store().keep_confirmation(confirmation).await.map_err(super::journal::unavailable)?;
        Ok((token, expires_ms))
    }

    /// What a call shows to the gate, before anything is read for it.
    ///
    /// # Errors
    /// It is more than the caller may do, or nothing that could open the gate is shown.
    pub(super) fn look<'t>(
        &self,
        caller: &Caller,
        subject: &Subject,
        token: Option<&'t Secret>,
    ) -> Result<Shown<'t>, ToolError> {
        let (danger, why) = subject.danger();
        if !caller.principal.rights.admits(danger) {
            return Err(beyond(danger, why));
        }
        let preview = self.previewer(caller, subject).call();
        self.gate().look(Gated { danger, why, preview: preview.as_deref() }, token)
    }

    /// The preview of any tool, or else the one beside the tool of the call.
    pub(super) fn previewer(&self, caller: &Caller, subject: &Subject) -> Previewer {
        let offer = self.offer(&caller.principal);
        let beside = PREVIEWS.iter().find(|preview| preview.route.tool == subject.tool());
        let mut names = std::iter::once(PREVIEW).chain(beside.map(|preview| preview.name.as_str()));
        Previewer(names.find(|name| offer.has_name(name)))
    }

    /// Holds what a call shows against the store and the state of the panel.
    ///
    /// # Errors
    /// The whole refusal.
    pub(super) async fn open_gate(&self, shown: Shown<'_>, showing: &Showing<'_>) -> Result<Opened, Box<CallOutput>> {
        match shown {
            Shown::Free => Ok(Opened::Free),
            Shown::Word => Ok(Opened::Word),
            Shown::Token { token, human } => self.open_by_token(showing, token, human).await,
        }
    }

    /// See [`super::Gateway::decide_by_form`].
    pub(super) async fn decide_by_form(&self, caller: &Caller, id: &str, decision: Decision, typed: &str) {
        let approval = match self.store().approval(id.to_owned()).await {
            Ok(Some(approval)) if approval.id == id => approval,
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "a question cannot be read");
                return;
            }
        };
        let seen = &approval.confirmation;
        let foreign = seen.principal != caller.principal.name || seen.panel != self.client().base();
        let typed_right = is_phrase(&seen.phrase, typed);
        if foreign || (decision == Decision::Approved && !typed_right) {
            return;
        }
        let client = caller.client.as_deref().unwrap_or("a client that tells no name");
        let by = format!("the person at {client} ({})", caller.principal.name);
        match self.store().decide(approval.id, decision, "elicitation", by, None).await {
            Ok(Decided::Now(approval)) => {
                // Told to the log when it cannot be written; the call's own record names the decision once more.
                let _ = self.audit().event(Event::decision(&approval)).await;
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "a person's decision could not be kept"),
        }
    }

    async fn open_by_token(
        &self,
        showing: &Showing<'_>,
        token: &Secret,
        human: bool,
    ) -> Result<Opened, Box<CallOutput>> {
        let refused = |error: ToolError| Box::new(CallOutput::rejected(error));
        let preview = self.previewer(showing.caller, showing.subject);
        let hash = hash(token);
        let found =
            self.store().confirmation(hash).await.map_err(|error| refused(super::journal::unavailable(error)))?;
        let Some((confirmation, approval)) = found else { return Err(refused(unknown(preview))) };
        self.holds(showing, &confirmation, preview).map_err(refused)?;
        let approval = match (human, approval) {
            (false, _) => None,
            (true, approval) => Some(self.approved(showing, &confirmation, approval, preview).await?),
        };
        let credential = self.credential(&showing.caller.principal, showing.credential_name, showing.subject).await?;
        match showing.subject.fingerprint(self, &credential).await {
            Ok(fingerprint) if fingerprint == confirmation.fingerprint => Ok(Opened::Token { hash, approval }),
            Ok(_) => Err(refused(rejected(
                "confirm_stale",
                "what the call changes, or what hangs on it, has changed since the preview",
                preview.hint(|name| format!("Call {name} again and look at what is different now."), ASK),
            ))),
            Err(error) => Err(Box::new(super::change::not_begun(showing.subject.route(), error))),
        }
    }

    /// The token belongs to this caller, to this call, and can still be used.
    fn holds(&self, showing: &Showing<'_>, confirmation: &Confirmation, preview: Previewer) -> Result<(), ToolError> {
        let Showing { caller, subject, digest, credential_name, .. } = showing;
        if confirmation.principal != caller.principal.name
            || confirmation.panel != self.client().base()
            || confirmation.credential != *credential_name
        {
            return Err(rejected(
                "confirm_foreign",
                "the confirm_token was given to someone else, or for another credential or panel",
                preview.hint(|name| format!("Call {name} yourself, with the credential that you will use."), ASK),
            ));
        }
        if confirmation.tool != subject.tool() {
            return Err(rejected(
                "confirm_altered",
                format!("the confirm_token is for {}, not for this tool", confirmation.tool),
                preview.hint(|name| format!("Call {name} for the call that you want to make."), ASK),
            ));
        }
        if confirmation.digest != *digest {
            return Err(rejected(
                "confirm_altered",
                "the request is not the one that was previewed",
                preview.hint(
                    |name| format!("Send exactly the request of the preview, or call {name} again for this one."),
                    "Send exactly the request of the preview.",
                ),
            ));
        }
        if let Some(by) = &confirmation.used_by {
            return Err(used(by, preview));
        }
        if confirmation.expires_ms <= now_ms() {
            return Err(rejected(
                "confirm_expired",
                "the confirm_token has expired",
                preview.hint(|name| format!("Call {name} again; the state may have changed meanwhile."), ASK),
            ));
        }
        Ok(())
    }

    /// A person has said yes; a call that nobody has decided yet waits.
    async fn approved(
        &self,
        showing: &Showing<'_>,
        confirmation: &Confirmation,
        approval: Option<Approval>,
        preview: Previewer,
    ) -> Result<Box<Approval>, Box<CallOutput>> {
        let refused = |error: ToolError| Box::new(CallOutput::rejected(error));
        let approval = match approval {
            Some(approval) => approval,
            None => {
                let (danger, _) = showing.subject.danger();
                let life = millis(self.config().approval_ttl);
                let client = showing.caller.client.clone();
                let asked =
                    self.store().ask_for_approval(confirmation.hash, client, danger.word().to_owned(), life).await;
                match asked {
                    Ok(Some(approval)) => approval,
                    Ok(None) => return Err(refused(unknown(preview))),
                    Err(error) => return Err(refused(super::journal::unavailable(error))),
                }
            }
        };
        match approval.decision {
            Decision::Approved => Ok(Box::new(approval)),
            Decision::Denied => Err(refused(
                ToolError::new(
                    ErrorKind::ApprovalDenied,
                    "a person has refused this call",
                    "Do not try again. Ask the operator what they would have instead.",
                )
                .keyed("approval_denied"),
            )),
            Decision::Pending if approval.expires_ms <= now_ms() => Err(refused(rejected(
                "approval_expired",
                "nobody approved the call in time",
                preview.hint(|name| format!("Call {name} again when the operator is there."), ASK),
            ))),
            Decision::Pending => {
                let error = ToolError {
                    retry_after_ms: Some(5_000),
                    ..ToolError::new(
                        ErrorKind::ApprovalRequired,
                        "a person must approve this call before it runs, and has not yet",
                        "Tell the operator that it waits and what it would do (awaits), then repeat exactly the same call.",
                    )
                };
                let awaits = Awaits {
                    approval: approval.id.clone(),
                    summary: approval.confirmation.summary.clone(),
                    phrase: approval.confirmation.phrase.clone(),
                    expires_ms: approval.expires_ms,
                };
                Err(Box::new(CallOutput { awaits: Some(awaits), ..CallOutput::rejected(error) }))
            }
        }
    }
}

/// The arguments make more of the call than the principal may do. The text names no way round.
pub(super) fn beyond(danger: Danger, why: Option<&str>) -> ToolError {
    let reason = why.map(|why| format!(" ({})", why.trim_end_matches('.'))).unwrap_or_default();
    ToolError::new(
        ErrorKind::Forbidden,
        format!("with these arguments{reason} the call is {}, and you may not make such a call", danger.word()),
        "Nothing was sent. Leave it, or tell the operator what you wanted to do and why.",
    )
}

/// The token was used up by the call of this name.
pub(super) fn used(by: &str, preview: Previewer) -> ToolError {
    let repeat = "A token opens one call. To get that call's result repeat it with its idempotency_key";
    rejected(
        "confirm_used",
        format!("the confirm_token was used already, by the call {by}"),
        preview.hint(
            |name| format!("{repeat}; for another change call {name} again."),
            &format!("{repeat}; for another change ask the operator."),
        ),
    )
}

fn unknown(preview: Previewer) -> ToolError {
    rejected(
        "confirm_unknown",
        "the confirm_token is neither one of this gateway's previews nor the operator's",
        preview
            .hint(|name| format!("Do not guess. Call {name}, or ask the operator."), "Do not guess. Ask the operator."),
    )
}

fn rejected(key: &'static str, message: impl Into<String>, hint: impl Into<String>) -> ToolError {
    ToolError::new(ErrorKind::ConfirmationRejected, message, hint).keyed(key)
}

fn hash(token: &Secret) -> [u8; 32] {
    Sha256::digest(token.expose().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_typed_as_it_is_shown_and_one_that_shows_nothing_never() {
        assert!(is_phrase("edge\u{200b}-1 ", " edge-1\n"));
        assert!(!is_phrase("edge-1", "edge-2"));
        for invisible in ["", " ", "\u{200b}", "\u{115f}"] {
            assert!(!is_phrase(invisible, "") && !is_phrase(invisible, invisible), "{invisible:?}");
        }
    }
}
