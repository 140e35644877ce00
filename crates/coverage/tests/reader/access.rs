//! Who may call a route: path rules of the middleware, wrappers, checks in the handler.

use crate::support::{WORKS, backend, program};

/// A panel whose middleware asks `skip(path)` and `admin(path)`; gives the auth class of each route.
fn classes(rules: &str, paths: &[&str]) -> Vec<String> {
    let registrations: String = paths.iter().map(|path| format!("\tmux.HandleFunc(\"{path}\", h.list)\n")).collect();
    let body = format!(
        r#"{WORKS}
type claims struct {{ RoleID int }}
func validate(token string) (claims, bool)
func guard(next http.Handler) http.Handler {{
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {{
		if skip(r.URL.Path) {{
			next.ServeHTTP(w, r)
			return
		}}
		token := strings.TrimSpace(r.Header.Get("Authorization"))
		if token == "" {{
			response.Write(w, response.Fail("no"))
			return
		}}
		c, ok := validate(token)
		if !ok {{
			response.Write(w, response.Fail("no"))
			return
		}}
		if admin(r.URL.Path) && c.RoleID != 0 {{
			response.Write(w, response.Fail("no"))
			return
		}}
		next.ServeHTTP(w, r)
	}})
}}
{rules}
func main() {{
	mux := http.NewServeMux()
	h := &Handler{{}}
{registrations}
	http.ListenAndServe(":1", guard(mux))
}}"#
    );
    classes_of(&body)
}

fn classes_of(body: &str) -> Vec<String> {
    let source = backend(&[("main.go", &program(body))]).read();
    assert_eq!(source.unresolved, []);
    source.facts.routes.iter().map(|route| format!("{} {}", route.auth.word(), route.path)).collect()
}

#[test]
fn prefixes_equalities_and_switch_cases_that_return_false_are_evaluated() {
    let found = classes(
        r#"
func skip(path string) bool {
	switch {
	case strings.HasPrefix(path, "/api/v1/open/"):
		return true
	case path == "/api/v1/config/get":
		return false
	case path == "/api/v1/login":
		return true
	default:
		return false
	}
}
func admin(path string) bool {
	if strings.HasPrefix(path, "/api/v1/tunnel/") {
		if strings.HasPrefix(path, "/api/v1/tunnel/user/tunnel") {
			return false
		}
		return true
	}
	switch path {
	case "/api/v1/user/create", "/api/v1/user/list":
		return true
	}
	return false
}"#,
        &[
            "/api/v1/config/get",
            "/api/v1/login",
            "/api/v1/open/x",
            "/api/v1/tunnel/list",
            "/api/v1/tunnel/user/tunnel",
            "/api/v1/user/create",
            "/api/v1/user/other",
        ],
    );
    assert_eq!(
        found,
        [
            "user /api/v1/config/get",
            "public /api/v1/login",
            "public /api/v1/open/x",
            "admin /api/v1/tunnel/list",
            "user /api/v1/tunnel/user/tunnel",
            "admin /api/v1/user/create",
            "user /api/v1/user/other"
        ]
    );
}

#[test]
fn lists_maps_and_negations_are_evaluated() {
    let found = classes(
        r#"
var open = []string{"/api/v1/a", "/api/v1/b/"}
var admins = map[string]bool{"/api/v1/x": true, "/api/v1/y": false}
func skip(path string) bool {
	for _, known := range open {
		if path == known || (strings.HasSuffix(known, "/") && strings.HasPrefix(path, known)) {
			return true
		}
	}
	return false
}
func admin(path string) bool {
	return admins[path] || !(path != "/api/v1/z")
}"#,
        &["/api/v1/a", "/api/v1/b/c", "/api/v1/x", "/api/v1/y", "/api/v1/z"],
    );
    assert_eq!(
        found,
        ["public /api/v1/a", "public /api/v1/b/c", "admin /api/v1/x", "user /api/v1/y", "admin /api/v1/z"]
    );
}

#[test]
fn a_login_that_is_looked_at_but_not_needed_is_optional() {
    let found = classes_of(&format!(
        r#"{WORKS}
func validate(token string) (interface{{}}, bool)
func guard(next http.Handler) http.Handler {{
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {{
		token := r.Header.Get("Authorization")
		if token == "" {{
			if r.URL.Path == "/api/v1/maybe" {{
				next.ServeHTTP(w, r)
				return
			}}
			http.Error(w, "no", 401)
			return
		}}
		if _, ok := validate(token); !ok {{
			http.Error(w, "no", 401)
			return
		}}
		next.ServeHTTP(w, r)
	}})
}}
func main() {{
	mux := http.NewServeMux()
	h := &Handler{{}}
	mux.HandleFunc("/api/v1/maybe", h.list)
	mux.HandleFunc("/api/v1/needed", h.list)
	http.ListenAndServe(":1", guard(mux))
}}"#
    ));
    assert_eq!(found, ["optional /api/v1/maybe", "user /api/v1/needed"]);
}

