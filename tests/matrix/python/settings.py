"""What the rows share: where the server is, who pays, and how the result is printed."""

import json
import os

from eth_account import Account

SERVER_URL = os.environ["SERVER_URL"]
TOOLS_URL = os.environ["TOOLS_URL"]
SEAT = {"eventId": os.environ["EVENT_ID"]}
# Two seats, or one if no other is left.
UP_TO_TWO = {**SEAT, "seats": 2, "seatsAtLeast": 1}
ACCOUNT = Account.from_key(os.environ["PRIVATE_KEY"])


def show(free, paid):
    """Prints what the free and the paid call have answered."""
    print(json.dumps({"free": free, "paid": paid}))


def shown(result):
    """A tool's result as JSON."""
    return result.model_dump(mode="json", by_alias=True)


def x402(client):
    """A client of `x402` that pays with the account."""
    from x402.mechanisms.evm import EthAccountSigner
    from x402.mechanisms.evm.exact.register import register_exact_evm_client

    register_exact_evm_client(client, EthAccountSigner(ACCOUNT))
    return client


def mpp():
    """The method by which `pympp` pays."""
    from mpp.methods.evm import BASE_SEPOLIA_USDC
    from mpp.methods.evm import client as evm

    return evm.charge(currency=BASE_SEPOLIA_USDC, account=ACCOUNT)
