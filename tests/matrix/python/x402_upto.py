"""`x402` with requests, over plain HTTP, where it allows a most (`upto`)."""

from settings import ACCOUNT, TOOLS_URL, UP_TO_TWO, show
from x402 import x402ClientSync
from x402.http.clients import x402_requests
from x402.mechanisms.evm.upto import UptoEvmClientScheme

client = x402ClientSync().register("eip155:*", UptoEvmClientScheme(ACCOUNT))
with x402_requests(client) as session:
    free = session.post(f"{TOOLS_URL}/listEvents", json={})
    paid = session.post(f"{TOOLS_URL}/rsvpToEvent", json=UP_TO_TWO)
show(free.json(), paid.json())
