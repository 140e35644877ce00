//! Drafts of entries that the manifest lacks.

use crate::support::{Folder, WORKS, backend, changed, program};
use flvx_coverage::{Draft, scaffold};

fn panel() -> Folder {
    backend(&[(
        "main.go",
        &program(&format!(
            "{WORKS}\n{}",
            r#"
type request struct {
	ID    int64    `json:"id"`
	Names []string `json:"names"`
	Nodes []struct {
		Port int `json:"port"`
	} `json:"nodes"`
}
func (h *Handler) wipe(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "no", 405)
		return
	}
	var req request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || req.ID <= 0 {
		response.Write(w, response.Fail("bad"))
		return
	}
	response.Write(w, response.OK(h.repo.List()))
}
func (h *Handler) metrics(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/metrics") {
		_ = r.URL.Query().Get("start")
		response.Write(w, response.OK(h.repo.List()))
	}
}
func main() {
	h := &Handler{}
	http.HandleFunc("/api/v1/node/list", h.list)
	http.HandleFunc("/api/v1/node/batch-delete-old", h.wipe)
	http.HandleFunc("GET /api/v1/monitor/nodes/", h.metrics)
}"#
        )),
    )])
}

fn drafts(only: &[&str]) -> (Folder, Vec<Draft>) {
    let manifest = changed(|_| {});
    let only: Vec<String> = only.iter().map(|path| (*path).to_owned()).collect();
    let drafts = scaffold(&panel().read(), &manifest.path().join("routes"), Some("3.1.0"), &only).unwrap();
    (manifest, drafts)
}

#[test]
fn a_draft_says_what_the_source_says() {
    let (_manifest, drafts) = drafts(&["/api/v1/node/batch-delete-old"]);
    let [draft] = drafts.as_slice() else { panic!("{drafts:?}") };
    assert_eq!((draft.file.as_str(), draft.new, draft.entries), ("node.yaml", false, 1));
    for line in [
        "  - path: /api/v1/node/batch-delete-old",
        "    method: POST",
        "    tool: node.batch_delete_old",
        "    role: public",
        "    danger: critical",
        "    since: 3.1.0",
        "      decoding: strict",
    ] {
        assert!(draft.text.lines().any(|written| written == line), "{line}\n{}", draft.text);
    }
    let request = "        id:\n          type: integer\n          required: true\n          doc: FIXME\n        names:\n          type: array\n          items:\n            type: string\n          doc: FIXME\n        nodes:\n          type: array\n          items:\n            type: object\n            fields:\n              port:\n                type: integer\n                doc: FIXME\n          doc: FIXME\n";
    let order = "        nodes:\n";
    assert!(
        draft.text.contains("        id:\n          type: integer\n          required: true\n"),
        "{request}\n{}",
        draft.text
    );
    assert!(draft.text.contains(order) && draft.text.contains("                type: integer\n"), "{}", draft.text);
}

#[test]
fn a_known_route_gets_no_draft_and_a_subtree_one_for_each_path_below_it() {
    let (_manifest, drafts) = drafts(&[]);
    let files: Vec<(&str, bool, usize)> =
        drafts.iter().map(|draft| (draft.file.as_str(), draft.new, draft.entries)).collect();
    assert_eq!(files, [("monitor.yaml", true, 1), ("node.yaml", false, 1)]);
    assert!(drafts[0].text.contains("  - path: /api/v1/monitor/nodes/{id}/metrics\n"), "{}", drafts[0].text);
    assert!(drafts[0].text.contains("    tool: monitor.node_metrics\n"), "{}", drafts[0].text);
    assert!(drafts[0].text.contains("        start:\n          type: string # FIXME"), "{}", drafts[0].text);
}

#[test]
fn an_unfinished_draft_fails_the_build() {
    let (manifest, drafts) = drafts(&[]);
    for draft in &drafts {
        let path = format!("routes/{}", draft.file);
        let before = std::fs::read_to_string(manifest.path().join(&path)).unwrap_or_default();
        manifest.write(&path, format!("{before}\n{}", draft.text));
    }
    let mistakes = flvx_manifest::load(&manifest.path().join("routes")).unwrap_err();
    let told = mistakes.to_string();
    assert!(told.contains("FIXME"), "{told}");
    for file in ["monitor.yaml", "node.yaml"] {
        assert!(
            mistakes.iter().any(|mistake| mistake.file.ends_with(file) && mistake.message.contains("FIXME")),
            "{file}\n{told}"
        );
    }
}

#[test]
fn a_draft_is_yaml_and_fits_the_language_but_for_what_a_person_must_say() {
    let (_manifest, drafts) = drafts(&[]);
    for draft in &drafts {
        let text = if draft.new { draft.text.clone() } else { format!("routes:\n{}", draft.text) };
        let value: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        for entry in value["routes"].as_sequence().unwrap() {
            let entry: Result<flvx_manifest::model::Entry, _> = serde_yaml::from_value(entry.clone());
            assert!(entry.is_ok(), "{:?}\n{text}", entry.err());
        }
    }
}

#[test]
fn what_stands_last_in_a_path_tells_what_is_only_read() {
    let folder = backend(&[(
        "main.go",
        &program(&format!(
            "{WORKS}\nfunc main() {{\n\th := &Handler{{}}\n{}}}",
            ["services/create", "services/latest-results", "node/delete-preview", "user/force-delete"]
                .map(|path| format!("\thttp.HandleFunc(\"/api/v1/{path}\", h.list)\n"))
                .concat()
        )),
    )]);
    let manifest = changed(|_| {});
    let drafts = scaffold(&folder.read(), &manifest.path().join("routes"), None, &[]).unwrap();
    let text: String = drafts.iter().map(|draft| draft.text.as_str()).collect();
    let danger = |tool: &str| {
        let after = text.split(&format!("tool: {tool}\n")).nth(1).unwrap();
        after.lines().find_map(|line| line.trim().strip_prefix("danger: ")).unwrap().to_owned()
    };
    assert_ne!(danger("services.create"), "read");
    assert_eq!(danger("services.latest_results"), "read");
    assert_eq!(danger("node.delete_preview"), "read");
    assert_eq!(danger("user.force_delete"), "critical");
}
