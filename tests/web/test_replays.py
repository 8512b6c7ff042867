"""A proof that does not cover the body proves one body only."""

from collections.abc import Mapping
from typing import Any

from bot import gateways
from bot.gateways.wire import signing
from bot.web.accounts import Account
from tests.web.conftest import TOKEN, OpenWorld, World

KEY = "callback-secret-of-submail"


def submail() -> Mapping[str, Account]:
    settings = {"appid": "1", "appkey": "k", "subhook_key": KEY}
    gateway = gateways.load("submail", settings)
    return {"sub": Account(name="sub", provider="submail", token=f"{TOKEN}-sub", gateway=gateway, shop="default")}


async def post(world: World, **fields: str) -> Any:
    token = fields.pop("token", "tk1")
    proof = signing.digest("md5", token + KEY)
    told = {"events": "mo", "address": "13800000000", "token": token, "signature": proof, **fields}
    return await world.client.post(f"/gateways/sub/{TOKEN}-sub/inbound", data=told)


async def test_the_same_proof_with_another_body_is_refused(open_world: OpenWorld) -> None:
    world = await open_world(accounts=submail())
    assert (await post(world, content="5")).status == 200
    assert (await post(world, content="5")).status == 200
    assert (await post(world, content="TD")).status == 403
    assert (await post(world, content="TD", token="tk2")).status == 200
    texts = [event.what.message.text for event in await world.inbox()]
    assert sorted(set(texts)) == ["5", "TD"]
