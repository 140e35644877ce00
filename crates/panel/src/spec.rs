//! The tables that the manifest becomes at run time: one [`Route`] a tool, with everything a call's way asks of it.
//!
//! The values are generated (`routes.rs` in `OUT_DIR`) and static: nothing is parsed or allocated at start. What only
//! documentation and recipes need is kept as one JSON text ([`Route::entry`]) and parsed when asked for.

/// What a route may hurt; see `danger` in `docs/manifest.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// Changes nothing, shows no secret.
    Read,
    /// Changes nothing, shows secrets.
    Sensitive,
    /// A change that can be taken back.
    Write,
    /// Deletes, interrupts traffic, batches, permissions, passwords.
    Dangerous,
    /// Mass or irreversible.
    Critical,
}

impl Danger {
    /// The manifest's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Sensitive => "sensitive",
            Self::Write => "write",
            Self::Dangerous => "dangerous",
            Self::Critical => "critical",
        }
    }
}

/// Whom the panel lets call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nobody needs to log in.
    Public,
    /// Any account.
    User,
    /// An administrator.
    Admin,
    /// Another panel, with a share token.
    Peer,
}

impl Role {
    /// The manifest's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::User => "user",
            Self::Admin => "admin",
            Self::Peer => "peer",
        }
    }
}

/// HTTP method sent to the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl Method {
    /// HTTP's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Form of the panel's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerForm {
    /// `{code, msg, data, ts}`.
    Envelope,
    /// JSON without the envelope; errors come in it.
    Bare,
    /// Plain text; errors come in the envelope.
    Text,
    /// One JSON value a line; errors come in the envelope.
    Ndjson,
}

/// How long the panel usually takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Database only.
    Fast,
    /// One network call, or much data.
    Slow,
    /// Several nodes or panels one after another.
    FanOut,
}

/// Which budget of calls a route draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitClass {
    /// Cheap reads.
    Read,
    /// Reads that make nodes or other machines work.
    Probe,
    /// Ordinary changes.
    Write,
    /// Changes that command nodes or touch many things.
    Heavy,
    /// Attempts to log in.
    Login,
}

/// JSON type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// A whole number of at most 64 bits.
    Integer,
    /// Any JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An object with the keys in [`Field::fields`].
    Object,
    /// A list of [`Field::items`].
    Array,
    /// An object with free keys; each value is of [`Field::items`].
    Map,
    /// Any JSON value.
    Any,
}

/// Where a request field travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// A key of the JSON body.
    Body,
    /// A `{name}` of the path.
    Path,
    /// A key of the query string.
    Query,
    /// A request header.
    Header,
}

/// One allowed or special value with its meaning. `value` is JSON text.
#[derive(Debug, Clone, Copy)]
pub struct Meaning {
    /// The value as JSON text: `1`, `"fifo"`.
    pub value: &'static str,
    /// What it means.
    pub text: &'static str,
}

/// One value of a request or an answer.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its key; empty for list items and whole bodies.
    pub name: &'static str,
    /// JSON type.
    pub kind: Kind,
    /// What it is.
    pub doc: &'static str,
    /// Where a request field travels.
    pub location: Location,
    /// Request: refused without it.
    pub required: bool,
    /// `null` is legal.
    pub nullable: bool,
    /// Smallest number.
    pub min: Option<f64>,
    /// Largest number.
    pub max: Option<f64>,
    /// Fewest items.
    pub min_items: Option<u64>,
    /// Most items.
    pub max_items: Option<u64>,
    /// Fewest characters.
    pub min_length: Option<u64>,
    /// Most characters.
    pub max_length: Option<u64>,
    /// The only values allowed; empty: any.
    pub values: &'static [Meaning],
    /// Never shown.
    pub secret: bool,
    /// Map keys whose value is never shown.
    pub secret_keys: &'static [&'static str],
    /// A new secret that a person needs: it goes into a file of the gateway's.
    pub hand_over: bool,
    /// Text that other people wrote.
    pub free_text: bool,
    /// Moves by itself on a panel in use: no part of the state that a confirmation is bound to.
    pub volatile: bool,
    /// Read by the panel without effect: not offered, refused with `doc`.
    pub ignored: bool,
    /// What an array or a map holds.
    pub items: Option<&'static Field>,
    /// Keys of an object.
    pub fields: &'static [Field],
}

