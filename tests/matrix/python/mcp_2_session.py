"""The session of `x402.mcp` around that of `mcp` 2."""

import asyncio

from mcp import Client
from settings import SEAT, SERVER_URL, show, shown, x402
from x402 import x402Client
from x402.mcp import x402MCPSession


async def main():
    async with Client(SERVER_URL, mode="legacy") as client:
        paying = x402MCPSession(client.session, x402(x402Client()))
        free = await client.call_tool("listEvents", {})
        paid = await paying.call_tool("rsvpToEvent", SEAT)
        show(shown(free), shown(paid.raw_result))


asyncio.run(main())
