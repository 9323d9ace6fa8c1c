"""`pympp` over plain HTTP."""

import asyncio

from mpp.client import Mpp
from settings import SEAT, TOOLS_URL, mpp, show


async def main():
    async with Mpp(methods=[mpp()]) as client:
        free = await client.fetch(f"{TOOLS_URL}/listEvents", method="POST", json={})
        paid = await client.fetch(f"{TOOLS_URL}/rsvpToEvent", method="POST", json=SEAT)
    show(free.json(), paid.json())


asyncio.run(main())
