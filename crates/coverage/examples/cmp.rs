//! cmp
use std::path::Path;
fn main() {
    let dir = std::env::args().nth(1).unwrap_or_default();
    let v = std::env::args().nth(2);
    let m = flvx_manifest::load(Path::new("routes")).unwrap_or_else(|e| { eprintln!("{e}"); std::process::exit(9) });
    let source = flvx_coverage::read(Path::new(&dir)).unwrap();
    let lines = flvx_coverage::Lines::read(Path::new("routes"));
    let v = v.unwrap_or(m.shared.baseline.clone());
    let e = flvx_coverage::entries(&m, &flvx_manifest::Version::parse(&v).unwrap(), &lines);
    let c = flvx_coverage::compare(&e, &source.facts, None, &lines);
    for d in &c.differences { println!("{:10} {} {} [{}] here={} there={} {:?} {:?}", d.what.word(), d.method, d.path, d.key, d.here, d.there, d.manifest.as_ref().map(|l| format!("{}:{}", l.file, l.line)), d.source.as_ref().map(|l| format!("{}:{}", l.file, l.line))); }
    println!("{} of {}", c.matched, c.entries);
}
