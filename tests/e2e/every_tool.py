#!/usr/bin/env python3
"""Calls every tool the way a client that is not ours does: the Python SDK in three modes over stdio and HTTP.

Each tool is called with the manifest's own first example, each call on a fresh world of the stand-in panel, and the answer
is held against what the example, the output schema and the manifest's description of the answer promise. With --panel the same
calls go to a real panel; unless --reset-command can put its world back, answers are then reported and not held against examples.
"""

import argparse
import asyncio
import collections
import pathlib
import sys
import uuid

from jsonschema import Draft202012Validator
from mcp import MCPError

from support import judge, manifest, programs, ways

INVALID_PARAMS = -32602


class Run:
    """One run: what was called, what was wrong, and what each call came to."""

    def __init__(self, panel, tools, every_example):
        self.panel, self.tools, self.every_example = panel, tools, every_example
        self.calls = 0
        self.failures = []
        # (tool, example) -> signature -> the ways that gave it
        self.signatures = collections.defaultdict(lambda: collections.defaultdict(list))

    def fail(self, way, what, lines):
        """Notes complaints."""
        for line in lines:
            self.failures.append(f"{way.name}: {what}: {line}")
            print(f"  FAILED {self.failures[-1]}", flush=True)

    async def go(self, way, url):
        """Everything, one way."""
        calls, failures = self.calls, len(self.failures)
        async with way.client(self.panel, url) as client:
            if client.protocol_version != ways.REVISIONS[way.mode]:
                self.fail(way, "negotiation", [f"settled on {client.protocol_version}, expected {ways.REVISIONS[way.mode]}"])
            listed = await self.listing(way, client)
            await self.documents(way, client)
            await self.refusals(way, client)
            for tool in self.tools:
                if tool.wire_name in listed:
                    await self.examples(way, client, tool, listed[tool.wire_name])
        print(f"{way.name}: {len(listed)} tools listed, {self.calls - calls} calls, {len(self.failures) - failures} failures", flush=True)

    async def call(self, client, tool, arguments):
        """One call."""
        self.calls += 1
        return await client.call_tool(tool.wire_name, arguments)

    async def listing(self, way, client):
        """The list of tools: all of them, with schemas that are schemas."""
        listed, cursor = {}, None
        while True:
            page = await client.list_tools(cursor=cursor)
            listed |= {tool.name: tool for tool in page.tools}
            if not (cursor := page.next_cursor):
                break
        expected = {tool.wire_name for tool in self.tools}
        self.fail(way, "tools/list", [f"{name} is missing" for name in sorted(expected - set(listed))])
        self.fail(way, "tools/list", [f"{name} is listed but `flvx-mcp tools` does not know it" for name in sorted(set(listed) - expected)])
        for tool in listed.values():
            for schema in (tool.input_schema, tool.output_schema):
                Draft202012Validator.check_schema(schema)
            if not (tool.description and tool.title):
                self.fail(way, tool.name, ["it has no title or no description"])
        return listed

    async def documents(self, way, client):
        """Resources, templates and prompts can be listed and read."""
        resources = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        uris = [resource.uri for resource in resources]
        of_tools = [template.uri_template for template in templates if "{name}" in template.uri_template]
        uris += [template.replace("{name}", tool.name) for template in of_tools for tool in self.tools]
        for uri in uris:
            contents = (await client.read_resource(str(uri))).contents
            if len(contents) != 1 or len(contents[0].text) < 50:
                self.fail(way, str(uri), ["it does not hold one text"])
        prompts = (await client.list_prompts()).prompts
        for prompt in prompts:
            value = f"value-{uuid.uuid4()}"
            messages = (await client.get_prompt(prompt.name, {argument.name: value for argument in prompt.arguments or []})).messages
            text = "".join(message.content.text for message in messages)
            if not text or (prompt.arguments and value not in text):
                self.fail(way, prompt.name, ["the prompt is empty or lacks its argument"])
        if not resources or not templates or not prompts:
            self.fail(way, "lists", ["there are no resources, no templates or no prompts"])

    async def refusals(self, way, client):
        """What does not exist is an error of the protocol."""
        asked = {
            "an unknown tool": lambda: client.call_tool("node_lst", {}),
            "an unknown resource": lambda: client.read_resource("flvx://tools/node.lst"),
            "an unknown prompt": lambda: client.get_prompt("no_such_prompt"),
            "an unknown cursor": lambda: client.list_tools(cursor="no-such-cursor"),
        }
        for what, ask in asked.items():
            self.calls += 1
            try:
                self.fail(way, what, [f"was answered: {str(await ask())[:200]}"])
            except MCPError as error:
                if error.code != INVALID_PARAMS:
                    self.fail(way, what, [f"got {error.code} ({error.message}), expected {INVALID_PARAMS}"])

    async def examples(self, way, client, tool, listed):
        """The first example of a tool, or all of them."""
        for example in tool.examples if self.every_example else tool.examples[:1]:
            what = f"{tool.name} ({example['name']})"
            arguments = tool.arguments(example)
            try:
                if self.panel.can_reset:
                    self.panel.reset()
                if tool.name == "ops.undo":
                    example["request"]["trace_id"] = await self.changed(client)
                    arguments = tool.arguments(example)
                if self.panel.sandbox and tool.is_change and example is tool.examples[0]:
                    await self.needs_its_keys(way, client, tool, example)
                result = await self.call(client, tool, arguments)
                body = result.structured_content
                self.fail(way, what, judge.violations(listed.input_schema, arguments, "the input schema"))
                self.fail(way, what, judge.form(result, tool, listed.output_schema))
                if self.panel.can_reset:
                    self.fail(way, what, judge.expectation(body, tool, example))
                if self.panel.sandbox and tool.is_change and example is tool.examples[0]:
                    await self.runs_once(way, client, tool, arguments, body)
                self.signatures[tool.name, example["name"]][judge.signature(body)].append(way.name)
            except (MCPError, AssertionError, KeyError, TypeError, AttributeError) as error:
                self.fail(way, what, [f"{type(error).__name__}: {error}"])

    async def changed(self, client):
        """Makes a change that can be taken back; gives its name."""
        self.calls += 1
        request = {"id": 1, "name": f"e2e {uuid.uuid4()}"}
        body = (await client.call_tool("speed_limit_update", {"request": request, "idempotency_key": str(uuid.uuid4())})).structured_content
        if body.get("outcome") != "done":
            raise AssertionError(f"the change to be taken back was not made: {judge.brief(body)}")
        return body["trace_id"]

    async def needs_its_keys(self, way, client, tool, example):
        """A change without an idempotency key, or a gated one without the operator's word, is refused and never sent."""
        complete = tool.arguments(example)
        lacking = {"idempotency_key": "idempotency_key_required"} | ({"confirm_token": "confirmation_required"} if tool.is_gated else {})
        for name, kind in lacking.items():
            body = (await self.call(client, tool, {key: value for key, value in complete.items() if key != name})).structured_content
            if (body.get("error") or {}).get("kind") != kind or body.get("outcome") != "rejected":
                self.fail(way, tool.name, [f"without {name}: expected {kind}, got {judge.brief(body)}"])
        if sent := self.panel.calls(tool.path):
            self.fail(way, tool.name, [f"calls that lack a key reached the panel {sent} times"])

    async def runs_once(self, way, client, tool, arguments, first):
        """The same call with the same key is answered from memory, unless the first had no effect: then its key is free again."""
        if first["outcome"] in ("rejected", "not_sent"):
            return
        before = self.panel.calls(tool.path)
        again = (await self.call(client, tool, arguments)).structured_content
        outcome = first["outcome"] if first["outcome"] == "unknown" else "replayed"
        if again["outcome"] != outcome or again["ok"] != first["ok"] or again.get("data") != first.get("data"):
            self.fail(way, tool.name, [f"repeated: expected the first result as {outcome}, got {judge.brief(again)}"])
        if self.panel.calls(tool.path) != before:
            self.fail(way, tool.name, ["repeated: it was sent again"])

    def same_every_way(self):
        """Whatever way a call came, it must have come to the same."""
        for (tool, example), found in self.signatures.items():
            if len(found) > 1:
                self.failures.append(f"{tool} ({example}): differs by the way it was called")
                print(f"  FAILED {self.failures[-1]}")
                for signature, names in found.items():
                    print(f"    {', '.join(names)}: {judge.brief(signature)}")

    def report(self, path):
        """One line a call: tool, example, ok, outcome, kind, key, panel code, verified, form of data."""
        lines = [f"{tool}\t{example}\t{next(iter(found))}\n" for (tool, example), found in self.signatures.items()]
        path.write_text("".join(sorted(lines)), encoding="utf-8")
        print(f"{len(lines)} lines in {path}")


