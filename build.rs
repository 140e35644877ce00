//! Expands `routes/*.yaml` into the Rust that `crates/panel` includes.
//!
//! The file stands at the top because the manifest, the templates and this step are one thing to a maintainer; cargo
//! runs it for `crates/panel`, a leaf, so that an edit of the program compiles none of the generated code again. What
//! is wrong in the manifest or a template becomes one `cargo::error` a line: the build fails and shows nothing else.

use std::path::{Path, PathBuf};

use flvx_manifest::codegen;

fn main() {
    let root = repository();
    let (routes, templates) = (root.join("routes"), root.join("templates"));
    for watched in [&routes, &templates] {
        build_helper::rerun_if_changed(watched);
    }
    if let Err(lines) = expand(&routes, &templates) {
        for line in lines {
            println!("cargo::error={line}");
        }
    }
}

/// The top of the repository, seen from the crate that the step runs for.
fn repository() -> PathBuf {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    package.ancestors().find(|dir| dir.join("routes").is_dir()).map_or_else(|| package.clone(), Path::to_path_buf)
}

fn expand(routes: &Path, templates: &Path) -> Result<(), Vec<String>> {
    let manifest = flvx_manifest::load(routes).map_err(|diagnostics| diagnostics.cargo_lines())?;
    let outputs = codegen::generate(&manifest, templates).map_err(|error| lines(&error.to_string()))?;
    let out_dir = build_helper::out_dir();
    codegen::write(&outputs, &out_dir).map_err(|error| lines(&format!("{}: {error}", out_dir.display())))
}

/// Cargo shows only the first line of an error, so each gets its own.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
