//! Answers that bypass the envelope.

use crate::support::{WORKS, backend, only, program};

fn answer_of(body: &str) -> &'static str {
    let handler = format!("func (h *Handler) handle(w http.ResponseWriter, r *http.Request) {{\n{body}\n}}");
    let main = "func main() { http.NewServeMux().HandleFunc(\"/api/v1/a\", (&Handler{}).handle) }";
    only(&backend(&[("main.go", &program(&format!("{WORKS}\n{handler}\n{main}")))])).answer.word()
}

#[test]
fn the_envelope_is_known_by_its_keys() {
    assert_eq!(answer_of("response.Write(w, response.OK(h.repo.List()))"), "envelope");
    assert_eq!(
        answer_of(
            "json.NewEncoder(w).Encode(map[string]interface{}{\"code\": 0, \"msg\": \"\", \"data\": h.repo.List()})"
        ),
        "envelope"
    );
    assert_eq!(answer_of("b, _ := json.Marshal(response.OK(h.repo.List()))\nw.Write(b)"), "envelope");
}

#[test]
fn anything_else_in_json_is_bare() {
    assert_eq!(answer_of("json.NewEncoder(w).Encode(h.repo.List())"), "bare");
    assert_eq!(answer_of("w.Header().Set(\"Content-Type\", \"application/json\")\nw.Write([]byte(`{}`))"), "bare");
}

#[test]
fn an_error_in_the_envelope_does_not_hide_the_form_of_success() {
    let body = "if h.repo.List() == nil {\n\tresponse.Write(w, response.Fail(\"no\"))\n\treturn\n}\njson.NewEncoder(w).Encode(h.repo.List())";
    assert_eq!(answer_of(body), "bare");
}

#[test]
fn text_streams_and_files_are_told_apart_by_their_content_type() {
    assert_eq!(answer_of("w.Header().Set(\"Content-Type\", \"text/plain\")\nw.Write([]byte(\"ok\"))"), "text");
    assert_eq!(
        answer_of(
            "w.Header().Set(\"Content-Type\", \"application/x-ndjson\")\njson.NewEncoder(w).Encode(h.repo.List())"
        ),
        "ndjson"
    );
    assert_eq!(
        answer_of("w.Header().Set(\"Content-Type\", \"application/octet-stream\")\nw.Write([]byte(\"x\"))"),
        "file"
    );
    assert_eq!(answer_of("http.ServeFile(w, r, \"x\")"), "file");
}
