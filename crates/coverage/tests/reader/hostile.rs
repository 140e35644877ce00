//! Input that is meant to hurt: the reader ends, says what it could not read, and reads the rest.

use crate::support::{Folder, WORKS, backend, program, routes};
use flvx_coverage::{Source, read};

fn with(path: &str, text: impl AsRef<[u8]>) -> Source {
    let folder = backend(&[(
        "main.go",
        &program(&format!("{WORKS}\nfunc main() {{ http.HandleFunc(\"/api/v1/a\", (&Handler{{}}).list) }}")),
    )]);
    folder.write(path, text);
    let source = folder.read();
    assert_eq!(routes(&source), ["ANY /api/v1/a Handler.list"], "the rest is read");
    source
}

fn troubles(source: &Source) -> Vec<(&str, &str)> {
    source.unreadable.iter().map(|problem| (problem.file.as_str(), problem.text.as_str())).collect()
}

#[test]
fn a_syntax_error_is_told_with_its_line_and_the_rest_of_the_file_is_read() {
    let folder = backend(&[(
        "main.go",
        &program(&format!(
            "{WORKS}\nfunc main() {{ http.HandleFunc(\"/api/v1/a\", (&Handler{{}}).list) }}\n\nfunc broken( {{ if }}\n"
        )),
    )]);
    let source = folder.read();
    assert_eq!(routes(&source), ["ANY /api/v1/a Handler.list"]);
    assert_eq!(troubles(&source), [("main.go", "not Go that can be read from here on")]);
    assert!(source.unreadable[0].line > 10, "{}", source.unreadable[0].line);
}

#[test]
fn a_file_that_is_empty_or_no_text_is_told() {
    assert_eq!(troubles(&with("empty.go", "")), [("empty.go", "the file is empty")]);
    assert_eq!(
        troubles(&with("bytes.go", b"package main\n\n// \xff\xfe\n")),
        [("bytes.go", "not UTF-8; it is not read")]
    );
    assert_eq!(with("bytes.go", b"package main\n\n// \xff\xfe\n").unreadable[0].line, 3);
    assert_eq!(troubles(&with("nothing.go", "// only a comment\n")), [("nothing.go", "no package clause")]);
}

#[test]
fn a_gigantic_file_is_told_and_not_read() {
    let text = format!("package main\n{}", "// filler filler filler filler filler\n".repeat(200_000));
    assert_eq!(troubles(&with("huge.go", text)), [("huge.go", "7 MiB are too much for a source file; it is not read")]);
}

#[test]
fn nesting_that_no_person_wrote_does_not_break_the_stack() {
    let deep = format!("package main\n\nvar x = {}1{}\n", "(".repeat(20_000), ")".repeat(20_000));
    assert_eq!(troubles(&with("deep.go", deep)), [("deep.go", "nested too deeply to be read")]);
    let blocks = format!("package main\n\nfunc f() {{ {} {} }}\n", "if x {".repeat(5_000), "}".repeat(5_000));
    assert_eq!(troubles(&with("blocks.go", blocks)), [("blocks.go", "nested too deeply to be read")]);
    let types = format!("package main\n\ntype T {}int\n", "[]".repeat(5_000));
    assert_eq!(troubles(&with("types.go", types)), [("types.go", "nested too deeply to be read")]);
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_ends() {
    let folder = backend(&[(
        "main.go",
        &program(&format!("{WORKS}\nfunc main() {{ http.HandleFunc(\"/api/v1/a\", (&Handler{{}}).list) }}")),
    )]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("internal/loop")).unwrap();
    std::os::unix::fs::symlink("loop.go", folder.path().join("loop.go")).unwrap();
    let source = folder.read();
    assert_eq!(routes(&source), ["ANY /api/v1/a Handler.list"]);
    assert_eq!(troubles(&source), [("loop.go", "a link; it is not followed")]);
}

#[test]
fn functions_that_call_each_other_for_ever_end() {
    let source = with(
        "again.go",
        "package main\n\nimport \"net/http\"\n\nfunc a(m *http.ServeMux, p string) { b(m, p+\"x\") }\nfunc b(m *http.ServeMux, p string) { a(m, p+\"y\") }\nfunc init() { a(http.NewServeMux(), \"/api/v1/\") }\nvar one = two\nvar two = one\n",
    );
    assert_eq!(source.unresolved, []);
}

#[test]
fn a_loop_that_never_ends_is_left() {
    let source = with(
        "endless.go",
        "package main\n\nimport \"net/http\"\n\nfunc init() {\n\tm := http.NewServeMux()\n\tfor i := 0; i >= 0; i++ {\n\t\t_ = m\n\t}\n\tfor {\n\t\t_ = m\n\t}\n}\n",
    );
    assert_eq!(source.unresolved, []);
}

#[test]
fn a_folder_without_go_has_no_routes() {
    let folder = Folder::new();
    folder.write("readme.md", "nothing");
    assert_eq!(routes(&folder.read()), [""; 0]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    assert!(read(std::path::Path::new("/no/such/folder")).is_err());
    let folder = Folder::new();
    folder.write("file", "x");
    assert!(read(&folder.path().join("file")).is_err(), "a file is no folder");
}

#[test]
fn a_missing_package_is_named_and_what_it_hides_is_told() {
    let folder = backend(&[(
        "main.go",
        &program(&format!("{WORKS}\nfunc main() {{\n\tmux := http.NewServeMux()\n\tmux.HandleFunc(\"/api/v1/a\", (&Handler{{}}).list)\n\tgone.Register(mux)\n}}"))
            .replace("\"panel/internal/response\"", "\"panel/internal/gone\"\n\t\"panel/internal/response\""),
    )]);
    let source = folder.read();
    assert_eq!(source.missing, ["panel/internal/gone"]);
    assert_eq!(source.unresolved.len(), 1);
    assert_eq!(source.unresolved[0].text, "a router goes to `Register` of `panel/internal/gone`, which is not here");
}

#[test]
fn texts_cut_anywhere_never_panic() {
    let whole = program(&format!("{WORKS}\nfunc main() {{ http.HandleFunc(\"/api/v1/a\", (&Handler{{}}).list) }}"));
    let folder = backend(&[]);
    for end in (0..whole.len()).step_by(37) {
        folder.write("main.go", &whole[..end]);
        let _ = folder.read();
    }
}
