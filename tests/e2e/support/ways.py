"""The six ways in: the Python SDK's three modes of negotiation, each over stdio and over HTTP."""

import contextlib

import mcp
from mcp.client.stdio import StdioServerParameters, stdio_client

from .programs import PROGRAM, log_directory

MODES = ["legacy", "auto", "2026-07-28"]
TRANSPORTS = ["stdio", "http"]
# What each mode must have settled on once it is connected.
REVISIONS = {"legacy": "2025-11-25", "auto": "2026-07-28", "2026-07-28": "2026-07-28"}
READ_SECONDS = 60


class Way:
    """One mode over one transport."""

    def __init__(self, mode, transport):
        self.mode, self.transport = mode, transport
        self.name = f"{mode} over {transport}"

    @contextlib.asynccontextmanager
    async def client(self, panel, url):
        """A connected client. Over stdio it starts a gateway of its own, over HTTP it uses the one at `url`."""
        with (log_directory() / f"stdio-{self.mode}.log").open("w") as log:
            server = url
            if self.transport == "stdio":
                parameters = StdioServerParameters(command=str(PROGRAM), args=[], env=panel.environment())
                server = stdio_client(parameters, errlog=log)
            async with mcp.Client(server, mode=self.mode, read_timeout_seconds=READ_SECONDS) as client:
                yield client


def ways(names):
    """The ways called `mode/transport`, or all of them."""
    everything = {f"{mode}/{transport}": Way(mode, transport) for mode in MODES for transport in TRANSPORTS}
    if not names:
        return list(everything.values())
    unknown = [name for name in names if name not in everything]
    if unknown:
        raise SystemExit(f"no such way: {', '.join(unknown)}; there are {', '.join(everything)}")
    return [everything[name] for name in names]
