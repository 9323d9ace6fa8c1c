"""`mcp` 2 knows no payments: `x402` signs, and `meta` of `call_tool` carries the payment."""

import asyncio
import sys

from mcp import Client
from settings import SEAT, SERVER_URL, show, shown, x402
from x402 import x402Client
from x402.schemas import PaymentRequired


async def main():
    async with Client(SERVER_URL, mode=sys.argv[1]) as client:
        free = await client.call_tool("listEvents", {})
        challenge = await client.call_tool("rsvpToEvent", SEAT)
        required = PaymentRequired.model_validate(challenge.structured_content)
        payment = await x402(x402Client()).create_payment_payload(required)
        meta = {"x402/payment": payment.model_dump(mode="json", by_alias=True, exclude_none=True)}
        show(shown(free), shown(await client.call_tool("rsvpToEvent", SEAT, meta=meta)))


asyncio.run(main())
