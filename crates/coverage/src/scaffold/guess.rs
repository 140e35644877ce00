//! What the words of a path say about a route: a name, a title, how dangerous it may be.

use crate::{
    facts::{Auth, Field, Route},
    read::PREFIX,
    routers::pattern::is_parameter,
};

/// What can be guessed.
pub struct Guess {
    /// Name of the tool.
    pub tool: String,
    /// Title.
    pub title: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Danger.
    pub danger: &'static str,
    /// What the danger was guessed from.
    pub because: String,
    /// How long it may take.
    pub cost: &'static str,
    /// It changes nothing.
    pub is_read: bool,
}

/// Words that tell how dangerous a route may be, the worst first: one word of a path decides.
const DANGERS: [(&str, &[&str]); 4] = [
    (
        "critical",
        &["import", "restore", "upgrade", "rollback", "force", "wipe", "clear", "execute", "command", "shell"],
    ),
    (
        "dangerous",
        &[
            "delete",
            "remove",
            "reset",
            "password",
            "assign",
            "pause",
            "redeploy",
            "permission",
            "disable",
            "activate",
            "revoke",
        ],
    ),
    ("sensitive", &["export", "reveal", "secret", "token", "login"]),
    (
        "read",
        &[
            "list", "get", "info", "access", "version", "check", "preview", "diagnose", "status", "metrics", "latest",
            "quality", "limits", "results", "storage", "summary", "history", "logs", "detail", "stats", "nodes",
            "tunnels", "services", "search", "count", "releases",
        ],
    ),
];

/// Words of routes that ask somebody else before they answer.
const SLOW: [&str; 8] = ["diagnose", "upgrade", "rollback", "updates", "releases", "redeploy", "run", "import"];

/// What the words of a route's path say.
pub fn guess(route: &Route, domain: &str) -> Guess {
    let parts: Vec<&str> = route.path.strip_prefix(PREFIX).unwrap_or(&route.path).split('/').collect();
    let mut words: Vec<String> = Vec::new();
    for (position, part) in parts.iter().enumerate().skip(1).filter(|(_, part)| !part.is_empty() && !is_parameter(part))
    {
        let mut own = split(part);
        // `tunnels/{id}/quality` is about one tunnel.
        if parts.get(position + 1).is_some_and(|next| is_parameter(next))
            && let Some(last) = own.last_mut()
            && let Some(one) = last.strip_suffix('s')
        {
            *last = one.to_owned();
        }
        words.append(&mut own);
    }
    let verb = if words.is_empty() { "get".to_owned() } else { words.join("_") };
    let (danger, because) = danger(route, &words);
    let mut keywords: Vec<String> = domain.split('_').map(str::to_owned).chain(words.iter().cloned()).collect();
    keywords.dedup();
    Guess {
        tool: format!("{domain}.{verb}"),
        title: title(domain, &words),
        keywords,
        danger,
        because,
        cost: if words.iter().any(|word| SLOW.contains(&word.as_str())) { "slow" } else { "fast" },
        is_read: matches!(danger, "read" | "sensitive"),
    }
}

/// The words of one part of a path: `delete-preview`, `updatePassword`, `sub_store`.
fn split(part: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    for c in part.chars() {
        if !c.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        if c.is_ascii_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn title(domain: &str, words: &[String]) -> String {
    let text = if words.is_empty() {
        domain.replace('_', " ")
    } else {
        format!("{} {}", domain.replace('_', " "), words.join(" "))
    };
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn danger(route: &Route, words: &[String]) -> (&'static str, String) {
    if route.methods.iter().all(|method| method == "GET") {
        return ("read", "the method GET".to_owned());
    }
    let has = |word: &str| words.iter().any(|known| known == word);
    // A dry run of something bad is none.
    if has("preview") || has("check") || has("diagnose") {
        return ("read", "a word of its path".to_owned());
    }
    let batch = has("batch") || ids(route);
    if batch && has("delete") {
        return ("critical", "`delete` of a list".to_owned());
    }
    for (danger, known) in DANGERS {
        // What is read is named last; `services/create` creates.
        let last = |word: &&&str| words.last().is_some_and(|known| known == **word);
        let found = known.iter().find(|word| if danger == "read" { last(word) } else { has(word) });
        if let Some(word) = found {
            return (danger, format!("`{word}` in its path"));
        }
    }
    if route.auth == Auth::Public {
        return ("sensitive", "anybody may call it".to_owned());
    }
    match batch {
        true => ("dangerous", "a list of ids".to_owned()),
        false => ("write", "nothing that says otherwise".to_owned()),
    }
}

/// Whether it takes a list of ids.
fn ids(route: &Route) -> bool {
    let is_ids = |(name, field): (&String, &Field)| name.to_lowercase().ends_with("ids") && field.items.is_some();
    route.keys.as_ref().is_some_and(|body| body.fields.iter().any(is_ids))
}