def options():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panel", metavar="URL", help="a real panel instead of the stand-in")
    parser.add_argument("--username", default="admin_user", help="account on that panel (default: %(default)s)")
    parser.add_argument("--password", default="admin_user", help="its password (default: %(default)s)")
    parser.add_argument("--peer-token", default="", metavar="TOKEN", help="share token of that panel, for the routes between panels")
    parser.add_argument("--reset-command", metavar="COMMAND", help="shell command that puts that panel's world back before each call")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE", help="write what each call came to, one line a call")
    parser.add_argument("--every-example", action="store_true", help="call every example, not only each tool's first")
    parser.add_argument("--way", action="append", metavar="MODE/TRANSPORT", help="only this way, e.g. auto/stdio; may be repeated")
    parser.add_argument("--tool", action="append", metavar="NAME", help="call only this tool; may be repeated")
    return parser.parse_args()


async def main():
    """Runs it all and gives the exit code."""
    asked = options()
    tools = manifest.all_tools()
    chosen = ways.ways(asked.way)
    print(f"{len(tools)} tools; {len(chosen)} ways; logs in {programs.log_directory().relative_to(programs.ROOT)}", flush=True)
    if asked.panel:
        panel = programs.Panel(asked.panel, asked.username, asked.password, asked.peer_token, reset_command=asked.reset_command)
        # Without a fresh world for each call, what destroys comes last.
        tools.sort(key=lambda tool: manifest.DANGERS.index(tool.danger))
        return await run(panel, tools, chosen, asked)
    with programs.sandbox() as panel:
        return await run(panel, tools, chosen, asked)


async def run(panel, tools, chosen, asked):
    """All chosen ways against one panel."""
    this = Run(panel, tools, asked.every_example)
    if asked.tool:
        for tool in this.tools:
            tool.examples = tool.examples if tool.name in asked.tool else []
    with programs.http_gateway(panel) as url:
        for way in chosen:
            await this.go(way, url)
    if panel.can_reset:
        this.same_every_way()
    if asked.report:
        this.report(asked.report)
    print(f"{len(tools)} tools x {len(chosen)} ways, {this.calls} calls, {len(this.failures)} failures")
    return 1 if this.failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
