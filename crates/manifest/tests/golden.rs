//! The expansion held against what is checked in: a change of the templates, of the expansion or of the language shows
//! as a difference of generated code in review. `UPDATE=1 cargo test -p flvx-manifest --test golden` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use flvx_manifest::{
    Manifest,
    codegen::{self, Output},
    model::{Field, Shared},
};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn golden_manifest() -> Manifest {
    flvx_manifest::load(&here("tests/golden/manifest"))
        .unwrap_or_else(|problems| panic!("{}", problems.render(flvx_manifest::Style::Plain)))
}

fn expand(manifest: &Manifest) -> Vec<Output> {
    codegen::generate(manifest, &here("../../templates")).unwrap_or_else(|error| panic!("{error}"))
}

fn text_of<'a>(outputs: &'a [Output], file: &str) -> &'a str {
    &outputs.iter().find(|output| output.file == file).unwrap_or_else(|| panic!("no {file}")).text
}

/// Every file of a directory, by its path in it.
fn files_under(dir: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            files.extend(files_under(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            files.push(name);
        }
    }
    files.sort();
    files
}

fn hold(outputs: &[Output], expected: &Path) {
    if std::env::var_os("UPDATE").is_some() {
        let _ = fs::remove_dir_all(expected);
        codegen::write(outputs, expected).unwrap();
        return;
    }
    let mut generated: Vec<&str> = outputs.iter().map(|output| output.file.as_str()).collect();
    generated.sort_unstable();
    assert_eq!(generated, files_under(expected), "the files themselves");
    for output in outputs {
        let known = fs::read_to_string(expected.join(&output.file)).unwrap();
        if let Some((line, (new, old))) =
            output.text.lines().zip(known.lines()).enumerate().find(|(_, (new, old))| new != old)
        {
            panic!(
                "{}:{}: generated\n  {new}\nbut expected\n  {old}\nUPDATE=1 takes the new text",
                output.file,
                line + 1
            );
        }
        assert_eq!(
            output.text.lines().count(),
            known.lines().count(),
            "{}: lines at the end; UPDATE=1 takes the new text",
            output.file
        );
    }
}

#[test]
fn the_golden_manifest_expands_to_the_code_that_is_checked_in() {
    hold(&expand(&golden_manifest()), &here("tests/golden/expected"));
}

#[test]
fn expanding_twice_gives_the_same_and_writes_nothing() {
    let outputs = expand(&golden_manifest());
    assert_eq!(outputs, expand(&golden_manifest()));
    let dir = std::env::temp_dir().join(format!("flvx-manifest-golden-{}", std::process::id()));
    codegen::write(&outputs, &dir).unwrap();
    let stamp = |file: &str| fs::metadata(dir.join(file)).unwrap().modified().unwrap();
    let before: Vec<_> = outputs.iter().map(|output| stamp(&output.file)).collect();
    codegen::write(&outputs, &dir).unwrap();
    let after: Vec<_> = outputs.iter().map(|output| stamp(&output.file)).collect();
    fs::remove_dir_all(&dir).unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_new_optional_argument_is_a_few_added_lines_and_nothing_else() {
    let mut manifest = golden_manifest();
    let before = expand(&manifest);
    let field: Field = serde_yaml::from_str("{type: integer, min: 1, unit: m, doc: Height of the mast.}").unwrap();
    let request = manifest.domains[0].routes[1].request.as_mut().unwrap();
    request.fields = request
        .fields
        .iter()
        .map(|(name, field)| (name.to_owned(), field.clone()))
        .chain([("mastHeight".to_owned(), field)])
        .collect();
    let after = expand(&manifest);

    let changed: Vec<&str> = after
        .iter()
        .filter(|output| text_of(&before, &output.file) != output.text)
        .map(|output| output.file.as_str())
        .collect();
    assert_eq!(changed, ["routes.rs", "entry/station_create.json", "domain/station.rs"]);
    let old: Vec<&str> = text_of(&before, "domain/station.rs").lines().collect();
    let added: Vec<&str> =
        text_of(&after, "domain/station.rs").lines().filter(|line| !old.contains(line)).map(str::trim).collect();
    assert_eq!(
        added,
        [
            "#[serde(rename_all = \"camelCase\")]",
            "/// Height of the mast. Unit: m.",
            "pub mast_height: Option<i64>,",
            "name: \"mastHeight\",",
            "doc: \"Height of the mast.\",",
        ]
    );
}

#[test]
fn a_new_domain_file_needs_no_other_change() {
    let mut manifest = golden_manifest();
    let mut second = manifest.domains[0].clone();
    second.domain = "buoy".to_owned();
    for entry in &mut second.routes {
        entry.tool = entry.tool.as_ref().map(|tool| tool.replace("station.", "buoy.").replace("feed.", "buoy."));
    }
    manifest.domains.push(second);
    let outputs = expand(&manifest);
    assert!(text_of(&outputs, "domains.rs").contains("pub mod buoy {\n    include!(\"domain/buoy.rs\");\n}"));
    assert!(text_of(&outputs, "domain/buoy.rs").contains("pub async fn buoy_metrics("));
    assert!(text_of(&outputs, "routes.rs").contains("(\"buoy_metrics\", BUOY_METRICS)"));
}

#[test]
fn a_mistake_in_a_template_names_its_line() {
    let dir = std::env::temp_dir().join(format!("flvx-manifest-template-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    for entry in fs::read_dir(here("../../templates")).unwrap().flatten() {
        fs::copy(entry.path(), dir.join(entry.file_name())).unwrap();
    }
    let broken = |text: &str| {
        fs::write(dir.join("domains.rs.j2"), text).unwrap();
        codegen::generate(&golden_manifest(), &dir).unwrap_err().to_string()
    };
    let unknown = broken("// one\n// two\n{{ domains[0].nmae|lit }}\n");
    let syntax = broken("// one\n{% for d in %}\n");
    let rust = broken("pub static A: u8 = 1;\npub sttic B: u8 = 2;\n");
    fs::remove_dir_all(&dir).unwrap();
    assert!(unknown.starts_with("templates/domains.rs.j2:3: undefined value"), "{unknown}");
    assert!(syntax.starts_with("templates/domains.rs.j2:2: syntax error"), "{syntax}");
    assert!(rust.starts_with("templates/domains.rs.j2 wrote what is no Rust, at line 2, column 5"), "{rust}");
    assert!(rust.contains("2 | pub sttic B: u8 = 2;"), "{rust}");
}

#[test]
fn two_keys_that_become_one_name_are_refused() {
    let mut manifest = golden_manifest();
    let field: Field = serde_yaml::from_str("{type: integer, doc: d}").unwrap();
    let request = manifest.domains[0].routes[0].request.as_mut().unwrap();
    request.fields = [("userId".to_owned(), field.clone()), ("user_id".to_owned(), field)].into_iter().collect();
    let error = codegen::generate(&manifest, &here("../../templates")).unwrap_err().to_string();
    assert_eq!(
        error,
        "routes/station.yaml: key `userId` and key `user_id` of `StationListRequest` would both become the Rust name `user_id`; rename one of them"
    );
}

#[test]
fn a_type_that_contains_itself_is_refused() {
    let mut manifest = golden_manifest();
    manifest.shared = Shared {
        types: serde_yaml::from_str("Place: {doc: d, fields: {next: {type: object, of: Place, doc: d}}}").unwrap(),
        ..manifest.shared
    };
    let error = codegen::generate(&manifest, &here("../../templates")).unwrap_err().to_string();
    assert!(error.starts_with("routes/station.yaml: type `Place` contains itself (Place -> Place)"), "{error}");
}
