//! What a handler takes.

use crate::support::{WORKS, backend, keys, only, program, query};
use flvx_coverage::facts::{Body, Route};

fn route_of(handler: &str) -> Route {
    let main = "func main() { http.NewServeMux().HandleFunc(\"/api/v1/a\", (&Handler{}).handle) }";
    only(&backend(&[("main.go", &program(&format!("{WORKS}\n{HELPERS}\n{handler}\n{main}")))]))
}

/// Conversions as a panel of this kind has them.
const HELPERS: &str = r#"
func asString(v interface{}) string {
	switch t := v.(type) {
	case string:
		return strings.TrimSpace(t)
	default:
		return ""
	}
}
func asInt(v interface{}, def int) int {
	s := asString(v)
	if s == "" {
		return def
	}
	return len(s)
}
func asSlice(v interface{}) []interface{} {
	if list, ok := v.([]interface{}); ok {
		return list
	}
	return nil
}
func asMaps(v interface{}) []map[string]interface{} {
	out := make([]map[string]interface{}, 0)
	for _, item := range asSlice(v) {
		if m, ok := item.(map[string]interface{}); ok {
			out = append(out, m)
		}
	}
	return out
}
"#;

#[test]
fn a_struct_gives_its_json_names_through_embedding_and_other_packages() {
    let folder = backend(&[
        (
            "main.go",
            &program(&format!(
                "{WORKS}\n{}",
                r#"
type base struct {
	ID int64 `json:"id"`
	hidden string
	Skipped string `json:"-"`
}
type request struct {
	base
	model.Extra
	Name  string            `json:"name,omitempty"`
	Plain bool
	Tags  []string          `json:"tags"`
	Nodes []*struct {
		Inx int `json:"inx"`
	} `json:"nodes"`
	Free map[string]string `json:"free"`
	Any  interface{}       `json:"any"`
	Ratio float64          `json:"ratio"`
}
func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	var req request
	if err := decode(r, &req); err != nil || req.ID <= 0 {
		response.Write(w, response.Fail("bad"))
		return
	}
	response.Write(w, response.OK(h.repo.List()))
}
func decode(r *http.Request, into interface{}) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
func main() { http.NewServeMux().HandleFunc("/api/v1/a", (&Handler{}).handle) }"#
            ))
            .replace("\"panel/internal/response\"", "\"panel/internal/model\"\n\t\"panel/internal/response\""),
        ),
        (
            "internal/model/m.go",
            "package model\n\ntype Extra = other\ntype other struct {\n\tPort int `json:\"port\"`\n}\n",
        ),
    ]);
    let route = only(&folder);
    assert_eq!(
        keys(&route),
        "{Plain: boolean, any: any, free: map[string], id: integer!, name: string, nodes: array[{inx: integer}], port: integer, ratio: number, tags: array[string]}"
    );
    assert_eq!(route.body, Body::Typed);
}

#[test]
fn keys_of_a_map_are_read_with_type_default_and_need() {
    let route = route_of(
        r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	var req map[string]interface{}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		response.Write(w, response.Fail("bad"))
		return
	}
	name := asString(req["name"])
	if name == "" {
		response.Write(w, response.Fail("no name"))
		return
	}
	_ = asInt(req["status"], 1)
	if raw, ok := req["raw"]; ok {
		_ = raw
	}
	req["written"] = 1
	response.Write(w, response.OK(h.repo.List()))
}"#,
    );
    assert_eq!(keys(&route), "{name: string!, raw: any, status: integer=1}");
    assert_eq!(route.body, Body::Loose);
}

#[test]
fn a_map_is_followed_into_helpers_lists_and_items() {
    let route = route_of(
        r#"func idOf(r *http.Request, w http.ResponseWriter, key string) int {
	var req map[string]interface{}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		return 0
	}
	h := &Handler{}
	h.prepare(req)
	for _, hop := range asSlice(req["hops"]) {
		for _, node := range asMaps(hop) {
			_ = asInt(node["nodeId"], 0)
		}
	}
	return asInt(req[key], 0)
}
func (h *Handler) prepare(req map[string]interface{}) {
	for _, item := range asMaps(req["nodes"]) {
		_ = asInt(item["id"], 0)
		_ = asString(item["name"])
	}
}
func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	id := idOf(r, w, "id")
	if id <= 0 {
		return
	}
	response.Write(w, response.OK(h.repo.List()))
}"#,
    );
    assert_eq!(
        keys(&route),
        "{hops: array[array[{nodeId: integer=0}]], id: integer!=0, nodes: array[{id: integer=0, name: string}]}"
    );
}

