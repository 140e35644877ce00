//! What the policy file means, held together: names that exist, limits that are limits, secrets that can be read. All mistakes
//! are told at once, each with its place.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use flvx_panel::generated::DOMAINS;

use super::{
    Login, Policy, Surroundings,
    file::{CredentialEntry, PolicyFile, PrincipalEntry, RoleEntry},
    names::{check_name, check_principal},
    place::{Mistakes, Step},
    secrets, web,
};
use crate::{
    access::{BUILT_IN_ROLES, ClaimRule, Limits, Rights, Roster, TokenDigest, check_reveal},
    nearest::nearest,
};

/// A path from its steps.
macro_rules! steps {
    ($($step:expr),+ $(,)?) => { &[$(Step::from($step)),+] };
}
pub(super) use steps;

pub(super) struct Check<'a, 'm> {
    pub around: &'a Surroundings<'a>,
    /// Folder that relative file names start from.
    pub base: &'a Path,
    pub mistakes: &'a mut Mistakes<'m>,
}

impl Check<'_, '_> {
    /// The policy, as far as it could be understood; mistakes are in `mistakes`.
    pub fn policy(&mut self, file: &PolicyFile) -> Policy {
        let logins = self.logins(&file.credentials);
        let roles = self.roles(&file.roles, &logins);
        let mut roster = Roster::default();
        let mut owners: BTreeMap<TokenDigest, &str> = BTreeMap::new();
        let mut subjects: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, entry) in &file.principals {
            let proven = !(entry.tokens.is_empty() && entry.jwt.is_empty());
            if let Err(words) = check_principal(name, proven) {
                self.mistakes.at(steps!["principals", name.as_str()], words);
            }
            let rights = self.principal(name, entry, &roles, &logins);
            let mut tokens = Vec::new();
            for (place, token) in entry.tokens.iter().enumerate() {
                let at = steps!["principals", name.as_str(), "tokens", place];
                match digest(token) {
                    Err(words) => self.mistakes.at(at, words),
                    Ok(digest) => match owners.insert(digest, name) {
                        Some(owner) => self.mistakes.at(at, format!("this token is already the one of `{owner}`")),
                        None => tokens.push(digest),
                    },
                }
            }
            for (place, subject) in entry.jwt.iter().enumerate() {
                let at = steps!["principals", name.as_str(), "jwt", place];
                if let Some(owner) = subjects.insert(subject, name) {
                    self.mistakes.at(at, format!("this subject is already `{owner}`"));
                }
                if file.jwt.is_none() {
                    self.mistakes.at(at, "nobody can prove to be a subject, because `jwt` is not set up");
                }
            }
            if let Some(rights) = rights {
                roster.add(name, rights, tokens, entry.jwt.clone());
            }
        }
        let http = web::http(self, &file.http);
        let jwt = file.jwt.as_ref().and_then(|entry| web::jwt(self, entry, &http));
        if let Some(entry) = &file.jwt {
            self.claims(entry, &roles, &logins, &mut roster);
        }
        Policy { roster, logins, http, jwt, path: None }
    }

    fn logins(&mut self, entries: &BTreeMap<String, CredentialEntry>) -> BTreeMap<String, Login> {
        let mut logins = self.around.logins.clone();
        for (name, entry) in entries {
            let at = steps!["credentials", name.as_str()];
            self.name(at, name);
            if name.starts_with("login:") {
                self.mistakes.at(at, "names that start with `login:` are those of auth.login");
            }
            if self.around.logins.contains_key(name) {
                self.mistakes.at(at, "the environment (PANEL_*) defines this credential as well; keep one of them");
            }
            match self.login(entry) {
                Ok(login) => {
                    logins.insert(name.clone(), login);
                }
                Err((key, words)) => {
                    let at: Vec<Step> = at.iter().cloned().chain(key.map(Step::from)).collect();
                    self.mistakes.at(&at, words);
                }
            }
        }
        logins
    }

    fn login(&self, entry: &CredentialEntry) -> Result<Login, (Option<&'static str>, String)> {
        let secret =
            |file: (&'static str, &Option<String>), variable: (&'static str, &Option<String>)| match (file, variable) {
                ((file_key, Some(_)), (variable_key, Some(_))) => {
                    Err((None, format!("`{file_key}` and `{variable_key}` are both given; keep one")))
                }
                ((key, Some(name)), _) => {
                    secrets::from_file(self.base, name).map(Some).map_err(|words| (Some(key), words))
                }
                (_, (key, Some(name))) => secrets::from_environment(self.around.environment, name)
                    .map(Some)
                    .map_err(|words| (Some(key), words)),
                _ => Ok(None),
            };
        let password = secret(("password_file", &entry.password_file), ("password_env", &entry.password_env))?;
        let token = secret(("token_file", &entry.token_file), ("token_env", &entry.token_env))?;
        let peer = secret(("peer_token_file", &entry.peer_token_file), ("peer_token_env", &entry.peer_token_env))?;
        match (&entry.username, password, token, peer) {
            (Some(username), Some(password), None, None) if !username.trim().is_empty() => {
                Ok(Login::Account { username: username.trim().to_owned(), password })
            }
            (None, None, Some(token), None) => {
                secrets::check_panel_token(&token).map_err(|words| (None, words.to_owned()))?;
                Ok(Login::Token(token))
            }
            (None, None, None, Some(peer)) => Ok(Login::Peer(peer)),
            (Some(_), None, None, None) => {
                Err((None, "an account needs `password_file` or `password_env`".to_owned()))
            }
            _ => Err((
                None,
                "give one way to log in: `username` with `password_file` or `password_env`; or `token_file` or `token_env`; or `peer_token_file` or `peer_token_env`"
                    .to_owned(),
            )),
        }
    }

    fn roles(
        &mut self,
        entries: &BTreeMap<String, RoleEntry>,
        logins: &BTreeMap<String, Login>,
    ) -> BTreeMap<String, Rights> {
        let mut roles: BTreeMap<String, Rights> =
            BUILT_IN_ROLES.iter().filter_map(|role| Some(((*role).to_owned(), Rights::built_in(role)?))).collect();
        for name in entries.keys() {
            self.name(steps!["roles", name.as_str()], name);
            if BUILT_IN_ROLES.contains(&name.as_str()) {
                self.mistakes.at(steps!["roles", name.as_str()], "this role is built in; give yours another name");
            }
        }
        let mut left: Vec<(&String, &RoleEntry)> =
            entries.iter().filter(|(name, _)| !BUILT_IN_ROLES.contains(&name.as_str())).collect();
        // In rounds, because a role may extend one that stands further down.
        while !left.is_empty() {
            let (ready, waiting): (Vec<_>, Vec<_>) =
                left.iter().copied().partition(|(_, entry)| roles.contains_key(&entry.extends));
            if ready.is_empty() {
                for (name, entry) in waiting {
                    let at = steps!["roles", name.as_str(), "extends"];
                    if entries.contains_key(&entry.extends) {
                        self.mistakes
                            .at(at, format!("`{}` leads back here or to a role that does not exist", entry.extends));
                    } else {
                        let known = BUILT_IN_ROLES.into_iter().chain(entries.keys().map(String::as_str));
                        self.mistakes.at(at, unknown("role", &entry.extends, known));
                    }
                }
                break;
            }
            for (name, entry) in ready {
                let Some(base) = roles.get(&entry.extends).cloned() else { continue };
                let rights = self.limited(steps!["roles", name.as_str()], &base, name, &entry.limits(), logins);
                // A role with a mistake keeps the base's rights, so that its users are not called mistakes too.
                roles.insert(name.clone(), rights.unwrap_or(base));
            }
            left = waiting;
        }
        roles
    }

    fn principal(
        &mut self,
        name: &str,
        entry: &PrincipalEntry,
        roles: &BTreeMap<String, Rights>,
        logins: &BTreeMap<String, Login>,
    ) -> Option<Rights> {
        let Some(role) = roles.get(&entry.role) else {
            let words = unknown("role", &entry.role, roles.keys().map(String::as_str));
            self.mistakes.at(steps!["principals", name, "role"], words);
            return None;
        };
        self.limited(steps!["principals", name], role, &entry.role, &entry.limits(), logins)
    }

    /// Rights with limits over them, after every name in the limits was looked at.
    fn limited(
        &mut self,
        at: &[Step],
        base: &Rights,
        role: &str,
        limits: &Limits,
        logins: &BTreeMap<String, Login>,
    ) -> Option<Rights> {
        let below = |key: &str, place: usize| -> Vec<Step> {
            at.iter().cloned().chain([Step::from(key), Step::Item(place)]).collect()
        };
        for (place, domain) in limits.toolsets.iter().flatten().enumerate() {
            let known = || DOMAINS.iter().map(|domain| domain.name).chain(["auth", "ops"]);
            if !known().any(|name| name == domain) {
                self.mistakes.at(&below("toolsets", place), unknown("domain", domain, known()));
            }
        }
        for (key, tools) in [("allow", limits.allow.as_deref().unwrap_or_default()), ("deny", &limits.deny)] {
            for (place, tool) in tools.iter().enumerate() {
                if let Err(words) = self.tool(key, tool) {
                    self.mistakes.at(&below(key, place), words);
                }
            }
        }
        for (place, field) in limits.reveal.iter().enumerate() {
            if let Err(words) = check_reveal(field) {
                self.mistakes.at(&below("reveal", place), words);
            }
        }
        for (place, name) in limits.credentials.iter().flatten().enumerate() {
            self.credential(&below("credentials", place), name, logins);
        }
        if let Some(name) = &limits.credential {
            let at: Vec<Step> = at.iter().cloned().chain([Step::from("credential")]).collect();
            self.credential(&at, name, logins);
        }
        match base.limited(role, limits) {
            Ok(rights) => Some(rights),
            Err(much) => {
                let at: Vec<Step> = at.iter().cloned().chain([Step::from(much.key())]).collect();
                self.mistakes.at(&at, much.told(&base.role));
                None
            }
        }
    }

    /// Whether a list can name this tool. A preview can be denied, but not allowed without its change.
    fn tool(&self, key: &str, name: &str) -> Result<(), String> {
        let allow = key == "allow";
        match self.around.tools.iter().find(|known| known.name == name) {
            Some(known) => match known.previewed.filter(|_| allow) {
                Some(change) => Err(format!("`{name}` is there for whoever may call `{change}`; allow that")),
                None => Ok(()),
            },
            None => {
                let known = self.around.tools.iter().filter(|known| !allow || known.previewed.is_none());
                Err(unknown("tool", name, known.map(|known| known.name)))
            }
        }
    }

    /// `default` may be missing: without it only the panel's public routes work, as without a policy.
    fn credential(&mut self, at: &[Step], name: &str, logins: &BTreeMap<String, Login>) {
        if name != "default" && !logins.contains_key(name) {
            self.mistakes.at(at, unknown("credential", name, logins.keys().map(String::as_str)));
        }
    }

    fn claims(
        &mut self,
        entry: &super::file::JwtEntry,
        roles: &BTreeMap<String, Rights>,
        logins: &BTreeMap<String, Login>,
        roster: &mut Roster,
    ) {
        for (place, rule) in entry.roles.iter().enumerate() {
            let Some(role) = roles.get(&rule.role) else {
                let words = unknown("role", &rule.role, roles.keys().map(String::as_str));
                self.mistakes.at(steps!["jwt", "roles", place, "role"], words);
                continue;
            };
            let mut rights = role.clone();
            if let Some(name) = &rule.credential {
                self.credential(steps!["jwt", "roles", place, "credential"], name, logins);
                rights.credential.clone_from(name);
            }
            if rule.value.trim().is_empty() || rule.value.contains(char::is_whitespace) {
                self.mistakes.at(steps!["jwt", "roles", place, "value"], "a value is one word");
            }
            roster.add_rule(ClaimRule {
                claim: rule.claim.word().to_owned(),
                value: rule.value.clone(),
                rights: Arc::new(rights),
            });
        }
    }

    fn name(&mut self, at: &[Step], name: &str) {
        if let Err(words) = check_name(name) {
            self.mistakes.at(at, words);
        }
    }
}

/// "There is no role `oprator`; did you mean `operator`?"
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let hint = match nearest(name, known.clone()) {
        Some(right) => format!("did you mean `{right}`?"),
        None => {
            let all: Vec<&str> = known.collect();
            match all.as_slice() {
                [] => "there is none".to_owned(),
                few if few.len() <= 20 => format!("known are {}", few.join(", ")),
                _ => "flvx-mcp tools lists them".to_owned(),
            }
        }
    };
    format!("there is no {what} `{name}`; {hint}")
}

fn digest(text: &str) -> Result<TokenDigest, &'static str> {
    const FORM: &str = "a token stands here as `sha256:` and 64 hexadecimal digits, never itself; `flvx-mcp token hash` makes that of one";
    let hex = text.strip_prefix("sha256:").ok_or(FORM)?;
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(FORM);
    }
    let mut digest = [0; 32];
    for (byte, place) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = hex.get(place..place + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(FORM)?;
    }
    Ok(digest)
}
