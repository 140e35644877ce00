//! Everybody who may call, and how each is recognised: the local user, who comes over HTTP without a proof, bearer tokens
//! (known by their SHA-256 only), and the claims of an identity provider's tokens. What is verified where, and whether a
//! transport asks at all, is the transport's business.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use super::{Principal, Rights, Via};

/// Name of whoever uses the machine itself.
pub const LOCAL: &str = "local";
/// Name of whoever comes over HTTP on loopback without a proof.
pub const ANONYMOUS: &str = "anonymous";
/// Name under which the gateway records what it does by itself; nobody else can have it.
pub const GATEWAY: &str = "gateway";

/// SHA-256 of a bearer token.
pub type TokenDigest = [u8; 32];

/// The digest of a token as it came.
pub fn token_digest(token: &str) -> TokenDigest {
    Sha256::digest(token.as_bytes()).into()
}

/// One rule that turns a claim of an identity provider's token into rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRule {
    /// Name of the claim.
    pub claim: String,
    /// The value that it must hold.
    pub value: String,
    /// What it gives.
    pub rights: Arc<Rights>,
}

impl ClaimRule {
    /// Whether a client can ask its provider for this value, because it is a scope.
    pub fn is_scope(&self) -> bool {
        matches!(self.claim.as_str(), "scope" | "scp")
    }
}

/// Everybody who may call.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    named: BTreeMap<String, Arc<Rights>>,
    tokens: Vec<(TokenDigest, String)>,
    subjects: HashMap<String, String>,
    claims: Vec<ClaimRule>,
    anonymous: bool,
    /// There is no policy file.
    open: bool,
}

impl Roster {
    /// Without a policy: the local user and, where HTTP allows it, the anonymous one have all rights.
    pub fn open() -> Self {
        Self { anonymous: true, open: true, ..Self::default() }
    }

    /// Adds a principal with its tokens and subjects.
    pub fn add(&mut self, name: &str, rights: Rights, tokens: Vec<TokenDigest>, subjects: Vec<String>) {
        self.tokens.extend(tokens.into_iter().map(|digest| (digest, name.to_owned())));
        self.subjects.extend(subjects.into_iter().map(|subject| (subject, name.to_owned())));
        self.named.insert(name.to_owned(), Arc::new(rights));
    }

    /// Adds a rule for claims; the first that fits counts.
    pub fn add_rule(&mut self, rule: ClaimRule) {
        self.claims.push(rule);
    }

    /// Says whether anonymous callers are let in where the address permits it.
    pub fn let_anonymous_in(&mut self, allowed: bool) {
        self.anonymous = allowed;
    }

    /// Whether anonymous callers are let in where the address permits it.
    pub fn lets_anonymous_in(&self) -> bool {
        self.anonymous
    }