#[test]
fn a_map_that_is_walked_has_free_keys() {
    let route = route_of(
        r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	var req map[string]string
	_ = json.NewDecoder(r.Body).Decode(&req)
	for key, value := range req {
		h.repo.Set(key, value)
	}
	response.Write(w, response.OK(nil))
}
func (r *Repo) Set(key, value string)"#,
    );
    assert_eq!(keys(&route), "map[string]");
}

#[test]
fn query_headers_and_parts_of_the_path_are_read_and_credentials_left_out() {
    let route = only(&backend(&[(
        "main.go",
        &program(&format!(
            "{WORKS}\n{}",
            r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	_ = query.Get("start")
	_ = r.FormValue("limit")
	_ = r.Header.Get("X-Flvx-Client")
	_ = r.Header.Get("Authorization")
	_ = r.Header.Get("X-Forwarded-For")
	_ = r.PathValue("id")
	response.Write(w, response.OK(h.repo.List()))
}
func main() { http.NewServeMux().HandleFunc("GET /api/v1/a/{id}", (&Handler{}).handle) }"#
        )),
    )]));
    assert_eq!(query(&route), "limit: unknown, start: unknown");
    assert_eq!(route.headers.keys().collect::<Vec<_>>(), ["X-Flvx-Client"]);
    assert_eq!(route.parameters.keys().collect::<Vec<_>>(), ["id"]);
    assert_eq!(keys(&route), "none");
}

#[test]
fn a_part_decoded_again_is_still_that_part() {
    let route = route_of(
        r#"func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Rule json.RawMessage `json:"rule"`
		Text string          `json:"text"`
	}
	_ = json.NewDecoder(r.Body).Decode(&req)
	var rule struct { Port int `json:"port"` }
	_ = json.Unmarshal(req.Rule, &rule)
	var inner struct { Other int `json:"other"` }
	_ = json.Unmarshal([]byte(req.Text), &inner)
	response.Write(w, response.OK(h.repo.List()))
}"#,
    );
    assert_eq!(keys(&route), "{rule: {port: integer}, text: string}");
}

#[test]
fn a_type_that_holds_itself_ends() {
    let route = route_of(
        r#"type tree struct {
	Name  string `json:"name"`
	Inner *tree  `json:"inner"`
}
func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {
	var req tree
	_ = json.NewDecoder(r.Body).Decode(&req)
	response.Write(w, response.OK(h.repo.List()))
}"#,
    );
    assert!(keys(&route).starts_with("{inner: {inner: "), "{}", keys(&route));
}

#[test]
fn a_body_that_goes_out_of_sight_is_told() {
    let folder = backend(&[(
        "main.go",
        &program(&format!(
            "{WORKS}\n{}",
            r#"type service interface{ Create(req map[string]interface{}) error }
type a struct{}
func (x a) Create(req map[string]interface{}) error { _ = req["a"]; return nil }
type b struct{}
func (x b) Create(req map[string]interface{}) error { _ = req["b"]; return nil }
func handler(s service) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req map[string]interface{}
		_ = json.NewDecoder(r.Body).Decode(&req)
		_ = s.Create(req)
		response.Write(w, response.OK(nil))
	}
}
func main() { http.NewServeMux().HandleFunc("/api/v1/a", handler(pick())) }
func pick() service { return fromOutside }"#
        )),
    )]);
    let source = folder.read();
    assert_eq!(source.unresolved.len(), 1, "{:?}", source.unresolved);
    assert_eq!(source.unresolved[0].text, "/api/v1/a: the decoded body goes to `Create`, which cannot be followed");
}
