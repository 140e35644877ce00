//! The repository's own manifest.
#![allow(clippy::panic)]

use std::path::Path;

use flvx_manifest::model::Danger;

#[test]
fn the_routes_of_this_repository_have_no_mistake() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../routes");
    let manifest = flvx_manifest::load(&dir).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let entries: usize = manifest.domains.iter().map(|domain| domain.routes.len()).sum();
    assert!(entries >= 97, "the panel's baseline has 97 routes, the manifest {entries}");
    let critical = manifest.tools().filter(|(_, entry)| entry.danger == Some(Danger::Critical)).count();
    assert!(critical > 5, "only {critical} tools are critical");
}
