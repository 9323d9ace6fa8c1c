"""`x402` with httpx, over plain HTTP."""

import asyncio

from settings import SEAT, TOOLS_URL, show, x402
from x402 import x402Client
from x402.http.clients import x402HttpxClient


async def main():
    async with x402HttpxClient(x402(x402Client()), timeout=60) as client:
        free = await client.post(f"{TOOLS_URL}/listEvents", json={})
        paid = await client.post(f"{TOOLS_URL}/rsvpToEvent", json=SEAT)
    show(free.json(), paid.json())


asyncio.run(main())
