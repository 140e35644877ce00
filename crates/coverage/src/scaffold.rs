//! The first draft of the entries that the manifest lacks: what the source says is filled in, what a person must say is
//! `FIXME`, which the manifest refuses until it is gone.

mod fields;
mod guess;

use std::{collections::BTreeMap, path::Path};

use crate::{
    check::{CheckError, version},
    expected::entries,
    facts::{Answer, Auth, Body, Route},
    locate::Lines,
    read::{PREFIX, Source},
    routers::pattern,
};
use fields::request;
use guess::{Guess, guess};

/// The draft of one file of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Name of the file in the folder of the manifest.
    pub file: String,
    /// The file is not there yet; the text begins with its head.
    pub new: bool,
    /// The text.
    pub text: String,
    /// How many entries it has.
    pub entries: usize,
}

/// Drafts of all routes of a panel that a manifest lacks, or of those named. `since` is the panel version that has them.
pub fn scaffold(
    source: &Source,
    routes: &Path,
    since: Option<&str>,
    only: &[String],
) -> Result<Vec<Draft>, CheckError> {
    let manifest = flvx_manifest::load(routes).map_err(CheckError::Manifest)?;
    let (_, asked) = version(since, &manifest)?;
    let known = entries(&manifest, &asked, &Lines::read(routes));
    let lacking = source.facts.routes.iter().filter(|route| {
        let covered =
            known.iter().any(|entry| pattern::covers(&route.path, &entry.route.path) || route.path == entry.route.path);
        let named =
            only.is_empty() || only.iter().any(|path| route.path == *path || pattern::covers(&route.path, path));
        named && !covered
    });
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for route in lacking {
        let domain = domain(&route.path);
        let target = files.entry(domain.clone()).or_default();
        if route.below.is_empty() {
            target.push(entry(route, &domain, since));
        }
        // A subtree is an entry for each path below it that the handler tells apart.
        for below in &route.below {
            let whole = Route { place: route.place.clone(), handler: route.handler.clone(), ..below.clone() };
            target.push(entry(&whole, &domain, since));
        }
    }
    let drafts = files.into_iter().map(|(domain, entries)| {
        let new = !manifest.domains.iter().any(|known| known.domain == domain);
        let head = if new { head(&domain) } else { String::new() };
        Draft {
            file: format!("{domain}.yaml"),
            new,
            entries: entries.len(),
            text: format!("{head}{}", entries.join("\n")),
        }
    });
    Ok(drafts.collect())
}

/// The domain whose file a path belongs to: its first part, as the files are named.
fn domain(path: &str) -> String {
    let first = path.strip_prefix(PREFIX).and_then(|rest| rest.split('/').next()).unwrap_or("other");
    match first {
        "open_api" => "openapi".to_owned(),
        first => first.replace('-', "_").to_lowercase(),
    }
}

fn head(domain: &str) -> String {
    format!(
        "# yaml-language-server: $schema=../docs/manifest.schema.json\n\
         domain: {domain}\n\
         title: FIXME what these routes are about, in a word or two\n\
         title_zh: FIXME 中文\n\
         summary: FIXME what a model must know before it uses any of these tools\n\n\
         routes:\n"
    )
}

/// One entry.
fn entry(route: &Route, domain: &str, since: Option<&str>) -> String {
    let guess = guess(route, domain);
    let mut text = Text(String::new());
    // Where several will do, the panel's own front end posts.
    let method = if route.accepts("POST") { "POST" } else { route.methods.first().map_or("POST", String::as_str) };
    text.line(1, &format!("- path: {}", with_parameters(&route.path)));
    text.line(2, &format!("method: {method}"));
    if route.methods.iter().any(|method| method == "ANY") {
        text.line(2, "any_method: true");
    } else if route.methods.len() > 1 {
        text.line(
            2,
            &format!("# FIXME the panel acts on {}: one entry for each that is to be a tool", route.methods_text()),
        );
    }
    text.line(2, &format!("tool: {}", guess.tool));
    text.line(2, &format!("title: {}", guess.title));
    text.line(2, "title_zh: FIXME 中文标题");
    text.line(2, "brief: FIXME what it does and the one trap that matters, in at most 160 characters");
    text.line(2, "summary: FIXME what it does, when to use it and what to use instead, the traps");
    text.line(2, &format!("keywords: {{ en: [{}], zh: [FIXME] }}", guess.keywords.join(", ")));
    role(&mut text, route);
    text.line(2, &format!("danger: {}", guess.danger));
    text.line(2, &format!("danger_reason: FIXME confirm; guessed from {}", guess.because));
    if let Some(since) = since {
        text.line(2, &format!("since: {since}"));
    }
    match route.answer {
        Answer::Envelope => {}
        Answer::File => text.line(2, "answer: bare # FIXME the panel sends a file"),
        other => text.line(2, &format!("answer: {}", other.word())),
    }
    text.line(2, &format!("cost: {}", guess.cost));
    if guess.is_read {
        text.line(2, "idempotent: true");
    }
    request(&mut text, route);
    text.line(2, "response:");
    text.line(3, "note: FIXME what `data` holds (`data:`), and what code 0 does not prove");
    text.line(2, &format!("common_errors: [{}]", common_errors(route, &guess).join(", ")));
    if !guess.is_read {
        text.line(2, "# FIXME verify, undo and, where it is dangerous, preview");
    }
    text.line(2, "# FIXME errors and examples");
    text.line(2, &format!("# read from {} ({})", route.handler, route.place));
    text.0
}

/// A rest (`{path...}`) and a subtree without known ends are for a person to say.
fn with_parameters(path: &str) -> String {
    match path.strip_suffix('/') {
        Some(start) => format!("{start}/{{FIXME}}"),
        None => path.replace("...}", "}"),
    }
}

fn role(text: &mut Text, route: &Route) {
    match route.auth {
        Auth::Public | Auth::User | Auth::Admin | Auth::Peer => text.line(2, &format!("role: {}", route.auth.word())),
        Auth::Optional => {
            text.line(2, "role: public");
            text.line(2, "role_note: FIXME a login is looked at but not needed; say what it changes");
        }
        Auth::Unknown => text.line(2, "role: FIXME"),
    }
}

fn common_errors(route: &Route, guess: &Guess) -> Vec<&'static str> {
    let mut errors = Vec::new();
    if !route.methods.iter().any(|method| method == "ANY") {
        errors.push("method");
    }
    if matches!(route.auth, Auth::User | Auth::Admin) {
        errors.extend(["no_token", "bad_token"]);
    }
    if route.auth == Auth::Admin {
        errors.push("not_admin");
    }
    if route.body != Body::None || guess.is_read {
        errors.push("database");
    }
    errors
}

/// YAML under construction.
pub(crate) struct Text(pub String);

impl Text {
    /// One line, so many levels in.
    pub fn line(&mut self, level: usize, text: &str) {
        self.0.push_str(&"  ".repeat(level));
        self.0.push_str(text);
        self.0.push('\n');
    }
}
