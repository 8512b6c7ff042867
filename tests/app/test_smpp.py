"""A shop whose gateway is an SMSC: asked and answered by the whole service, through a drop."""

from pathlib import Path

from tests.app.service import running
from tests.links.smsc import Smsc
from tests.links.smsc import running as listening
from tests.links.test_smpp import soon

SETTINGS = """
redis_url = "{redis}"
partitions = 2
[gateways.sms]
provider = "smpp"
token = "an-unguessable-token"
host = "127.0.0.1"
port = {port}
system_id = "shop"
password = "secret"
source = "1069"
same_text_seconds = 0
[shops.default]
policy = {{ marketing_from = "00:00", marketing_until = "23:59" }}
"""


async def test_a_reply_over_smpp_is_answered_over_smpp(tmp_path: Path, redis_url: str) -> None:
    async with listening(Smsc()) as smsc:
        settings = SETTINGS.format(redis=redis_url, port=smsc.port)
        async with running(tmp_path, settings, "serve", "--role", "worker") as huixin:
            await huixin.says("worker_ready")
            assert await soon(smsc.binds) == 0
            assert await smsc.deliver("8613800138000", "转人工".encode("utf-16-be"), coding=8) == 0
            answer = await soon(smsc.submits)
            assert answer.to == "8613800138000"
            assert "【" in answer.text
            assert await smsc.receipt(answer) == 0
            smsc.drop()
            assert await soon(smsc.binds) == 0
            assert await smsc.deliver("8613800138001", "退订".encode("utf-16-be"), coding=8) == 0
            stopped = await soon(smsc.submits)
            assert stopped.to == "8613800138001"
            assert "退订" in stopped.text or "不再" in stopped.text
            assert await huixin.stop() == 0
        assert smsc.goodbyes == 1
        assert "13800138000" not in huixin.log
        assert "secret" not in huixin.log
