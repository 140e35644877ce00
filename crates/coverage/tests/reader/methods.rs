//! The methods that a handler really acts on.

use crate::support::{WORKS, backend, program, understood};

fn methods_of(handler: &str) -> Vec<String> {
    let main = "func main() { http.NewServeMux().HandleFunc(\"/api/v1/a\", (&Handler{}).handle) }";
    understood(&backend(&[("main.go", &program(&format!("{WORKS}\n{handler}\n{main}")))]))
}

#[test]
fn a_test_with_unequal_leaves_one() {
    let found = methods_of(
        r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		response.Write(w, response.Fail("no"))
		return
	}
	response.Write(w, response.OK(h.repo.List()))
}"#,
    );
    assert_eq!(found, ["POST /api/v1/a Handler.handle"]);
}

#[test]
fn a_test_can_name_two_and_stand_in_a_helper() {
    let found = methods_of(
        r#"func allowed(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == "GET" || r.Method == http.MethodPost {
		return true
	}
	http.Error(w, "no", http.StatusMethodNotAllowed)
	return false
}
func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	if !allowed(w, r) {
		return
	}
	response.Write(w, response.OK(h.repo.List()))
}"#,
    );
    assert_eq!(found, ["GET+POST /api/v1/a Handler.handle"]);
}

#[test]
fn a_switch_is_one_route_for_each_method_when_they_do_different_things() {
    let found = methods_of(
        r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		h.list(w, r)
	case http.MethodPut, http.MethodPost:
		var in struct { ID int64 `json:"id"` }
		_ = json.NewDecoder(r.Body).Decode(&in)
		response.Write(w, response.OK(h.repo.List()))
	default:
		http.Error(w, "no", 405)
	}
}"#,
    );
    assert_eq!(found, ["GET /api/v1/a Handler.handle", "POST+PUT /api/v1/a Handler.handle"]);
}

#[test]
fn the_work_can_stand_inside_the_test() {
    let found = methods_of(
        r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		response.Write(w, response.OK(h.repo.List()))
		return
	}
	w.WriteHeader(http.StatusMethodNotAllowed)
}"#,
    );
    assert_eq!(found, ["DELETE /api/v1/a Handler.handle"]);
}

#[test]
fn a_wrapper_can_test_the_method() {
    let found = understood(&backend(&[(
        "main.go",
        &program(&format!(
            "{WORKS}\n{}",
            r#"func only(method string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			http.Error(w, "no", 405)
			return
		}
		next(w, r)
	}
}
func main() { http.NewServeMux().HandleFunc("/api/v1/a", only(http.MethodPut, (&Handler{}).list)) }"#
        )),
    )]));
    assert_eq!(found, ["PUT /api/v1/a Handler.list"]);
}

#[test]
fn something_extra_for_one_method_shuts_no_other_out() {
    let found = methods_of(
        r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		_ = h.repo.List()
	}
	response.Write(w, response.OK(h.repo.List()))
}"#,
    );
    assert_eq!(found, ["ANY /api/v1/a Handler.handle"]);
}

#[test]
fn a_table_of_methods_is_a_test_too() {
    let found = methods_of(
        r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	actions := map[string]http.HandlerFunc{"GET": h.list, "POST": h.create}
	action, ok := actions[r.Method]
	if !ok {
		http.Error(w, "no", 405)
		return
	}
	action(w, r)
}"#,
    );
    assert_eq!(found, ["GET+POST /api/v1/a Handler.handle"]);
}
