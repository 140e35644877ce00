//! Where a route is registered, in every form.

use crate::support::{WORKS, backend, program, routes, understood};

fn main_of(body: &str) -> crate::support::Folder {
    backend(&[("main.go", &program(&format!("{WORKS}\n{body}")))])
}

#[test]
fn handle_func_on_any_receiver_is_a_route() {
    let folder = main_of(
        r#"
func main() {
	somethingElse := http.NewServeMux()
	h := &Handler{}
	somethingElse.HandleFunc("/api/v1/a", h.list)
	somethingElse.Handle("/api/v1/b", http.HandlerFunc(h.create))
	http.HandleFunc("/api/v1/c", h.remove)
	somethingElse.HandleFunc("/flow/test", h.list)
	http.ListenAndServe(":1", somethingElse)
}"#,
    );
    assert_eq!(
        understood(&folder),
        ["ANY /api/v1/a Handler.list", "ANY /api/v1/b Handler.create", "ANY /api/v1/c Handler.remove"]
    );
    assert_eq!(folder.read().outside, ["/flow/test"]);
}

#[test]
fn a_path_can_be_raw_a_constant_of_another_file_or_put_together() {
    let folder = main_of(
        r#"
const local = "/local"
func main() {
	mux := http.NewServeMux()
	h := &Handler{}
	mux.HandleFunc(`/api/v1/raw`, h.list)
	mux.HandleFunc(base + "/joined", h.list)
	mux.HandleFunc(base + local + "/" + strings.ToLower("LAST"), h.list)
	mux.HandleFunc(paths.Node + "/list", h.list)
}"#,
    );
    folder.write("paths.go", "package main\n\nconst (\n\troot = \"/api\"\n\tbase = root + \"/v1\"\n)\n");
    folder.write(
        "internal/paths/p.go",
        "package paths\n\nvar Node = prefix(\"node\")\n\nfunc prefix(of string) string { return \"/api/v1/\" + of }\n",
    );
    let main = std::fs::read_to_string(folder.path().join("main.go")).unwrap();
    folder.write(
        "main.go",
        main.replace("\"panel/internal/response\"", "\"panel/internal/paths\"\n\t\"panel/internal/response\""),
    );
    assert_eq!(
        understood(&folder),
        [
            "ANY /api/v1/joined Handler.list",
            "ANY /api/v1/local/last Handler.list",
            "ANY /api/v1/node/list Handler.list",
            "ANY /api/v1/raw Handler.list"
        ]
    );
}

#[test]
fn a_pattern_can_name_its_method_and_its_host() {
    let folder = main_of(
        r#"
func main() {
	mux := http.NewServeMux()
	h := &Handler{}
	mux.HandleFunc("POST /api/v1/a", h.create)
	mux.HandleFunc("GET /api/v1/a", h.list)
	mux.HandleFunc("DELETE panel.example/api/v1/a/{id}", h.remove)
}"#,
    );
    assert_eq!(
        understood(&folder),
        ["GET /api/v1/a Handler.list", "POST /api/v1/a Handler.create", "DELETE /api/v1/a/{id} Handler.remove"]
    );
}

#[test]
fn wrappers_are_peeled_and_named() {
    let folder = main_of(
        r#"
func (h *Handler) outer(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { next(w, r) }
}
func inner(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) }
}
func main() {
	mux := http.NewServeMux()
	h := &Handler{}
	mux.HandleFunc("/api/v1/a", h.outer(inner(h.list)))
	mux.HandleFunc("/api/v1/b", func(w http.ResponseWriter, r *http.Request) { h.create(w, r) })
}"#,
    );
    let source = folder.read();
    assert_eq!(routes(&source), ["ANY /api/v1/a Handler.list", "ANY /api/v1/b inline"]);
    assert_eq!(source.facts.routes[0].wrappers, ["outer", "inner"]);
}

#[test]
fn a_method_of_a_nested_receiver_is_found_by_the_types_of_the_fields() {
    let folder = main_of(
        r#"
type groupHandler struct{ repo *Repo }
func (g *groupHandler) list(w http.ResponseWriter, r *http.Request) { response.Write(w, response.OK(g.repo.List())) }
type Server struct {
	Handler
	group *groupHandler
}
func (s *Server) Register(mux *http.ServeMux) {
	mux.HandleFunc("/api/v1/group/list", s.group.list)
	mux.HandleFunc("/api/v1/own/list", s.list)
}
func main() {
	s := &Server{}
	s.Register(http.NewServeMux())
}"#,
    );
    assert_eq!(understood(&folder), ["ANY /api/v1/group/list groupHandler.list", "ANY /api/v1/own/list Handler.list"]);
}

