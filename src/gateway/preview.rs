//! A preview: what a change would do, read from the panel, and the token that lets it be made.

use std::collections::BTreeSet;

use flvx_panel::generated::ROUTES;
use serde_json::{Map, Value, json};

use super::{Arguments, Caller, call::Inner, change::not_begun, confirm::Showing, subject::Subject};
use crate::{access::Principal, clean::clean_value, policy::Demand, result::CallOutput};

impl Inner {
    /// Shows what a change would do. Reads only.
    pub(super) async fn preview(&self, caller: &Caller, subject: &Subject, arguments: &Arguments) -> CallOutput {
        let name = self.credential_name(caller, arguments, subject.role());
        let credential = match self.credential(&caller.principal, &name, subject).await {
            Ok(credential) => credential,
            Err(output) => return CallOutput { outcome: None, ..*output },
        };
        let offered = self.offered(&caller.principal);
        let seen = match subject.preview(self, &credential, &offered).await {
            Ok(seen) => seen,
            Err(error) => return CallOutput { outcome: None, ..not_begun(subject.route(), error) },
        };
        let (danger, why) = subject.danger();
        let demand = self.gate().demand(danger);
        let shown = clean_value(Value::Object(seen.told.clone()));
        let mut output = CallOutput::default();
        let gated = demand.is_some_and(|demand| demand > Demand::Nothing && demand < Demand::Word);
        let mut token = None;
        if gated && !caller.principal.rights.admits(danger) {
            output.warnings.push(
                "with these arguments the call is more than you may do here, so there is no confirm_token".to_owned(),
            );
        } else if gated && !seen.possible {
            output.warnings.push("nothing that the call is about is there, so there is no confirm_token".to_owned());
        } else if gated {
            let showing = Showing { caller, subject, digest: self.digest(subject), credential_name: &name };
            match self.give_token(&showing, &seen, shown.to_string()).await {
                Ok(given) => token = Some(given),
                Err(error) => output.error = Some(error),
            }
        }
        let mut told = Map::new();
        told.insert("tool".to_owned(), subject.tool().into());
        told.insert("danger".to_owned(), danger.word().into());
        if let Some(why) = why {
            told.insert("danger_reason".to_owned(), why.into());
        }
        told.insert("needs".to_owned(), needs(demand, token.is_some()).into());
        if let Value::Object(shown) = &shown {
            told.extend(shown.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        if let Some((token, expires_ms)) = token {
            told.insert("confirm_token".to_owned(), token.expose().into());
            told.insert("confirm_expires_ms".to_owned(), json!(expires_ms));
        }
        output.data = Some(Value::Object(told).to_string().into());
        output
    }

    /// The panel's tools that a principal has: of a change it is told no more than those show, and no undo that needs others.
    fn offered(&self, principal: &Principal) -> BTreeSet<&'static str> {
        let offer = self.offer(principal);
        ROUTES.iter().map(|route| route.tool).filter(|tool| offer.has_name(tool)).collect()
    }
}

/// What the call will need, in words. `given`: this preview gives a token.
fn needs(demand: Option<Demand>, given: bool) -> &'static str {
    match demand {
        Some(Demand::Preview | Demand::Human) if !given => {
            "a confirm_token, which this preview does not give: warnings and error say why"
        }
        None => "switched off on this gateway: only the operator can switch confirmed calls on",
        Some(Demand::Nothing) => "idempotency_key",
        Some(Demand::Preview) => "idempotency_key and this confirm_token",
        Some(Demand::Human) => "idempotency_key, this confirm_token, and a person's approval",
        Some(Demand::Word | Demand::Off) => "idempotency_key, and the operator's own word as confirm_token",
    }
}
