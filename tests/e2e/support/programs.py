"""Starts and ends the programs under test: the stand-in panel and the gateway over HTTP, each on a free loopback port.

Nothing from the caller's environment that configures the gateway gets through, so that a run means the same everywhere.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "target" / "debug" / "flvx-mcp"
# The operator's word of these runs; a real one is never written down.
OPERATORS_WORD = "the operator of this test run agrees"
START_SECONDS = 20


class Panel:
    """A panel that the gateway is pointed at: its address, an account, and the share token of share 1."""

    def __init__(self, url, username, password, peer_token, *, sandbox=False, reset_command=None):
        self.url, self.username, self.password, self.peer_token = url.rstrip("/"), username, password, peer_token
        self.sandbox = sandbox
        self.reset_command = reset_command

    @property
    def can_reset(self):
        """Whether every call can start from the same world."""
        return self.sandbox or self.reset_command is not None

    def reset(self):
        """Puts the small world back."""
        if self.sandbox:
            self.post("/__sandbox/reset", {})
        elif self.reset_command:
            subprocess.run(self.reset_command, shell=True, check=True, stdin=subprocess.DEVNULL)

    def calls(self, path):
        """How often the stand-in was called on a path since the reset."""
        with urllib.request.urlopen(f"{self.url}/__sandbox/calls", timeout=30) as answer:
            return json.load(answer).get(path, 0)

    def post(self, path, body, token=None):
        """One plain request to the panel."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def environment(self, **more):
        """The environment of a gateway for this panel."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "PANEL_"))}
        return clean | {
            "PANEL_BASE_URL": self.url,
            "PANEL_USERNAME": self.username,
            "PANEL_PASSWORD": self.password,
            "PANEL_PEER_TOKEN": self.peer_token,
            "MCP_CONFIRM_TOKEN": OPERATORS_WORD,
            # Not the one of whoever runs this.
            "MCP_STATE_DIR": str(ROOT / "target" / "e2e" / "state"),
            **more,
        }


def log_directory():
    """Where the programs' standard error goes."""
    path = ROOT / "target" / "e2e" / "logs"
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def _running(name, arguments, environment, pattern):
    """Runs the program until the block ends; gives what `pattern` finds in its output."""
    log = log_directory() / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen([PROGRAM, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        end = time.monotonic() + START_SECONDS
        while not (found := re.search(pattern, log.read_text(errors="replace"))):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{name} did not start (exit code {process.poll()}):\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield found.group(1)
        if process.poll() is not None:
            raise SystemExit(f"{name} ended in the middle of the run (exit code {process.poll()}), see {log}")
    finally:
        process.terminate()
        try:
            code = process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise SystemExit(f"{name} did not end 10 s after SIGTERM") from None
    if code != 0:
        raise SystemExit(f"{name} ended with exit code {code} after SIGTERM, see {log}")


@contextlib.contextmanager
def sandbox():
    """The stand-in panel with its administrator and the token of share 1, read as an administrator reads it."""
    with _running("sandbox", ["sandbox", "--addr", "127.0.0.1:0"], os.environ | {}, r"sandbox panel: (http://[0-9.]+:\d+)") as url:
        panel = Panel(url, "admin_user", "admin_user", "", sandbox=True)
        panel.reset()
        login = panel.post("/api/v1/user/login", {"username": panel.username, "password": panel.password})
        shares = panel.post("/api/v1/federation/share/list", {}, login["data"]["token"])["data"]
        panel.peer_token = next(share["token"] for share in shares if share["id"] == 1)
        yield panel


@contextlib.contextmanager
def http_gateway(panel, name="gateway"):
    """The gateway over HTTP; gives the URL of its MCP endpoint."""
    arguments = ["serve", "--transport", "http", "--http-addr", "127.0.0.1:0"]
    with _running(name, arguments, panel.environment(MCP_LOG_FORMAT="json"), r'"(http://127\.0\.0\.1:\d+/mcp)"') as url:
        yield url