#[test]
fn a_sub_registrar_called_from_several_places_registers_at_each() {
    let folder = main_of(
        r#"
func crud(mux *http.ServeMux, prefix string, h *Handler) {
	mux.HandleFunc(prefix+"/list", h.list)
	mux.HandleFunc(prefix+"/create", h.create)
}
func main() {
	mux := http.NewServeMux()
	h := &Handler{}
	crud(mux, "/api/v1/node", h)
	crud(mux, "/api/v1/tunnel", h)
}"#,
    );
    assert_eq!(
        understood(&folder),
        [
            "ANY /api/v1/node/create Handler.create",
            "ANY /api/v1/node/list Handler.list",
            "ANY /api/v1/tunnel/create Handler.create",
            "ANY /api/v1/tunnel/list Handler.list"
        ]
    );
}

#[test]
fn a_registry_filled_at_init_is_followed_to_where_it_is_mounted() {
    let folder = main_of(
        r#"
type module interface{ Register(mux *http.ServeMux) }
var modules []module
var extra = map[string]http.HandlerFunc{}
type nodes struct{ h *Handler }
func (n nodes) Register(mux *http.ServeMux) { mux.HandleFunc("/api/v1/node/list", n.h.list) }
func init() {
	modules = append(modules, nodes{h: &Handler{}})
	extra["/api/v1/extra"] = (&Handler{}).create
}
func main() {
	mux := http.NewServeMux()
	for _, m := range modules {
		m.Register(mux)
	}
	for path, handler := range extra {
		mux.HandleFunc(path, handler)
	}
}"#,
    );
    assert_eq!(understood(&folder), ["ANY /api/v1/extra Handler.create", "ANY /api/v1/node/list Handler.list"]);
}

#[test]
fn a_helper_can_add_the_prefix() {
    let folder = main_of(
        r#"
type router struct {
	mux    *http.ServeMux
	prefix string
}
func (r *router) post(path string, handler http.HandlerFunc) { r.mux.HandleFunc("POST "+r.prefix+path, handler) }
func (r *router) group(path string) *router { return &router{mux: r.mux, prefix: r.prefix + path} }
func main() {
	h := &Handler{}
	api := &router{mux: http.NewServeMux(), prefix: "/api/v1"}
	api.post("/a", h.list)
	node := api.group("/node")
	node.post("/list", h.list)
	handle := func(path string, handler http.HandlerFunc) { api.post("/closure"+path, handler) }
	handle("/x", h.create)
}"#,
    );
    assert_eq!(
        understood(&folder),
        ["POST /api/v1/a Handler.list", "POST /api/v1/closure/x Handler.create", "POST /api/v1/node/list Handler.list"]
    );
}

#[test]
fn tables_and_loops_over_literals_are_walked() {
    let folder = main_of(
        r#"
type route struct {
	path    string
	handler http.HandlerFunc
}
func table(h *Handler) []route {
	return []route{
		{"/table/a", h.list},
		{path: "/table/b", handler: h.create},
	}
}
func main() {
	mux := http.NewServeMux()
	h := &Handler{}
	for _, entry := range table(h) {
		mux.HandleFunc("/api/v1"+entry.path, entry.handler)
	}
	for _, name := range [...]string{"x", "y"} {
		mux.HandleFunc("/api/v1/loop/"+name, h.remove)
	}
	names := []string{"p", "q"}
	for i := 0; i < len(names); i++ {
		mux.HandleFunc("/api/v1/index/"+names[i], h.remove)
	}
}"#,
    );
    assert_eq!(
        understood(&folder),
        [
            "ANY /api/v1/index/p Handler.remove",
            "ANY /api/v1/index/q Handler.remove",
            "ANY /api/v1/loop/x Handler.remove",
            "ANY /api/v1/loop/y Handler.remove",
            "ANY /api/v1/table/a Handler.list",
            "ANY /api/v1/table/b Handler.create"
        ]
    );
}

