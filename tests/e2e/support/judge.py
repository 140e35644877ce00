"""The verdict on one result: is it what the protocol, the manifest and the example promise? Every function gives a list of complaints."""

import json

from jsonschema import Draft202012Validator


def form(result, tool, output_schema):
    """What must be true of every result, whatever the panel said."""
    body = result.structured_content
    types = [block.type for block in result.content]
    if types != ["text"] + ["resource_link"] * is_saved(body):
        return [f"content is not one text block{' and a link' * is_saved(body)} but {types}"]
    text, wrong = result.content[0].text, []
    if is_saved(body) and str(result.content[1].uri) != f"flvx://saved/{body['data']['saved']}":
        wrong.append(f"the link {result.content[1].uri} does not lead to the saved file {body['data']['saved']}")
    if json.loads(text) != body:
        wrong.append("the text is not the JSON of structuredContent")
    if "\n" in text or not text.startswith('{"ok":'):
        wrong.append(f"the text is not compact JSON that begins with ok: {text[:40]}")
    if result.is_error is not (not body.get("ok")):
        wrong.append(f"isError is {result.is_error} and ok is {body.get('ok')}")
    wrong += violations(output_schema, body, "the output schema")
    if not body.get("trace_id"):
        wrong.append("there is no trace_id")
    if body.get("ok") == ("error" in body):
        wrong.append("ok and error contradict each other")
    if "error" in body and not (body["error"].get("kind") and body["error"].get("message")):
        wrong.append("the error has no kind or no message")
    if tool.is_change != ("outcome" in body):
        wrong.append("a change must tell its outcome, and only a change may")
    if body.get("ok") and tool.data_schema is not None and "data" in body and not is_found_id(body) and not is_saved(body):
        wrong += violations(tool.data_schema, body["data"], "the answer of the manifest")
    return wrong


def expectation(body, tool, example):
    """What the example promises."""
    expect = example["expect"]
    key = (body.get("error") or {}).get("key")
    wrong = []
    if example is not tool.examples[0] and is_knowing_better(body, expect):
        return []
    if tool.is_own:
        return [] if body["ok"] else [f"failed: {json.dumps(body['error'], ensure_ascii=False)}"]
    if expect.get("error"):
        if body["ok"] or key != expect["error"]:
            wrong.append(f"expected the error {expect['error']}, got {told(body)}")
    elif failures := failed_items(expect.get("data")):
        if body["ok"] or key not in ("batch_partial", "batch_all_failed"):
            wrong.append(f"expected a batch with {failures} failures, got {told(body)}")
    elif not body["ok"]:
        wrong.append(f"expected success, got {told(body)}")
    if body["ok"] and tool.is_change and body["outcome"] != "done":
        wrong.append(f"a change that went through has the outcome {body['outcome']}")
    if tool.is_envelope and body.get("panel_code") != expect["code"]:
        wrong.append(f"expected panel_code {expect['code']}, got {body.get('panel_code')}")
    if is_saved(body):
        asked = [key for key, value in (expect.get("data") or {}).items() if isinstance(value, (dict, list))]
        return wrong + [f"the saved file has no {key}" for key in asked if not body["data"]["sections"].get(key)]
    if "data" in expect and not (is_found_id(body) and not isinstance(expect["data"], dict)):
        wrong += missing(expect["data"], body.get("data"), "data")
    return wrong


def is_knowing_better(body, expect):
    """Examples say what the panel does. Where it would refuse an unknown id, or take it and do nothing, the gateway may say so first:
    by a look before the call (nothing is sent) or a look after it (the panel's code is still told)."""
    error = body.get("error") or {}
    refused_before = error.get("key") == "no_such_target" and body.get("outcome") == "rejected" and "panel_code" not in body
    seen_after = error.get("kind") == "not_verified" and body.get("verified") is False and body.get("panel_code") == expect["code"]
    return refused_before or seen_after


def is_found_id(body):
    """The panel names no id of what it created; the gateway looks it up and gives it as `data`."""
    return body.get("verified") is True and isinstance(body.get("data"), dict) and list(body["data"]) == ["id"]


def is_saved(body):
    """A whole document is kept in a file; `data` then says which, and what is in it."""
    return isinstance((body or {}).get("data"), dict) and {"saved", "sha256", "sections"} <= set(body["data"])


def failed_items(data):
    """How many items of a batch failed: the panel counts them, or lists each with its success."""
    if not isinstance(data, dict):
        return 0
    return data.get("failCount") or sum(item.get("success") is False for item in data.get("results", []))


def told(body):
    """A result in a few words."""
    if body["ok"]:
        return "success"
    error = body["error"]
    return f"{error['kind']}/{error.get('key')} ({error['message']}; panel: {body.get('panel_msg')})"


def missing(part, whole, path):
    """Where `part` is not a part of `whole`: objects may have more keys, lists must agree item by item."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return [line for key, value in part.items() for line in missing(value, whole.get(key), f"{path}.{key}")]
    if isinstance(part, list) and isinstance(whole, list) and len(part) == len(whole):
        return [line for index, value in enumerate(part) for line in missing(value, whole[index], f"{path}[{index}]")]
    return [] if part == whole and isinstance(part, bool) == isinstance(whole, bool) else [f"{path}: expected {brief(part)}, got {brief(whole)}"]


def brief(value):
    """A value short enough for one line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "..."


def violations(schema, value, name):
    """Where a value breaks a schema, at most three lines."""
    errors = sorted(Draft202012Validator(schema).iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    return [f"against {name}: at {error.json_path}: {error.message[:200]}" for error in errors[:3]]


def shape(value):
    """The form of a value without its contents, as one short text that is equal for equal forms."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{shape(inner)}" for key, inner in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + "|".join(sorted({shape(item) for item in value})) + "]"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return "null" if value is None else "string"


def signature(body):
    """What must be the same whichever way a call came."""
    error = body.get("error") or {}
    # Only a client on the gateway's machine is told where a file lies.
    data = {key: value for key, value in body["data"].items() if key != "path"} if is_saved(body) else body.get("data")
    words = ["ok" if body["ok"] else "failed", body.get("outcome", "-"), error.get("kind", "-"), error.get("key") or "-", str(body.get("panel_code", "-")), f"verified={body.get('verified')}".lower()]
    return "\t".join([*words, shape(data) if "data" in body else "-"])
