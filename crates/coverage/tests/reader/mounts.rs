//! Routers inside routers, and subtrees.

use crate::support::{WORKS, backend, program, query, routes, understood};

fn main_of(body: &str) -> crate::support::Folder {
    backend(&[("main.go", &program(&format!("{WORKS}\n{body}")))])
}

#[test]
fn strip_prefix_puts_a_mux_below_a_path() {
    let folder = main_of(
        r#"
func api(h *Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/node/list", h.list)
	return mux
}
func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
}
func main() {
	root := http.NewServeMux()
	h := &Handler{}
	root.Handle("/api/v1/", logged(http.StripPrefix("/api/v1", api(h))))
	inner := http.NewServeMux()
	inner.HandleFunc("/api/v1/whole/path", h.create)
	root.Handle("/api/v1/whole/", inner)
	http.ListenAndServe(":1", root)
}"#,
    );
    assert_eq!(understood(&folder), ["ANY /api/v1/node/list Handler.list", "ANY /api/v1/whole/path Handler.create"]);
}

#[test]
fn a_subtree_stands_beside_the_exact_path_and_its_ends_are_told_apart() {
    let folder = main_of(
        r#"
func (h *Handler) below(w http.ResponseWriter, r *http.Request) {
	rest := strings.TrimPrefix(r.URL.Path, "/api/v1/nodes/")
	if strings.HasSuffix(rest, "/metrics") {
		_ = r.URL.Query().Get("start")
		response.Write(w, response.OK(h.repo.List()))
		return
	}
	if strings.HasSuffix(rest, "/latest") {
		response.Write(w, response.OK(h.repo.List()))
		return
	}
	response.Write(w, response.Fail("no such path"))
}
func main() {
	mux := http.NewServeMux()
	h := &Handler{}
	mux.HandleFunc("/api/v1/nodes", h.list)
	mux.HandleFunc("/api/v1/nodes/", h.below)
}"#,
    );
    let source = folder.read();
    assert_eq!(routes(&source), ["ANY /api/v1/nodes Handler.list", "ANY /api/v1/nodes/ Handler.below"]);
    let below: Vec<(String, String)> =
        source.facts.routes[1].below.iter().map(|route| (route.path.clone(), query(route))).collect();
    assert_eq!(
        below,
        [
            ("/api/v1/nodes/{id}/latest".to_owned(), String::new()),
            ("/api/v1/nodes/{id}/metrics".to_owned(), "start: unknown".to_owned())
        ]
    );
}
