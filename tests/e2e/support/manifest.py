"""The tools as the program itself documents them: names, danger, examples, and the form of each answer as a JSON Schema."""

import json
import os
import subprocess
import uuid

from .programs import OPERATORS_WORD, PROGRAM

# What the gateway's own tools are asked; they have no example in the manifest.
OWN_REQUESTS = {
    "auth.logout": {"credential": "default"},
    "ops.routes": {"tool": "node.list"},
    "ops.preview": {"tool": "speed_limit.update", "request": {"id": 1, "speed": 90}},
    # `every_tool.py` makes a change first and puts its name here.
    "ops.undo": {"trace_id": None},
}
DANGERS = ["read", "sensitive", "write", "dangerous", "critical"]
JSON_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "array": "array", "object": "object", "map": "object"}


def program_json(*arguments):
    """What the program prints as JSON, as one that has a token for every kind of route."""
    environment = os.environ | {"PANEL_PEER_TOKEN": "any"}
    return json.loads(subprocess.run([PROGRAM, *arguments, "--format", "json"], check=True, capture_output=True, stdin=subprocess.DEVNULL, env=environment).stdout)


class Tool:
    """One tool with its examples."""

    def __init__(self, row):
        entry = program_json("tools", row["tool"])
        self.name = row["tool"]
        self.wire_name = self.name.replace(".", "_")
        self.danger = row["danger"]
        self.path = entry.get("path")
        self.is_change = DANGERS.index(self.danger) >= DANGERS.index("write")
        self.is_gated = DANGERS.index(self.danger) >= DANGERS.index("dangerous")
        self.is_envelope = entry.get("answer") == "envelope" and not entry.get("own")
        self.is_own = self.path is None
        # A write can become dangerous by its arguments; then it takes the operator's word too.
        self.takes_word = self.is_gated or bool(entry.get("escalate"))
        if self.is_own:
            self.examples = [{"name": "the gateway's own tool", "request": OWN_REQUESTS.get(self.name, {}), "expect": {}}]
        else:
            self.examples = entry["examples"]
        data = (entry.get("response") or {}).get("data")
        self.data_schema = answer_schema(data) if data else None

    def arguments(self, example):
        """The arguments of a call; a change gets an idempotency key, a change that may be gated the operator's word."""
        arguments = {}
        if example.get("request"):
            arguments["request"] = example["request"]
        if self.is_change:
            arguments["idempotency_key"] = str(uuid.uuid4())
        if self.takes_word:
            arguments["confirm_token"] = OPERATORS_WORD
        return arguments


def all_tools():
    """Every tool, in the order of the program's list."""
    return [Tool(row) for row in program_json("tools")]


def answer_schema(field):
    """A field of an answer as JSON Schema. Nothing is required, because a list shows only some fields unless asked for all."""
    kind = field["type"]
    if kind == "any":
        return {}
    schema = {"type": JSON_TYPES[kind]}
    if kind == "array" and field.get("items"):
        schema["items"] = answer_schema(field["items"])
    if kind == "map" and field.get("items"):
        schema["additionalProperties"] = answer_schema(field["items"])
    if kind == "object" and field.get("fields"):
        schema["properties"] = {name: answer_schema(inner) for name, inner in field["fields"].items()}
        schema["additionalProperties"] = False
    others = []
    if field.get("nullable"):
        others.append({"type": "null"})
    if field.get("secret"):
        others.append({"const": "[redacted]"})
    return {"anyOf": [schema, *others]} if others else schema