#[test]
fn a_wrapper_with_its_own_credential_behind_an_open_middleware_is_for_peers() {
    let found = classes_of(&format!(
        r#"{WORKS}
func (r *Repo) ByToken(token string) *Repo
func guard(next http.Handler) http.Handler {{
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {{
		if r.URL.Path != "/api/v1/peer" && r.Header.Get("Authorization") == "" {{
			http.Error(w, "no", 401)
			return
		}}
		next.ServeHTTP(w, r)
	}})
}}
func (h *Handler) peer(next http.HandlerFunc) http.HandlerFunc {{
	return func(w http.ResponseWriter, r *http.Request) {{
		parts := strings.Split(r.Header.Get("Authorization"), " ")
		if len(parts) != 2 || parts[0] != "Bearer" {{
			http.Error(w, "no", 401)
			return
		}}
		if h.repo.ByToken(parts[1]) == nil {{
			http.Error(w, "no", 401)
			return
		}}
		next(w, r)
	}}
}}
func main() {{
	mux := http.NewServeMux()
	h := &Handler{{}}
	mux.HandleFunc("/api/v1/peer", h.peer(h.list))
	mux.HandleFunc("/api/v1/user", h.list)
	http.ListenAndServe(":1", guard(mux))
}}"#
    ));
    assert_eq!(found, ["peer /api/v1/peer", "user /api/v1/user"]);
}

#[test]
fn a_check_in_the_handler_counts_only_when_it_turns_the_caller_away() {
    let rules = "func skip(path string) bool { return false }\nfunc admin(path string) bool { return false }";
    let body = format!(
        r#"{WORKS}
type claims struct {{ RoleID int; UserID int64 }}
func validate(token string) (claims, bool)
func guard(next http.Handler) http.Handler {{
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {{
		if _, ok := validate(r.Header.Get("Authorization")); !ok {{
			http.Error(w, "no", 401)
			return
		}}
		next.ServeHTTP(w, r)
	}})
}}
{rules}
func who(r *http.Request) (int64, int, error) {{
	c, ok := r.Context().Value("claims").(claims)
	if !ok {{
		return 0, 0, http.ErrNoCookie
	}}
	return c.UserID, c.RoleID, nil
}}
func (h *Handler) isAdmin(w http.ResponseWriter, r *http.Request) bool {{
	_, role, err := who(r)
	if err != nil || role != 0 {{
		response.Write(w, response.Fail("no"))
		return false
	}}
	return true
}}
func (h *Handler) strict(w http.ResponseWriter, r *http.Request) {{
	if !h.isAdmin(w, r) {{
		return
	}}
	response.Write(w, response.OK(h.repo.List()))
}}
func (h *Handler) filtered(w http.ResponseWriter, r *http.Request) {{
	user, role, _ := who(r)
	items := h.repo.List()
	if role != 0 {{
		items = only(items, user)
	}}
	response.Write(w, response.OK(items))
}}
func only(items []string, user int64) []string {{ return items }}
func (h *Handler) owned(w http.ResponseWriter, r *http.Request) {{
	user, role, _ := who(r)
	owner := h.repo.Owner()
	if role != 0 && owner != user {{
		response.Write(w, response.Fail("not yours"))
		return
	}}
	response.Write(w, response.OK(h.repo.List()))
}}
func (r *Repo) Owner() int64
func (r *Repo) Granted(user int64) bool
func (h *Handler) granted(w http.ResponseWriter, r *http.Request) {{
	user, role, _ := who(r)
	if role == 0 {{
		response.Write(w, response.OK(true))
		return
	}}
	response.Write(w, response.OK(h.repo.Granted(user)))
}}
func main() {{
	mux := http.NewServeMux()
	h := &Handler{{}}
	mux.HandleFunc("/api/v1/filtered", h.filtered)
	mux.HandleFunc("/api/v1/granted", h.granted)
	mux.HandleFunc("/api/v1/owned", h.owned)
	mux.HandleFunc("/api/v1/strict", h.strict)
	http.ListenAndServe(":1", guard(mux))
}}"#
    );
    assert_eq!(
        classes_of(&body),
        ["user /api/v1/filtered", "user /api/v1/granted", "user /api/v1/owned", "admin /api/v1/strict"]
    );
}

#[test]
fn without_any_middleware_everything_is_public() {
    let found = classes_of(&format!("{WORKS}\nfunc main() {{ http.HandleFunc(\"/api/v1/a\", (&Handler{{}}).list) }}"));
    assert_eq!(found, ["public /api/v1/a"]);
}
