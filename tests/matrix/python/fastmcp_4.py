"""`fastmcp` knows no payments: `x402` signs, and `meta` of `call_tool` carries the payment."""

import asyncio

from fastmcp import Client
from settings import SEAT, SERVER_URL, show, x402
from x402 import x402Client
from x402.schemas import PaymentRequired


async def main():
    async with Client(SERVER_URL) as client:
        free = await client.call_tool("listEvents", {})
        challenge = await client.call_tool("rsvpToEvent", SEAT, raise_on_error=False)
        required = PaymentRequired.model_validate(challenge.structured_content)
        payment = await x402(x402Client()).create_payment_payload(required)
        meta = {"x402/payment": payment.model_dump(mode="json", by_alias=True, exclude_none=True)}
        paid = await client.call_tool("rsvpToEvent", SEAT, meta=meta)
        show(free.structured_content, paid.structured_content)


asyncio.run(main())
