//! The head of a domain file and of the shared file.

use crate::{
    check::{draft::Draft, versions},
    finding::Finding,
    path::At,
    suggest::nearest,
};

/// File name, names, texts, baseline.
pub fn check(draft: &Draft<'_>, findings: &mut Vec<Finding>) {
    for (domain, written) in draft.manifest.domains.iter().zip(&draft.domains) {
        let at = At::file(written.file);
        if domain.domain != written.stem {
            let finding = Finding::new(
                at.key("domain").at_value(),
                format!("domain `{}` stands in the file `{}.yaml`", domain.domain, written.stem),
            );
            findings.push(finding.label("a file is called after its domain").instead(Some(written.stem.as_str())));
        } else if !is_name(&domain.domain) {
            let finding =
                Finding::new(at.key("domain").at_value(), format!("`{}` is no name of a domain", domain.domain));
            findings.push(finding.label("lower-case letters, digits and `_`, a letter first"));
        }
        for (key, text) in [("title", &domain.title), ("title_zh", &domain.title_zh), ("summary", &domain.summary)] {
            if text.trim().is_empty() {
                findings
                    .push(Finding::new(at.key(key).at_value(), format!("`{key}` is empty")).label("say it in words"));
            }
        }
        for (position, prefix) in domain.also.iter().enumerate() {
            also(draft, domain, prefix, &at.key("also").item(position), findings);
        }
    }
    if let Some(file) = draft.shared_file {
        versions::check_one(&draft.manifest.shared.baseline, &At::file(file).key("baseline"), findings);
    }
}

fn also(draft: &Draft<'_>, domain: &crate::model::Domain, prefix: &str, at: &At<'_>, findings: &mut Vec<Finding>) {
    let mut prefixes =
        domain.routes.iter().filter_map(|entry| entry.tool.as_deref()).filter_map(|tool| tool.split('.').next());
    if !is_name(prefix) || prefix == domain.domain {
        let finding = Finding::new(at.at_value(), format!("`{prefix}` is no further prefix of tools"));
        findings.push(finding.label("another name than the domain's, of lower-case letters, digits and `_`"));
    } else if !draft.known.broken_entries && !prefixes.clone().any(|used| used == prefix) {
        let near = nearest(prefix, prefixes.by_ref());
        let finding = Finding::new(at.at_value(), format!("no tool of this file starts with `{prefix}.`"));
        findings.push(finding.label("not used").instead(near));
    }
}

/// Whether this can be the name of a domain, a shape or an error.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
