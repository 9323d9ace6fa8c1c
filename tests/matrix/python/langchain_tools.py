"""`langchain-mcp-adapters` knows no payments. Its hook, a tool call interceptor, pays and calls again with the header."""

import asyncio
import base64

from langchain_mcp_adapters.client import MultiServerMCPClient
from settings import SEAT, SERVER_URL, show, x402
from x402 import x402Client
from x402.schemas import PaymentRequired


async def pay(request, handler):
    result = await handler(request)
    if not result.isError:
        return result
    required = PaymentRequired.model_validate(result.structuredContent)
    payment = await x402(x402Client()).create_payment_payload(required)
    text = payment.model_dump_json(by_alias=True, exclude_none=True)
    header = {"PAYMENT-SIGNATURE": base64.b64encode(text.encode()).decode()}
    return await handler(request.override(headers=header))


async def main():
    server = {"transport": "streamable_http", "url": SERVER_URL}
    client = MultiServerMCPClient({"events": server}, tool_interceptors=[pay])
    tools = {tool.name: tool for tool in await client.get_tools()}
    show(await tools["listEvents"].ainvoke({}), await tools["rsvpToEvent"].ainvoke(SEAT))


asyncio.run(main())