    /// Every principal that has a name, with its rights and the number of its tokens.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Rights>, usize)> {
        self.named.iter().map(|(name, rights)| {
            (name.as_str(), rights, self.tokens.iter().filter(|(_, owner)| owner == name).count())
        })
    }

    /// The rights of a principal by name. Those of `local` and `anonymous` exist always; a policy file that lets anonymous
    /// callers in without saying what they may do lets them look.
    pub fn rights(&self, name: &str) -> Option<Arc<Rights>> {
        if name == LOCAL {
            return Some(self.local_rights());
        }
        let usual = || match name {
            ANONYMOUS if self.open => Some(Rights::all()),
            ANONYMOUS => Rights::built_in("viewer"),
            _ => None,
        };
        self.named.get(name).cloned().or_else(|| usual().map(Arc::new))
    }

    /// All rights, unless the policy names `local`.
    fn local_rights(&self) -> Arc<Rights> {
        self.named.get(LOCAL).cloned().unwrap_or_else(|| Arc::new(Rights::all()))
    }

    /// The rules for claims, in their order.
    pub fn rules(&self) -> &[ClaimRule] {
        &self.claims
    }

    /// Whether there is a bearer token that opens something.
    pub fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Whether a provider's subject is this principal.
    pub fn has_subject_of(&self, name: &str) -> bool {
        self.subjects.values().any(|owner| owner == name)
    }

    /// Whether any subject is named.
    pub fn has_subjects(&self) -> bool {
        !self.subjects.is_empty()
    }

    /// Whoever uses the machine itself.
    pub fn local(&self, via: Via) -> Arc<Principal> {
        Arc::new(Principal { name: LOCAL.to_owned(), via, rights: self.local_rights() })
    }

    /// Whoever comes without a proof, if that is allowed.
    pub fn anonymous(&self) -> Option<Arc<Principal>> {
        if self.anonymous { self.principal(ANONYMOUS, Via::Anonymous) } else { None }
    }

    /// Whose token this is. All entries are compared, each in constant time, so that the answer's time tells nothing.
    pub fn by_token(&self, token: &str) -> Option<Arc<Principal>> {
        let digest = token_digest(token);
        let mut found = u64::MAX;
        for (place, (known, _)) in self.tokens.iter().enumerate() {
            let place = u64::try_from(place).unwrap_or(u64::MAX);
            found.conditional_assign(&place, known.ct_eq(&digest));
        }
        let (_, name) = self.tokens.get(usize::try_from(found).ok()?)?;
        self.principal(name, Via::Token)
    }

    /// Who a verified subject is. `claim` gives all values of a claim. `None`: it is known, but nothing gives it rights.
    pub fn by_claims(&self, subject: &str, claim: impl Fn(&str) -> Vec<String>) -> Option<Arc<Principal>> {
        if let Some(name) = self.subjects.get(subject) {
            return self.principal(name, Via::Jwt);
        }
        let rule = self.claims.iter().find(|rule| claim(&rule.claim).contains(&rule.value))?;
        // No name of the file holds a colon, so this can be nobody else's.
        Some(Arc::new(Principal { name: format!("jwt:{subject}"), via: Via::Jwt, rights: Arc::clone(&rule.rights) }))
    }

    /// Whether logins of this principal are still somebody's.
    pub fn may_exist(&self, name: &str) -> bool {
        self.rights(name).is_some() || (name.starts_with("jwt:") && !self.claims.is_empty())
    }

    fn principal(&self, name: &str, via: Via) -> Option<Arc<Principal>> {
        Some(Arc::new(Principal { name: name.to_owned(), via, rights: self.rights(name)? }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn roster() -> Roster {
        let mut roster = Roster::default();
        let viewer = Rights::built_in("viewer").unwrap();
        roster.add("first", viewer.clone(), vec![token_digest("one"), token_digest("two")], Vec::new());
        roster.add("second", viewer, vec![token_digest("three")], vec!["abc".to_owned()]);
        roster
    }

    #[test]
    fn each_token_names_its_owner_and_no_other_token_anybody() {
        let roster = roster();
        let name = |token: &str| roster.by_token(token).map(|principal| principal.name.clone());
        assert_eq!(name("one").as_deref(), Some("first"));
        assert_eq!(name("two").as_deref(), Some("first"));
        assert_eq!(name("three").as_deref(), Some("second"));
        for wrong in ["", "four", "One", "one ", "o"] {
            assert_eq!(name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn who_comes_without_a_proof_may_do_everything_only_without_a_policy_file() {
        assert_eq!(Roster::open().anonymous().unwrap().rights.role, "admin");
        let mut roster = roster();
        assert!(roster.anonymous().is_none());
        roster.let_anonymous_in(true);
        assert_eq!(roster.anonymous().unwrap().rights.role, "viewer");
    }

    #[test]
    fn whoever_uses_the_machine_may_do_everything_unless_the_policy_names_him() {
        let mut roster = roster();
        assert_eq!(roster.local(Via::Stdio).rights.role, "admin");
        roster.add(LOCAL, Rights::built_in("viewer").unwrap(), Vec::new(), Vec::new());
        let local = roster.local(Via::Command);
        assert_eq!((local.name.as_str(), local.via, local.rights.role.as_str()), (LOCAL, Via::Command, "viewer"));
        assert_eq!(roster.rights(LOCAL).unwrap().role, "viewer");
    }

    #[test]
    fn a_named_subject_comes_before_what_its_claims_would_give() {
        let mut roster = roster();
        let rights = Arc::new(Rights::built_in("admin").unwrap());
        roster.add_rule(ClaimRule { claim: "groups".to_owned(), value: "staff".to_owned(), rights });
        let staff = |claim: &str| if claim == "groups" { vec!["staff".to_owned()] } else { Vec::new() };
        assert_eq!(roster.by_claims("abc", staff).unwrap().name, "second");
        let other = roster.by_claims("xyz", staff).unwrap();
        assert_eq!((other.name.as_str(), other.rights.role.as_str()), ("jwt:xyz", "admin"));
        assert_eq!(roster.by_claims("xyz", |_| Vec::new()), None);
    }
}
