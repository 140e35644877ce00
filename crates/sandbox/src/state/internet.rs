//! The two internet hosts that the panel itself calls: GitHub (releases of the node agent) and Cloudflare (Turnstile).
//! Nothing leaves the process; the answers are canned, and the worlds in which those hosts refuse or cannot be reached
//! have names.

/// What the panel finds on the internet.
#[derive(Clone, Debug)]
pub struct Internet {
    /// api.github.com.
    pub github: GitHub,
    /// challenges.cloudflare.com.
    pub turnstile: Turnstile,
}

/// How GitHub answers when it is asked for releases.
#[derive(Clone, Debug)]
pub enum GitHub {
    /// Its name does not resolve.
    Unreachable,
    /// It refuses with a status and a body.
    Refuses {
        /// HTTP status.
        status: u16,
        /// The body, of which the panel shows the first 512 bytes.
        body: String,
    },
    /// It gives the releases, newest first.
    Answers(Vec<Release>),
}

/// How Cloudflare answers when it is asked about a Turnstile token.
#[derive(Clone, Debug)]
pub enum Turnstile {
    /// Its name does not resolve.
    Unreachable,
    /// It knows these tokens and refuses all others.
    Accepts(Vec<String>),
}

/// A release of the node agent.
#[derive(Clone, Debug)]
pub struct Release {
    /// The git tag, which decides the channel.
    pub tag: String,
    /// The title, which may be empty.
    pub name: String,
    /// RFC 3339.
    pub published_at: String,
    /// Not published yet.
    pub draft: bool,
}

impl Internet {
    /// The worlds with a name: `ok` (the default), `unreachable`, `only dev` (no stable release), `rate limited`.
    pub fn named(name: &str) -> Option<Self> {
        let ok = Self::default();
        Some(match name {
            "ok" => ok,
            "unreachable" => Self { github: GitHub::Unreachable, turnstile: Turnstile::Unreachable },
            "only dev" => {
                let dev = releases().into_iter().filter(|r| r.tag.contains('-')).collect();
                Self { github: GitHub::Answers(dev), ..ok }
            }
            "rate limited" => {
                let body = r#"{"message": "API rate limit exceeded for 192.0.2.1."}"#.to_owned();
                Self { github: GitHub::Refuses { status: 403, body }, ..ok }
            }
            _ => return None,
        })
    }
}

impl Default for Internet {
    fn default() -> Self {
        Self {
            github: GitHub::Answers(releases()),
            turnstile: Turnstile::Accepts(vec!["fake-turnstile-token-good".to_owned()]),
        }
    }
}

/// A draft, two stable releases, and three that count as development: a pre-release, a candidate, and a tag with a `v`.
fn releases() -> Vec<Release> {
    [
        ("2.1.6", "unfinished", "2026-03-01T08:00:00Z", true),
        ("2.1.5-alpha6", "2.1.5-alpha6", "2026-02-22T09:10:11Z", false),
        ("2.1.4", "2.1.4 正式版", "2026-02-10T03:04:05Z", false),
        ("v2.1.3", "2.1.3", "2026-01-20T00:00:00Z", false),
        ("2.1.2-rc1", "2.1.2 RC 1", "2026-01-05T00:00:00Z", false),
        ("2.1.1", "", "2025-12-24T00:00:00Z", false),
    ]
    .into_iter()
    .map(|(tag, name, published_at, draft)| Release {
        tag: tag.to_owned(),
        name: name.to_owned(),
        published_at: published_at.to_owned(),
        draft,
    })
    .collect()
}
