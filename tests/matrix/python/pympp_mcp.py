"""`pympp` around a session of `mcp` 1. It pays for the error -32042, which the server sends to who names `evm/charge`."""

import asyncio

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mpp.extensions.mcp import McpClient
from settings import SEAT, SERVER_URL, mpp, show, shown


async def main():
    accepts = {"Accept-Payment": "evm/charge"}
    async with streamablehttp_client(SERVER_URL, headers=accepts) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        paying = McpClient(session, methods=[mpp()])
        free = await paying.call_tool("listEvents", {})
        paid = await paying.call_tool("rsvpToEvent", SEAT)
        show(shown(free.result), shown(paid.result))


asyncio.run(main())
