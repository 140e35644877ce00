//! The one who calls, as the gateway knows it; what a client says of itself is not part of it.

use std::sync::Arc;

use super::Rights;

/// How the gateway knows who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The client started this program.
    Stdio,
    /// The command line of the machine.
    Command,
    /// Over HTTP on loopback, without a proof.
    Anonymous,
    /// A bearer token of the configuration.
    Token,
    /// A token of an identity provider.
    Jwt,
}

impl Via {
    /// Whether the caller sits at the machine, so that a path on it means something to him.
    pub fn is_local(self) -> bool {
        matches!(self, Self::Stdio | Self::Command)
    }

    /// The word in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Command => "command",
            Self::Anonymous => "anonymous",
            Self::Token => "token",
            Self::Jwt => "jwt",
        }
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Name in ledger, audit and policy.
    pub name: String,
    /// How that is known.
    pub via: Via,
    /// What it may see and do.
    pub rights: Arc<Rights>,
}

impl Principal {
    /// One with these rights.
    pub fn new(name: impl Into<String>, via: Via, rights: Rights) -> Arc<Self> {
        Arc::new(Self { name: name.into(), via, rights: Arc::new(rights) })
    }

    /// Whoever uses the machine itself: all that the gateway offers at all.
    pub fn local(via: Via) -> Arc<Self> {
        Self::new("local", via, Rights::all())
    }
}
