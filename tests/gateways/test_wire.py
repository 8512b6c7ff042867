"""What the gateways share: octets to text, numbers, times, parts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.gateway import Callback
from bot.domain.messages import STATE_RANK, InboundMessage, OutboundState, Part, ReportState, advanced
from bot.errors import CallbackIgnored, CallbackUnreadable
from bot.gateways import load
from bot.gateways.wire import bodies, numbers, times
from bot.gateways.wire.alphabets import as_text, by_coding, fits_gsm, gsm_text, sound, unwrapped
from bot.gateways.wire.bodies import Fields
from bot.gateways.wire.parts import from_udh
from tests.gateways.recorded import fixture

TEN = datetime(2025, 7, 2, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        ("退订".encode(), None, "退订"),
        ("退订".encode("gbk"), None, "退订"),
        ("退订".encode("gbk"), "gbk", "退订"),
        ("退订".encode("gbk"), "utf-8", "退订"),
        ("退订".encode(), "gbk-of-my-own", "退订"),
        ("退订".encode(), "iso-8859-1", "退订"),
        ("退订".encode("utf-16-be"), "UCS-2", "退订"),
        ("退订".encode("utf-16"), "utf-16", "退订"),
        ("停止推送".encode("big5"), "big5", "停止推送"),
        ("收到了，谢谢".encode()[:-1], None, "收到了，谢\ufffd"),
        (b"", None, ""),
    ],
)
def test_octets_become_text(raw: bytes, charset: str | None, text: str) -> None:
    assert as_text(raw, charset) == text


@given(st.binary(max_size=200), st.sampled_from([None, "gbk", "utf-8", "ucs-2", "big5", "nonsense"]))
def test_octets_always_become_text(raw: bytes, charset: str | None) -> None:
    as_text(raw, charset).encode()
    for coding in (None, 0, 1, 3, 8, 15, 245):
        by_coding(raw, coding).encode()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("%E9%80%80%E8%AE%A2", "退订"),
        ("%CD%CB%B6%A9", "退订"),
        ("%25E9%2580%2580", "退"),
        ("1%2B1", "1+1"),
        ("1+1", "1+1"),
        ("100%", "100%"),
        ("50%20", "50 "),
        ("打5折%20", "打5折%20"),
        ("a b%20c", "a b%20c"),
        ("50%off%20", "50%off%20"),
        ("", ""),
    ],
)
def test_percent_encoding_is_undone_where_it_plainly_is_one(text: str, plain: str) -> None:
    assert unwrapped(text) == plain


def test_gsm_alphabet() -> None:
    assert gsm_text(b"\x00\x02\x1b\x65\x1b\x3c\x05") == "@$€[é"
    assert fits_gsm("Hello {world} €5")
    assert not fits_gsm("好")
    assert not fits_gsm("\x1b")


def test_surrogates_are_mended() -> None:
    assert sound("\ud83d\ude00") == "😀"
    assert sound("a\ud83d") == "a\ufffd"
    assert Fields({"text": "\ud83d好"}).text("text") == "\ufffd好"


@pytest.mark.parametrize(
    ("raw", "region", "country", "number"),
    [
        ("13800138000", "CN", None, "+8613800138000"),
        ("8613800138000", "CN", None, "+8613800138000"),
        ("+86 138-0013-8000", "CN", None, "+8613800138000"),
        ("008613800138000", "CN", None, "+8613800138000"),
        ("013800138000", "CN", None, "+8613800138000"),
        ("１３８００１３８０００", "CN", None, "+8613800138000"),
        ("13800138000", "CN", "86", "+8613800138000"),
        ("4155550100", "CN", "1", "+14155550100"),
        ("91234567", "CN", "852", "+85291234567"),
        ("85291234567", "CN", "852", "+85291234567"),
        ("9123456789", "CN", "91", "+919123456789"),
        ("919123456789", "CN", "91", "+919123456789"),
        ("3931234567", "CN", "39", "+393931234567"),
        ("393331234567", "CN", "39", "+393331234567"),
        ("55991234567", "CN", "55", "+5555991234567"),
        ("5511987654321", "CN", "0055", "+5511987654321"),
        ("4915112345678", "CN", "49", "+4915112345678"),
        ("447700900123", "CN", "44", "+447700900123"),
        ("07700900123", "CN", "44", "+447700900123"),
        ("0085291234567", "CN", None, "+85291234567"),
        ("85291234567", "CN", None, "+85291234567"),
        ("2349067554729", "CN", None, "+2349067554729"),
        ("02012345678", "CN", None, "+862012345678"),
        ("18885551515", None, None, "+18885551515"),
        ("13800138000", None, None, "+13800138000"),
        ("whatsapp:+14155550100", None, None, "+14155550100"),
        ("4155550100", "US", None, "+14155550100"),
        ("10086", "CN", None, None),
        ("106901333914", "CN", None, None),
        ("95588", "CN", None, None),
        ("VODAFONE", None, None, None),
        ("", "CN", None, None),
        (None, "CN", None, None),
        ("²³⁴", "CN", None, None),
        ("1" * 99, "CN", None, None),
    ],
)
def test_numbers_become_e164(raw: str | None, region: str | None, country: str | None, number: str | None) -> None:
    assert numbers.e164(raw, region=region, country=country) == number


@pytest.mark.parametrize("raw", ["10086", "95588", "VODAFONE", "106901333914"])
def test_a_service_is_no_caller(raw: str) -> None:
    with pytest.raises(CallbackIgnored):
        numbers.caller(raw)


@pytest.mark.parametrize("raw", ["", None, "abc123", "++86", "99999999999999999999999"])
def test_nobody_is_no_caller(raw: str | None) -> None:
    with pytest.raises(CallbackUnreadable):
        numbers.caller(raw)


@given(st.text(max_size=60), st.sampled_from(["CN", None, "US"]), st.none() | st.text(max_size=5))
def test_numbers_never_raise(raw: str, region: str | None, country: str | None) -> None:
    found = numbers.e164(raw, region=region, country=country)
    assert found is None or found.startswith("+")


@pytest.mark.parametrize(
    "text",
    [
        "2025-07-02 10:00:00",
        "2025/7/2 10:00",
        "2025-07-02T10:00:00",
        "2025-07-02T02:00:00Z",
        "2025-07-02T02:00:00.000+0000",
        "2025-07-02T10:00:00+08:00",
        "20250702100000",
        "250702100000",
        "2507021000",
        "Wed, 02 Jul 2025 10:00:00 +0800",
    ],
)
def test_written_times(text: str) -> None:
    assert times.moment(text) == TEN


@pytest.mark.parametrize("text", ["1751421600", "1751421600000", "1751421600.0"])
def test_unix_times(text: str) -> None:
    assert times.unix(text) == TEN


@pytest.mark.parametrize("text", ["", None, "soon", "2025-13-01", "9" * 30, "٢٠٢٥", "nan", "inf", "-", "²" * 10])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert times.moment(text) is None
    assert times.compact(text) is None
    assert times.unix(text) is None
    assert times.unix_or_written(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59+08:00",
        "00010101000000",
        "1970-01-01 00:00:00",
        "Fri, 31 Dec 9999 23:59:59 +0000",
    ],
)
def test_a_time_that_nobody_set_is_none(text: str) -> None:
    assert times.moment(text) is None


@pytest.mark.parametrize("text", ["0", "253402300799", "253402300799000"])
def test_unix_times_that_nobody_set_are_none(text: str) -> None:
    assert times.unix(text) is None


@given(st.text(max_size=45))
def test_times_never_raise(text: str) -> None:
    for read in (times.moment, times.compact, times.unix, times.unix_or_written):
        found = read(text)
        assert found is None or found.tzinfo is not None


def test_beijing_has_no_summer() -> None:
    assert times.moment("2000-07-01 12:00:00").utcoffset() == timedelta(hours=8)  # type: ignore[union-attr]


def test_user_data_header() -> None:
    assert from_udh(bytes.fromhex("0500037f0302")) == Part(ref="127", total=3, number=2)
    assert from_udh(bytes.fromhex("06080401020201")) == Part(ref="258", total=2, number=1)
    assert from_udh(bytes.fromhex("0b05040b8423f00003050201")) == Part(ref="5", total=2, number=1)
    assert from_udh(bytes.fromhex("050003010204")) is None
    assert from_udh(b"\x05\x00") is None
    assert from_udh(b"") is None


@given(st.binary(max_size=40))
def test_user_data_headers_never_raise(raw: bytes) -> None:
    from_udh(raw)


def test_one_bad_item_takes_no_other_with_it() -> None:
    def read(item: Fields) -> InboundMessage:
        return InboundMessage(sender=numbers.caller(item.word("m")), text="")

    items = [{"m": "13800138000"}, 7, {"m": None}, {"m": "13800138001"}]
    for parsed in (bodies.messages(items, read), bodies.pulled("messages", items, read, read)):
        assert [message.sender for message in parsed.messages] == ["+8613800138000", "+8613800138001"]
        assert parsed.faults == ("item 2: not an object", "item 3: no sender")


@pytest.mark.parametrize("body", ["[" * 100_000, "9" * 5000, "{", "", "\ufeff"])
def test_broken_json_is_unreadable(body: str) -> None:
    with pytest.raises(CallbackUnreadable):
        bodies.read_json(body)


@pytest.mark.parametrize("name", ["chuanglan", "huawei", "montnets", "submail", "vonage", "yuntongxun"])
@pytest.mark.parametrize("before", ["\ufeff", "\ufeff\r\n ", "\n"])
def test_a_mark_before_json_is_passed_over(name: str, before: str) -> None:
    bodies_of = {
        "chuanglan": '{"mobile":"13800138000","msg":"好","destcode":"1"}',
        "huawei": '{"statusReportList":[{"smsMsgId":"a","status":"DELIVRD"}]}',
        "montnets": '{"cmd":"MO_REQ","seqid":1,"mos":[{"mobile":"13800138000","content":"%e5%a5%bd"}]}',
        "submail": '{"events":"mo","address":"13800138000","content":"好"}',
        "vonage": '{"msisdn":"8613800138000","text":"好"}',
        "yuntongxun": "<Request><smsType>0</smsType><fromNum>13800138000</fromNum><content>好</content></Request>",
    }
    gateway = load(name, fixture(name)["settings"])
    parsed = gateway.parse(Callback(method="POST", url="", body=f"{before}{bodies_of[name]}".encode()))
    assert [message.text for message in parsed.messages] == ([] if name == "huawei" else ["好"])
    assert [report.state for report in parsed.reports] == (["delivered"] if name == "huawei" else [])


@given(st.lists(st.sampled_from(["sent", "delivered", "failed", "expired", "rejected", "unknown"])))
def test_receipts_only_move_a_text_forward(receipts: list[ReportState]) -> None:
    state: OutboundState = "sending"
    ranks = []
    for receipt in receipts:
        state = advanced(state, receipt)
        ranks.append(STATE_RANK[state])
        assert advanced(state, receipt) == state, "a receipt that comes twice changes nothing"
    assert ranks == sorted(ranks)
    if "delivered" in receipts:
        assert state == "delivered"


@given(st.permutations(["sent", "delivered", "unknown", "sent", "delivered"]))
def test_the_order_of_receipts_does_not_matter(receipts: list[ReportState]) -> None:
    state: OutboundState = "sending"
    for receipt in receipts:
        state = advanced(state, receipt)
    assert state == "delivered"


@pytest.mark.parametrize(
    "text",
    ["%41" * 300_000 + "好", "%" * 900_000, "+" * 900_000, " " * 900_000, "%4" * 400_000],
)
def test_long_texts_take_no_longer_than_their_length(text: str) -> None:
    unwrapped(text)
    sound(text)
    as_text(text.encode())


def test_multipart_forms_are_not_followed_into_their_depth() -> None:
    inner = b"".join(
        b"--x\r\nContent-Type: multipart/mixed; boundary=x%d\r\n\r\n--x%d\r\n\r\n" % (n, n) for n in range(5000)
    )
    field = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n2\r\n--x--\r\n'
    headers = {"content-type": 'multipart/form-data; boundary="x"'}
    assert bodies.form(Callback(method="POST", url="", headers=headers, body=field)).values == {"a": "1\r\n2"}
    with pytest.raises(CallbackUnreadable):
        bodies.form(Callback(method="POST", url="", headers=headers, body=inner))
    with pytest.raises(CallbackUnreadable):
        bodies.form(Callback(method="POST", url="", headers={"content-type": "multipart/form-data"}, body=b"x"))


@pytest.mark.parametrize("cut", ["", "\r\n--", "\r\n--xy", "\r\n--xyz", "\r\n--xyz-", "\r\n--xyz\r\n"])
def test_a_multipart_form_that_was_cut_off_is_unreadable(cut: str) -> None:
    headers = {"content-type": "multipart/form-data; boundary=xyz"}
    whole = '--xyz\r\nContent-Disposition: form-data; name="content"\r\n\r\n我不要'

    def read(body: str) -> Fields:
        return bodies.form(Callback(method="POST", url="", headers=headers, body=body.encode()))

    assert read(f"{whole}\r\n--xyz--").text("content") == "我不要"
    assert read(f"{whole}\r\n--xyz--\r\nan afterword").text("content") == "我不要"
    with pytest.raises(CallbackUnreadable):
        read(whole + cut)
