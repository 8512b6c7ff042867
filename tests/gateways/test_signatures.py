"""Every published signature that could be recomputed comes out, of our requests and of their callbacks."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.domain.gateway import Callback, Gateway
from bot.errors import CallbackRefused
from bot.gateways import load
from bot.gateways.aliyun import acs3, rpc_v1
from bot.gateways.huawei import password_digest
from bot.gateways.montnets import pwd
from bot.gateways.plivo import signature_v2, signature_v3
from bot.gateways.tencent import tc3
from bot.gateways.vonage import signature
from bot.gateways.wire.signing import b64, jwt_claims, mac
from tests.gateways.recorded import fixture, lines

VECTORS = {vector["id"]: vector for vector in lines("signatures.jsonl")}
VERIFIED = {key for key, vector in VECTORS.items() if vector["verified"] is True}
Given = dict[str, Any]


def gateway(name: str, **secrets: str) -> Gateway:
    return load(name, {**fixture(name)["settings"], **secrets})


def aliyun_rpc(given: Given, vector: Given) -> None:
    assert rpc_v1(given["method"], given["params"], given["access_key_secret"]) == vector["expected"]


def aliyun_acs3(given: Given, vector: Given) -> None:
    parts = (given["method"], given["uri"], given["query"], given["headers"], given["body"].encode())
    proof = acs3(*parts, given["access_key_id"], given["access_key_secret"])
    assert proof == vector["expected_header"]


def tencent_tc3(given: Given, vector: Given) -> None:
    known = {
        "content-type": given["content_type"],
        "host": given["host"],
        "x-tc-action": given["action"],
    }
    headers = {name: known[name] for name in given["signed_headers"].split(";")}
    proof = tc3(headers, given["body"].encode(), given["timestamp"], given["service"], "AKID", given["secret_key"])
    assert proof.endswith(f"Signature={vector['expected']}")
    assert f"/{given['utc_date']}/" in proof


def yunpian(given: Given, vector: Given) -> None:
    reply = json.dumps({**given["fields"], "_sign": vector["expected"]}, ensure_ascii=False)
    callback = Callback(method="POST", url="", body=urlencode({"sms_reply": reply}).encode())
    assert gateway("yunpian", apikey=given["apikey"]).verify(callback, None)
    with pytest.raises(CallbackRefused):
        gateway("yunpian", apikey="another").verify(callback, None)


def montnets(given: Given, vector: Given) -> None:
    assert pwd(given["userid"], given["password"], given["timestamp"]) == vector["expected"]


def twilio(given: Given, vector: Given) -> None:
    body = given.get("body")
    callback = Callback(
        method="POST",
        url=given["url"],
        headers={"x-twilio-signature": vector["expected"]},
        body=body.encode() if body else urlencode([tuple(pair) for pair in given["params"]]).encode(),
    )
    assert gateway("twilio", auth_token=given["auth_token"]).verify(callback, None)
    with pytest.raises(CallbackRefused):
        gateway("twilio", auth_token="another").verify(callback, None)


def vonage_sms(given: Given, vector: Given) -> None:
    method = vector["id"].removeprefix("vonage-sms-").replace("special", "md5")
    proof = signature(given["params"], given["signature_secret"], method)
    assert proof == vector["expected"].lower()


def vonage_jwt(given: Given, vector: Given) -> None:
    assert jwt_claims(given["token"], given["signature_secret"], None)["iss"] == "Online JWT Builder"
    with pytest.raises(CallbackRefused):
        jwt_claims(given["token"], given["wrong_secret"], None)


def plivo(given: Given, vector: Given) -> None:
    callback = Callback(method="POST", url=given["url"] + "?dropped=1")
    assert signature_v2(given["auth_token"], callback, given["nonce"]) == vector["expected"]
    assert signature_v2(given["wrong_auth_token"], callback, given["nonce"]) != vector["expected"]


def messagebird_legacy(given: Given, vector: Given) -> None:
    callback = Callback(
        method="POST",
        url="https://sms.example.com/cb",
        query=urlencode(given["query"]),
        headers={
            "messagebird-signature": vector["expected"],
            "messagebird-request-timestamp": str(given["timestamp"]),
        },
        body=given["body"].encode(),
    )
    assert gateway("messagebird", signing_key=given["signing_key"]).verify(callback, None)


def messagebird_jwt(given: Given, vector: Given) -> None:
    callback = Callback(
        method=given["method"],
        url=given["url"],
        headers={"messagebird-signature-jwt": given["token"]},
        body=given["payload"].encode(),
    )
    bird = gateway("messagebird", signing_key=given["secret"])
    now = datetime.fromisoformat(given["timestamp"])
    if vector["expected"].startswith("valid"):
        assert bird.verify(callback, now)
        with pytest.raises(CallbackRefused, match="exp"):
            bird.verify(callback, now.replace(year=now.year + 1))
        with pytest.raises(CallbackRefused, match="nbf"):
            bird.verify(callback, now.replace(year=now.year - 1))
        return
    with pytest.raises(CallbackRefused):
        bird.verify(callback, now)


CHECKS: dict[str, Callable[[Given, Given], None]] = {
    "aliyun-rpc": aliyun_rpc,
    "aliyun-acs3": aliyun_acs3,
    "tencent-tc3": tencent_tc3,
    "yunpian": yunpian,
    "montnets": montnets,
    "twilio": twilio,
    "vonage-sms": vonage_sms,
    "vonage-messages": vonage_jwt,
    "plivo": plivo,
    "messagebird-legacy": messagebird_legacy,
    "messagebird-jwt": messagebird_jwt,
}


@pytest.mark.parametrize("key", sorted(VERIFIED))
def test_published_signature(key: str) -> None:
    check = next(check for start, check in CHECKS.items() if key.startswith(start))
    check(VECTORS[key]["inputs"], VECTORS[key])


def test_all_26_are_there() -> None:
    assert len(VERIFIED) == 26


def test_huawei_digest_has_the_published_shape() -> None:
    """Its secret is unpublished; the header decodes to 64 hex characters, and so does ours."""
    published = base64.b64decode(VECTORS["huawei-xwsse-shape"]["expected"])
    ours = base64.b64decode(password_digest("nonce", "2018-05-26T00:35:30Z", "secret"))
    assert len(ours) == len(published) == 64
    assert bytes.fromhex(ours.decode())


@pytest.mark.parametrize("token", ["", "a.b.c", "e30.e30.", "....", "é.é.é", "eyJhbGciOiJub25lIn0.e30."])
def test_a_token_without_an_hmac_is_refused(token: str) -> None:
    with pytest.raises(CallbackRefused):
        jwt_claims(token, "secret", None)


@pytest.mark.parametrize("name", ["twilio", "plivo"])
def test_an_unsigned_body_overrules_no_signed_query(name: str) -> None:
    query = urlencode({"From": "+14155550100", "To": "+14155550199", "Body": "hi", "Text": "hi", "MessageUUID": "1"})
    url = f"https://sms.example.com/cb?{query}"
    asked = Callback(method="GET", url=url, query=query)
    proofs = {
        "twilio": {"x-twilio-signature": b64(mac("sha1", "key", url))},
        "plivo": {"x-plivo-signature-v3": signature_v3("key", asked, "n"), "x-plivo-signature-v3-nonce": "n"},
    }
    headers = {"content-type": "application/x-www-form-urlencoded", **proofs[name]}
    body = urlencode({"From": "+14155550111", "Body": "STOP", "Text": "STOP"}).encode()
    forged = Callback(method="GET", url=url, query=query, headers=headers, body=body)
    signed = gateway(name, auth_token="key")
    assert signed.verify(forged, None)
    [message] = signed.parse(forged).messages
    assert (message.sender, message.text) == ("+14155550100", "hi")


@pytest.mark.parametrize("url", ["https://sms.example.com/cb?a=\udcff", "https://sms.example.com/cb\udcff"])
@pytest.mark.parametrize("name", ["huawei", "messagebird", "plivo", "twilio", "vonage"])
def test_octets_that_are_no_text_are_refused(name: str, url: str) -> None:
    """A server hands a raw octet of an address or a header on as a lone surrogate, which cannot be encoded."""
    headers = {
        "x-sdk-date": "20250702T020000Z\udcff",
        "authorization": "SDK-HMAC-SHA256 Access=k, SignedHeaders=x-sdk-date, Signature=\udcff",
        "messagebird-signature": "\udcff",
        "messagebird-request-timestamp": "\udcff",
        "x-plivo-signature-v3": "\udcff",
        "x-plivo-signature-v3-nonce": "\udcff",
        "x-twilio-signature": "\udcff",
    }
    secrets = dict.fromkeys(("auth_token", "signing_key", "push_key", "push_secret", "signature_secret"), "k")
    with pytest.raises(CallbackRefused):
        gateway(name, **secrets).verify(Callback(method="POST", url=url, headers=headers, body=b"From=1"), None)