impl Field {
    /// An optional body field without limits; the base for fields written by hand.
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            doc,
            location: Location::Body,
            required: false,
            nullable: false,
            min: None,
            max: None,
            min_items: None,
            max_items: None,
            min_length: None,
            max_length: None,
            values: &[],
            secret: false,
            secret_keys: &[],
            hand_over: false,
            free_text: false,
            volatile: false,
            ignored: false,
            items: None,
            fields: &[],
        }
    }

    /// Whether a secret can stand anywhere in a value of this field.
    pub const fn holds_secret(&self) -> bool {
        if self.secret || !self.secret_keys.is_empty() {
            return true;
        }
        if let Some(items) = self.items
            && items.holds_secret()
        {
            return true;
        }
        let mut rest = self.fields;
        while let [first, tail @ ..] = rest {
            if first.holds_secret() {
                return true;
            }
            rest = tail;
        }
        false
    }
}

impl Field {
    /// Whether a value of this field must be looked into before it is shown: a secret can stand in it, marked or, where keys are
    /// free, known by its name.
    pub const fn needs_look(&self) -> bool {
        if self.secret || !self.secret_keys.is_empty() || matches!(self.kind, Kind::Map | Kind::Any) {
            return true;
        }
        if let Some(items) = self.items
            && items.needs_look()
        {
            return true;
        }
        let mut rest = self.fields;
        while let [first, tail @ ..] = rest {
            if first.needs_look() {
                return true;
            }
            rest = tail;
        }
        false
    }
}

/// A condition on the arguments under which a call counts as more dangerous.
#[derive(Debug, Clone, Copy)]
pub struct Escalation {
    /// Request field that is looked at.
    pub field: &'static str,
    /// What about it.
    pub when: When,
    /// The danger it then has.
    pub to: Danger,
    /// Why.
    pub reason: &'static str,
}

/// See [`Escalation::when`].
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// The field is given at all.
    Given,
    /// The list has more items than this.
    LongerThan(u64),
    /// The value is one of these JSON texts.
    OneOf(&'static [&'static str]),
    /// The map has one of these keys.
    HasKey(&'static [&'static str]),
}

/// How an error rule recognises the panel's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// The whole message.
    Exact(&'static str),
    /// Its start.
    Prefix(&'static str),
    /// A part of it.
    Contains(&'static str),
    /// Whatever it says.
    Any,
}

/// One thing that the panel can refuse with.
#[derive(Debug, Clone, Copy)]
pub struct ErrorRule {
    /// Envelope code.
    pub code: i64,
    /// The message it goes with.
    pub wording: Wording,
    /// Stable word for programs.
    pub key: &'static str,
    /// What it means, in English.
    pub text: &'static str,
    /// What to do about it.
    pub hint: &'static str,
    /// Whether a change that is refused so may have had an effect all the same.
    pub effect_possible: bool,
}

impl ErrorRule {
    /// Whether the rule speaks of this answer.
    pub fn matches(&self, code: i64, msg: &str) -> bool {
        self.code == code
            && match self.wording {
                Wording::Exact(text) => msg == text,
                Wording::Prefix(text) => msg.starts_with(text),
                Wording::Contains(text) => msg.contains(text),
                Wording::Any => true,
            }
    }
}

/// A route that acts on every item of a list.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// Request field that is the list.
    pub field: &'static str,
    /// Most items sent in one call.
    pub chunk: u32,
    /// Path into `data` with single results.
    pub results: Option<&'static str>,
    /// Path into `data` with the number done.
    pub done_count: Option<&'static str>,
    /// Path into `data` with the number failed.
    pub fail_count: Option<&'static str>,
}

/// A tool that the gateway carries out itself although a route stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnHandler {
    /// Log in and keep the token in the gateway under a credential name.
    Login,
}

