"""`openai-agents` knows no payments: `x402` signs, and `meta` of its server's `call_tool` carries the payment."""

import asyncio

from agents.mcp import MCPServerStreamableHttp
from settings import SEAT, SERVER_URL, show, shown, x402
from x402 import x402Client
from x402.schemas import PaymentRequired


async def main():
    async with MCPServerStreamableHttp({"url": SERVER_URL}) as server:
        free = await server.call_tool("listEvents", {})
        challenge = await server.call_tool("rsvpToEvent", SEAT)
        required = PaymentRequired.model_validate(challenge.structuredContent)
        payment = await x402(x402Client()).create_payment_payload(required)
        meta = {"x402/payment": payment.model_dump(mode="json", by_alias=True, exclude_none=True)}
        show(shown(free), shown(await server.call_tool("rsvpToEvent", SEAT, meta=meta)))


asyncio.run(main())
