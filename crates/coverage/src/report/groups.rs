//! Differences grouped as a reader wants them: all keys of one kind on one route are one thing.

use crate::{
    check::{Report, Verdict},
    diff::{Difference, What},
    locate::Line,
};

/// Differences of one kind on one route.
pub struct Group<'r> {
    /// What differs.
    pub what: What,
    /// Path of the route.
    pub path: &'r str,
    /// Method of the route.
    pub method: &'r str,
    /// The differences; more than one only for keys.
    pub all: Vec<&'r Difference>,
}

/// The groups of a report that are not blessed, or those that are.
pub fn groups(report: &Report, blessed: bool) -> Vec<Group<'_>> {
    let mut found: Vec<Group<'_>> = Vec::new();
    for difference in report.comparison.differences.iter().filter(|difference| difference.blessed.is_some() == blessed)
    {
        let same = |group: &&mut Group<'_>| {
            group.what == difference.what && group.path == difference.path && group.method == difference.method
        };
        match found.iter_mut().find(same) {
            Some(group) if is_about_keys(difference.what) => group.all.push(difference),
            _ => {
                let Difference { what, path, method, .. } = difference;
                found.push(Group { what: *what, path, method, all: vec![difference] });
            }
        }
    }
    found
}

fn is_about_keys(what: What) -> bool {
    matches!(what, What::KeyMissing | What::KeyGone | What::KeyType)
}

impl Group<'_> {
    /// What it comes to, in one line.
    pub fn text(&self) -> String {
        let keys = || self.all.iter().map(|difference| difference.key.as_str()).collect::<Vec<_>>().join(", ");
        let first = self.all.first();
        let (here, there) = first.map_or(("", ""), |difference| (difference.here.as_str(), difference.there.as_str()));
        match self.what {
            What::Added => there.to_owned(),
            What::Removed => "the panel has no such route".to_owned(),
            What::KeyMissing => keys(),
            What::KeyGone => keys(),
            What::KeyType => {
                let each = self.all.iter().map(|difference| {
                    format!("{}: {} here, {} there", difference.key, difference.here, difference.there)
                });
                each.collect::<Vec<_>>().join("; ")
            }
            What::Stale => format!(
                "{here}{}: {there}",
                first.map_or(String::new(), |d| if d.key.is_empty() {
                    String::new()
                } else {
                    format!(" for `{}`", d.key)
                })
            ),
            What::Handler | What::Method | What::Auth | What::Answer => format!("manifest: {here}, panel: {there}"),
        }
    }

    /// What it comes to, as a sentence that stands alone.
    pub fn sentence(&self) -> String {
        let name = format!("{} {}", self.method, self.path);
        let name = name.trim();
        let text = self.text();
        match self.what {
            What::Added => format!("{name} is not in the manifest ({text})"),
            What::Removed => format!("{name} is in the manifest, but {text}"),
            What::Handler => format!("{name} has another handler ({})", text.replacen("manifest:", "before:", 1)),
            What::Method => format!("{name} acts on other methods ({text})"),
            What::Auth => format!("{name} may be called by somebody else ({text})"),
            What::KeyMissing => format!("{name} reads keys that the manifest lacks: {text}"),
            What::KeyGone => format!("{name} no longer reads: {text}"),
            What::KeyType => format!("{name} reads keys of another type: {text}"),
            What::Answer => format!("{name} answers in another form ({text})"),
            What::Stale => format!("{name}: {text}"),
        }
    }

    /// Where the manifest says it.
    pub fn manifest(&self) -> Option<&Line> {
        self.all.iter().find_map(|difference| difference.manifest.as_ref())
    }

    /// Where the panel's source says it.
    pub fn source(&self) -> Option<&Line> {
        self.all.iter().find_map(|difference| difference.source.as_ref())
    }

    /// Why it is all right.
    pub fn reason(&self) -> &str {
        self.all.iter().find_map(|difference| difference.blessed.as_deref()).unwrap_or_default()
    }
}

/// How many of each kind there are, in words: `31 added, 2 auth`.
pub fn counts(report: &Report) -> String {
    let mut parts = Vec::new();
    for what in What::ALL {
        let open = report
            .comparison
            .differences
            .iter()
            .filter(|difference| difference.what == what && difference.blessed.is_none());
        let count = open.count();
        if count > 0 {
            parts.push(format!("{count} {}", what.word().replace('_', " ")));
        }
    }
    for (count, word) in [(report.unresolved.len(), "unresolved"), (report.unreadable.len(), "unreadable")] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.join(", ")
}

/// The report in one sentence.
pub fn headline(report: &Report) -> String {
    let (matched, entries, found) = (report.comparison.matched, report.comparison.entries, report.facts.routes.len());
    match report.verdict {
        Verdict::InStep => format!("in step: {matched} of {entries} routes for panel {}", report.version),
        Verdict::Drift => format!("drift: {} (for panel {})", counts(report), report.version),
        Verdict::Partial => format!("not wholly understood: {} (for panel {})", counts(report), report.version),
        Verdict::Foreign if found == 0 => {
            "no route under /api/v1 was found: this is no backend that can be read".to_owned()
        }
        Verdict::Foreign => format!(
            "{found} routes under /api/v1 were found, and only {matched} of the manifest's {entries} among them: this is another program or \
             another generation of the panel, and a list of differences would be a list of everything"
        ),
    }
}

/// A file of the source, as it is found from where the command runs.
pub fn source_file(report: &Report, file: &str) -> String {
    format!("{}{file}", report.source_root)
}
