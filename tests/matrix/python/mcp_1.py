"""`mcp` 1 knows no payments; the session of `x402.mcp` wraps its session and pays."""

import asyncio

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from settings import SEAT, SERVER_URL, show, shown, x402
from x402 import x402Client
from x402.mcp import x402MCPSession


async def main():
    async with streamablehttp_client(SERVER_URL) as (read, write, _), ClientSession(read, write) as session:
        paying = x402MCPSession(session, x402(x402Client()))
        await paying.initialize()
        free = await session.call_tool("listEvents", {})
        paid = await paying.call_tool("rsvpToEvent", SEAT)
        show(shown(free), shown(paid.raw_result))


asyncio.run(main())
