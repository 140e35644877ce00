//! `cargo run -q -p flvx-manifest --example check -- routes`: what is wrong in a manifest, or how big it is.

use std::{env, path::PathBuf, process::ExitCode};

use flvx_manifest::Style;

fn main() -> ExitCode {
    let dir = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "routes".to_owned()));
    match flvx_manifest::load(&dir) {
        Ok(manifest) => {
            let routes: usize = manifest.domains.iter().map(|domain| domain.routes.len()).sum();
            println!("{} files, {routes} routes, {} tools", manifest.domains.len() + 1, manifest.tools().count());
            ExitCode::SUCCESS
        }
        Err(diagnostics) => {
            print!("{}", diagnostics.render(Style::Plain));
            ExitCode::FAILURE
        }
    }
}
