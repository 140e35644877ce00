//! `since` and `until`, on routes and on fields.

use crate::{finding::Finding, path::At, version::Version};

/// Both are versions, and in order.
pub fn check(since: Option<&str>, until: Option<&str>, at: &At<'_>, findings: &mut Vec<Finding>) {
    let from = since.and_then(|text| check_one(text, &at.key("since"), findings));
    let to = until.and_then(|text| check_one(text, &at.key("until"), findings));
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        let finding = Finding::new(at.key("until").at_value(), "`until` is not after `since`");
        findings
            .push(finding.label("first version without it").also(at.key("since").at_value(), "first version with it"));
    }
}

/// It is a version.
pub fn check_one(text: &str, at: &At<'_>, findings: &mut Vec<Finding>) -> Option<Version> {
    let version = Version::parse(text);
    if version.is_none() {
        let finding = Finding::new(at.at_value(), format!("`{text}` is no version"));
        let near = text.strip_prefix('v').filter(|rest| Version::parse(rest).is_some());
        findings.push(finding.label("written like `3.1.0` or `2.1.5-alpha6`").instead(near));
    }
    version
}
