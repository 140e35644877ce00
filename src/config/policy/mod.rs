//! The policy: who may do what, in one file (`MCP_POLICY_FILE`). Without one the environment alone decides, as it always did.
//!
//! A file with a mistake gives no policy at all; whoever loads it anew keeps the one in force.

mod check;
mod file;
mod keys;
mod names;
mod place;
mod rules;
mod secrets;
mod web;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use flvx_panel::{
    Secret,
    client::{Account, Credential},
};

pub use file::schema;
pub use keys::read_keys;
pub use names::check_principal;
pub use place::{Mistake, PolicyError};
pub use rules::{Algorithm, HttpRules, JwtRules, KeySource, PublicUrl};
pub(super) use secrets::{check_panel_token, from_file as secret_from_file, variables};
pub use web::MOST_KEY_BYTES;

use super::{Environment, ListenAddr};
use crate::{access::Roster, nearest::nearest};

/// How the gateway proves to the panel who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// An account.
    Account {
        /// Its name.
        username: String,
        /// Its password.
        password: Secret,
    },
    /// A panel token.
    Token(Secret),
    /// The share token of another panel.
    Peer(Secret),
}

impl Login {
    /// What the client calls with. An account logs in at its first use.
    pub fn credential(&self) -> Credential {
        match self {
            Self::Account { username, password } => {
                Credential::Account(Arc::new(Account::new(username, password.clone())))
            }
            Self::Token(token) => Credential::Token(token.clone()),
            Self::Peer(token) => Credential::Peer(token.clone()),
        }
    }
}

/// What the policy must know of the rest.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// Variables that credentials may name.
    pub environment: &'a Environment,
    /// Credentials that the environment gives.
    pub logins: BTreeMap<String, Login>,
    /// All tools of the gateway.
    pub tools: Vec<KnownTool>,
}

/// A tool as far as a policy can speak of it.
#[derive(Debug, Clone, Copy)]
pub struct KnownTool {
    /// Canonical name.
    pub name: &'static str,
    /// The change that it shows beforehand, if it is a preview: who may make the change has its preview.
    pub previewed: Option<&'static str>,
}

/// Who may do what.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Everybody who may call.
    pub roster: Roster,
    /// Credentials by name.
    pub logins: BTreeMap<String, Login>,
    /// How HTTP is served.
    pub http: HttpRules,
    /// Tokens of an identity provider, if there is one.
    pub jwt: Option<JwtRules>,
    /// Where it was read.
    pub path: Option<PathBuf>,
}

impl Policy {
    /// The policy of an environment without a file.
    pub fn open(logins: BTreeMap<String, Login>) -> Self {
        Self { roster: Roster::open(), logins, http: HttpRules::default(), jwt: None, path: None }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Every mistake with its place.
    pub fn load(path: &Path, around: &Surroundings<'_>) -> Result<Self, PolicyError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            PolicyError(vec![Mistake { file: name.clone(), place: None, message: format!("cannot be read: {error}") }])
        })?;
        let base = path.parent().unwrap_or(Path::new("."));
        Ok(Self { path: Some(path.to_owned()), ..Self::read(&name, &text, base, around)? })
    }

    /// Understands a text. `name` is what the file is called in messages, `base` where relative file names start.
    ///
    /// # Errors
    /// Every mistake with its place.
    pub fn read(name: &str, text: &str, base: &Path, around: &Surroundings<'_>) -> Result<Self, PolicyError> {
        let mut mistakes = place::Mistakes::new(name);
        let node = match flvx_manifest::yaml::parse(text) {
            Ok(node) => node,
            Err(error) => {
                mistakes.told(&error, format!("not YAML: {}", bare(&error.to_string())));
                return Err(mistakes.into_error().unwrap_or(PolicyError(Vec::new())));
            }
        };
        mistakes.learn(text);
        mistakes.doubles(&node);
        let file = match serde_yaml::from_str::<Option<file::PolicyFile>>(text) {
            Ok(file) => file.unwrap_or_default(),
            Err(error) => {
                mistakes.told(&error, form(&error.to_string()));
                return Err(mistakes.into_error().unwrap_or(PolicyError(Vec::new())));
            }
        };
        let mut policy = check::Check { around, base, mistakes: &mut mistakes }.policy(&file);
        if let Some(error) = mistakes.into_error() {
            return Err(error);
        }
        let named = policy.roster.iter().any(|(name, _, _)| name == crate::access::ANONYMOUS);
        // Never because nobody has a token: taking the last one out of the file would open the gateway to everybody.
        policy.roster.let_anonymous_in(policy.http.anonymous.unwrap_or(named));
        Ok(policy)
    }

    /// Where HTTP may listen under this policy.
    ///
    /// # Errors
    /// A text with the cure: other machines could come in without a proof, or nobody could come in at all.
    pub fn address(&self, wanted: &ListenAddr) -> Result<SocketAddr, String> {
        // A proxy in front of it makes an address of loopback one that others reach.
        if let Some(url) = self.http.public_url.as_ref().filter(|url| !url.is_loopback())
            && self.roster.lets_anonymous_in()
        {
            let or = match self.http.anonymous {
                Some(_) => "",
                None => ", or take the principal `anonymous` out",
            };
            return Err(format!(
                "other machines reach `http.public_url` ({}), and the policy lets anonymous callers in; set `http.anonymous: false`{or}",
                url.as_str()
            ));
        }
        match (self.roster.lets_anonymous_in(), self.authenticates()) {
            (false, false) => Err(
                "nobody could come in over http: anonymous callers are not let in, and no principal has a token (flvx-mcp token new NAME makes one) nor is `jwt` set up; a principal `anonymous` in the policy says what callers on this machine may do without one"
                    .to_owned(),
            ),
            (false, true) => Ok(wanted.authenticated()),
            (true, false) => wanted.unauthenticated(),
            (true, true) => wanted.unauthenticated().map_err(|_| {
                format!("MCP_HTTP_ADDR `{wanted}` can be reached from other machines, and the policy lets anonymous callers in; set `http.anonymous: false`")
            }),
        }
    }

    /// Whether nobody can come in over HTTP at all.
    pub fn shuts_out_all(&self) -> bool {
        !self.roster.lets_anonymous_in() && !self.authenticates()
    }

    /// Whether there is a way to prove who one is.
    pub fn authenticates(&self) -> bool {
        self.roster.has_tokens() || self.jwt.is_some()
    }
}

/// What the YAML reader says, without the place that stands before it.
fn bare(text: &str) -> &str {
    text.rsplit_once(" at line ").map_or(text, |(words, _)| words)
}

/// What is wrong with the form, with the key that was probably meant.
fn form(text: &str) -> String {
    let words = bare(text);
    let Some((before, rest)) = words.split_once("unknown field `") else { return words.to_owned() };
    let Some((key, rest)) = rest.split_once('`') else { return words.to_owned() };
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    let hint = match nearest(key, known.iter().copied()) {
        Some(right) => format!("did you mean `{right}`?"),
        None if known.is_empty() => "there is nothing to say here".to_owned(),
        None => format!("known are {}", known.join(", ")),
    };
    format!("{before}there is no key `{key}` here; {hint}")
}
