"""`x402` with requests, over plain HTTP."""

from settings import SEAT, TOOLS_URL, show, x402
from x402 import x402ClientSync
from x402.http.clients import x402_requests

with x402_requests(x402(x402ClientSync())) as session:
    free = session.post(f"{TOOLS_URL}/listEvents", json={})
    paid = session.post(f"{TOOLS_URL}/rsvpToEvent", json=SEAT)
show(free.json(), paid.json())
