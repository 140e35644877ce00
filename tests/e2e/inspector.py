#!/usr/bin/env python3
"""MCP Inspector's command line against the gateway: both eras of the protocol over stdio and HTTP, exit codes included.

Its own checks of schemas (`--strict`) must find no error; a failed call and an unknown tool must be told apart from success.
"""

import json
import shutil
import subprocess
import sys

from support import manifest, programs

ERAS = ["legacy", "modern"]
# Inspector's exit codes.
DONE, UNREACHABLE, TOOL_ERROR = 0, 4, 5
SECONDS = 120


class Inspector:
    """The command line tool, its target fixed."""

    def __init__(self, program, era, environment, target):
        self.command = [program, "--cli", "--format", "json", "--protocol-era", era, *target]
        self.stdio_server = ["--", str(programs.PROGRAM)] if not target else []
        if self.stdio_server:
            wanted = {name: value for name, value in environment.items() if name.startswith(("MCP_", "PANEL_"))}
            self.command += [part for name, value in wanted.items() for part in ("-e", f"{name}={value}")]
        home = programs.ROOT / "target" / "e2e" / "home"
        home.mkdir(parents=True, exist_ok=True)
        self.environment = environment | {"MCP_INSPECTOR_SECRET_STORE": "memory", "HOME": str(home)}

    def run(self, method, *more):
        """Exit code and result; the result is None when nothing was printed."""
        done = subprocess.run(
            [*self.command, "--method", method, *more, *self.stdio_server],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False,
        )
        result = json.loads(done.stdout)["result"] if done.stdout.strip() else None
        return done.returncode, result, done.stderr[-2000:]


def checks(names, key):
    """Every check: what is asked, the exit code it must have, and what its result must say."""
    def call(tool, arguments):
        return ["tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments)]

    delete = {"request": {"id": 4}, "idempotency_key": key}
    yield "tools/list", DONE, ["tools/list", "--strict"], lambda result: sorted(tool["name"] for tool in result["tools"]) == sorted(names)
    yield "a read", DONE, call("node_list", {"view": {"fields": ["id", "name"], "limit": 1}}), \
        lambda result: result["structuredContent"]["data"] == [{"id": 1, "name": "香港-入口-01"}]
    yield "a gated call without the operator's word", TOOL_ERROR, call("node_delete", delete), \
        lambda result: result["isError"] and result["structuredContent"]["error"]["kind"] == "confirmation_required"
    yield "a gated call with it", DONE, call("node_delete", delete | {"confirm_token": programs.OPERATORS_WORD}), \
        lambda result: result["structuredContent"]["outcome"] == "done"
    yield "an unknown tool", TOOL_ERROR, call("node_lst", {}), lambda result: result is None
    yield "resources/read", DONE, ["resources/read", "--uri", "flvx://tools/node.list"], \
        lambda result: json.loads(result["contents"][0]["text"])["tool"] == "node.list"
    yield "prompts/get", DONE, ["prompts/get", "--prompt-name", "diagnose_forward", "--prompt-args", "forward=web-01"], \
        lambda result: "web-01" in result["messages"][0]["content"]["text"]


def main():
    """Runs all checks and gives the exit code."""
    program = shutil.which("mcp-inspector")
    if program is None:
        raise SystemExit("mcp-inspector is not on PATH; .ci/run installs it (tests/e2e/package.json)")
    names = [tool.wire_name for tool in manifest.all_tools()]
    done, failed = 0, 0
    with programs.sandbox() as panel, programs.http_gateway(panel, "inspector-gateway") as url:
        ways = {"stdio": [], "http": ["--server-url", url, "--transport", "http"]}
        for era in ERAS:
            for transport, target in ways.items():
                inspector = Inspector(program, era, panel.environment(), target)
                panel.reset()
                # The key differs from way to way, because over HTTP all share one gateway.
                for what, expected, arguments, good in checks(names, f"inspector-{era}-{transport}"):
                    code, result, words = inspector.run(*arguments)
                    done += 1
                    if code != expected or not good(result):
                        failed += 1
                        print(f"FAILED {era} over {transport}, {what}: exit code {code}, expected {expected}\n{json.dumps(result)[:600]}\n{words}")
                print(f"inspector, {era} over {transport}: done", flush=True)
        nobody = Inspector(program, "legacy", panel.environment(), ["--server-url", "http://127.0.0.1:9/mcp", "--transport", "http"])
        done += 1
        code, _, words = nobody.run("tools/list")
        if code != UNREACHABLE:
            failed += 1
            print(f"FAILED nobody listens: exit code {code}, expected {UNREACHABLE}\n{words}")
    print(f"inspector: {done} runs, {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