#[test]
fn a_generic_adapter_is_a_wrapper_like_any_other() {
    let folder = main_of(
        r#"
type input struct { ID int64 `json:"id"` }
func handle[T any](run func(in T) (interface{}, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in T
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			response.Write(w, response.Fail("bad"))
			return
		}
		out, _ := run(in)
		response.Write(w, response.OK(out))
	}
}
func run(in input) (interface{}, error) { return nil, nil }
func main() { http.NewServeMux().HandleFunc("/api/v1/a", handle(run)) }"#,
    );
    let source = folder.read();
    assert_eq!(routes(&source), ["ANY /api/v1/a run"]);
    assert_eq!(crate::support::keys(&source.facts.routes[0]), "{id: integer}");
}

#[test]
fn what_cannot_be_followed_is_told_with_its_line() {
    let folder = main_of(
        r#"
func main() {
	mux := http.NewServeMux()
	h := &Handler{}
	mux.HandleFunc(fromOutside(), h.list)
	mux.HandleFunc("/api/v1/known", h.list)
	mux.HandleFunc("/api/v1/unknown", notHere)
}
func fromOutside() string { return pathFromDisk }"#,
    );
    let source = folder.read();
    assert_eq!(routes(&source), ["ANY /api/v1/known Handler.list", "ANY /api/v1/unknown unknown"]);
    let told: Vec<(&str, &str)> =
        source.unresolved.iter().map(|problem| (problem.file.as_str(), problem.text.as_str())).collect();
    assert_eq!(
        told,
        [
            ("main.go", "the path of this route is not a constant that can be followed"),
            ("main.go", "/api/v1/unknown: its handler cannot be followed"),
        ]
    );
    let text = std::fs::read_to_string(folder.path().join("main.go")).unwrap();
    let line = |needle: &str| u32::try_from(text.lines().position(|line| line.contains(needle)).unwrap() + 1).unwrap();
    assert_eq!(source.unresolved[0].line, line("mux.HandleFunc(fromOutside()"));
}

#[test]
fn a_path_that_depends_on_a_condition_is_not_guessed() {
    let folder = main_of(
        r#"
func main() {
	prefix := "/api/v1/a"
	if dev() {
		prefix = "/api/v1/b"
	}
	http.NewServeMux().HandleFunc(prefix+"/x", (&Handler{}).list)
}
func dev() bool { return flagFromOutside }"#,
    );
    let source = folder.read();
    assert_eq!(routes(&source), [""; 0]);
    assert_eq!(source.unresolved.len(), 1);
}

#[test]
fn a_registrar_that_nobody_here_calls_is_still_read() {
    let folder = main_of(
        r#"
func (h *Handler) Register(mux *http.ServeMux) { mux.HandleFunc("/api/v1/a", h.list) }"#,
    );
    assert_eq!(understood(&folder), ["ANY /api/v1/a Handler.list"]);
}

#[test]
fn a_call_that_only_looks_like_a_registration_is_none() {
    let folder = main_of(
        r#"
type cache struct{}
func (c *cache) Get(key string, fill func() string) string { return fill() }
type client struct{}
func main() {
	c := &cache{}
	c.Get("/api/v1/not-a-route", func() string { return "" })
	http.Get("https://example.com/api/v1/neither")
	http.NewServeMux().HandleFunc("/api/v1/a", (&Handler{}).list)
}"#,
    );
    assert_eq!(understood(&folder), ["ANY /api/v1/a Handler.list"]);
}

#[test]
fn tests_and_vendored_code_are_left_out() {
    let folder = main_of("func main() { http.NewServeMux().HandleFunc(\"/api/v1/a\", (&Handler{}).list) }");
    let other = program(&format!("{WORKS}\nfunc init() {{ http.HandleFunc(\"/api/v1/wrong\", (&Handler{{}}).list) }}"));
    folder.write("main_test.go", &other).write("vendor/x/x.go", &other).write("testdata/x.go", &other);
    assert_eq!(understood(&folder), ["ANY /api/v1/a Handler.list"]);
}

#[test]
fn the_module_is_found_below_the_repository() {
    let folder = crate::support::Folder::new();
    folder.write("agent/go.mod", "module agent\n").write("agent/main.go", "package main\n\nfunc main() {}\n");
    folder.write("server/go.mod", "module panel\n").write(
        "server/main.go",
        program(&format!("{WORKS}\nfunc main() {{ http.HandleFunc(\"/api/v1/a\", (&Handler{{}}).list) }}")),
    );
    folder.write(
        "server/internal/response/r.go",
        std::fs::read_to_string(backend(&[]).path().join("internal/response/r.go")).unwrap(),
    );
    let source = folder.read();
    assert_eq!(routes(&source), ["ANY /api/v1/a Handler.list"]);
    assert_eq!(source.root, "server");
}