/// One route of the panel, which is one tool.
#[derive(Debug)]
pub struct Route {
    /// Canonical tool name: `node.list`.
    pub tool: &'static str,
    /// The spelling on the wire: `node_list`.
    pub wire_name: &'static str,
    /// Domain file it stands in.
    pub domain: &'static str,
    /// Path with its prefix and `{name}` parameters.
    pub path: &'static str,
    /// Method that is sent.
    pub method: Method,
    /// Short title.
    pub title: &'static str,
    /// 中文标题.
    pub title_zh: &'static str,
    /// Text for the tool list.
    pub brief: &'static str,
    /// Search words, English then Chinese.
    pub keywords: &'static [&'static str],
    /// Whom the panel lets call it.
    pub role: Role,
    /// Whom the gateway lets call it (the stricter of `role` and the manifest's `least_role`).
    pub least_role: Role,
    /// What it may hurt.
    pub danger: Danger,
    /// Arguments that make it more dangerous.
    pub escalate: &'static [Escalation],
    /// First panel version that has it; `None`: the baseline.
    pub since: Option<&'static str>,
    /// First panel version without it.
    pub until: Option<&'static str>,
    /// Form of the answer.
    pub answer: AnswerForm,
    /// The data is a document that goes into a file of the gateway's, unless a view is asked for.
    pub to_file: bool,
    /// Seconds that the gateway waits for the answer.
    pub timeout_s: u32,
    /// How long the panel usually takes.
    pub cost: Cost,
    /// Which budget of calls it draws on.
    pub limits: LimitClass,
    /// May outlast a client's patience.
    pub long_running: bool,
    /// Sending it again leaves the same state.
    pub idempotent: bool,
    /// Acts on every item of a list.
    pub batch: Option<Batch>,
    /// The gateway's own code runs in place of a plain call.
    pub own: Option<OwnHandler>,
    /// The request as one field: an `Object`, or a `Map` when the body has free keys.
    pub request: &'static Field,
    /// At least one field of each of these lists must be given.
    pub need_one_of: &'static [&'static [&'static str]],
    /// Shape of `data`; `None`: there is none.
    pub data: Option<&'static Field>,
    /// List answers: path to the list inside `data` (`""`: `data` itself).
    pub rows: Option<&'static str>,
    /// List answers: fields of a row that are shown by default.
    pub show: &'static [&'static str],
    /// List answers: the field that identifies a row.
    pub row_key: Option<&'static str>,
    /// What the panel can refuse with; the first rule that matches counts (exact wordings first, own before common ones).
    pub errors: &'static [ErrorRule],
    /// JSON Schema of `request` alone, as JSON text: closed, without `$ref` and root combinators.
    pub request_schema: &'static str,
    /// The whole manifest entry (types resolved) as JSON text: summary, effects, recipes, examples.
    pub entry: &'static str,
}

/// A domain of the manifest.
#[derive(Debug)]
pub struct DomainInfo {
    /// Its name.
    pub name: &'static str,
    /// What a person calls it.
    pub title: &'static str,
    /// 标题.
    pub title_zh: &'static str,
    /// What the things of the domain are.
    pub summary: &'static str,
}

/// A path of the panel that is no tool of its own.
#[derive(Debug)]
pub struct Unlisted {
    /// The path.
    pub path: &'static str,
    /// Its method.
    pub method: Method,
    /// Tool that stands for it.
    pub alias_of: Option<&'static str>,
    /// Why there is none.
    pub excluded: Option<&'static str>,
}
