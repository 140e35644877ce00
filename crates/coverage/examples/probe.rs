//! probe
fn main() {
    let dir = std::env::args().nth(1).unwrap_or_default();
    match flvx_coverage::read(std::path::Path::new(&dir)) {
        Ok(source) => {
            for route in &source.facts.routes {
                println!("{}", serde_json::to_string(route).unwrap_or_default());
            }
            for p in &source.unresolved {
                eprintln!("UNRESOLVED {}:{} {}", p.file, p.line, p.text);
            }
            for p in &source.unreadable {
                eprintln!("UNREADABLE {}:{} {}", p.file, p.line, p.text);
            }
            eprintln!(
                "{} routes, {} outside {:?}, {} unresolved, {} files, missing {:?}, {:?}",
                source.facts.routes.len(),
                source.outside.len(),
                source.outside,
                source.unresolved.len(),
                source.files,
                source.missing,
                source.took
            );
        }
        Err(e) => eprintln!("{e}"),
    }
}
