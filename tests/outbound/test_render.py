"""What one route carries: signature, opt-out words, script, symbols, filed templates."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.content import Filed, Text
from bot.domain.customer import Customer
from bot.domain.gateway import Capabilities
from bot.domain.messages import OutboundMessage
from bot.domain.shop import Shop
from bot.errors import GatewayError
from bot.outbound.render import render

NOW = datetime(2025, 7, 2, 2, tzinfo=UTC)
SHOP = Shop(name="tea", signature="森茶")
CUSTOMER = Customer(id="c1", shop="tea", phone="+8613800000000", created_at=NOW)
MESSAGE = OutboundMessage(
    id="m1", shop="tea", customer="c1", message_class="service", text="您的预约已确认", created_at=NOW, cause="e"
)
FREE = Capabilities(emoji=False)
FILED_ONLY = Capabilities(free_text=False, sign_in_text=False)
NAMES = ("ali_main", "aliyun")


def carried(text: str, capabilities: Capabilities = FREE, customer: Customer = CUSTOMER, **changes: object) -> str:
    message = replace(MESSAGE, text=text, **changes)
    return render(message, customer, SHOP, None, capabilities, NAMES).text


def test_the_signature_goes_in_front_where_the_provider_does_not_add_it():
    assert carried("您好") == "【森茶】您好"
    rendered = render(MESSAGE, CUSTOMER, SHOP, None, replace(FREE, sign_in_text=False), NAMES)
    assert (rendered.text, rendered.sign) == ("您的预约已确认", "森茶")


def test_pieces_count_the_signature_wherever_it_is_added():
    for sign_in_text in (True, False):
        message = replace(MESSAGE, text="茶" * 67)
        capabilities = replace(FREE, sign_in_text=sign_in_text)
        assert render(message, CUSTOMER, SHOP, None, capabilities, NAMES).segments == 2


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("新茶上市", "新茶上市,拒收请回复R"),
        ("新茶上市。", "新茶上市。拒收请回复R"),
        ("详情 https://t.cn/a1", "详情 https://t.cn/a1 拒收请回复R"),
        ("详情t.cn/a1", "详情t.cn/a1 拒收请回复R"),
        ("https://t.cn/a1 有惊喜", "https://t.cn/a1 有惊喜,拒收请回复R"),
        ("新茶上市,回复T退订", "新茶上市,回复T退订"),
        ("新茶上市,退订回N", "新茶上市,退订回N"),
    ],
)
def test_marketing_says_how_to_stop(text, sent):
    assert carried(text, message_class="marketing") == f"【森茶】{sent}"


def test_a_second_signature_and_symbols_are_taken_out_where_they_do_harm():
    assert carried("【特惠】回复1️⃣领取🎁 只要￥9.9★") == "【森茶】「特惠」回复1领取 只要9.9元"
    abroad = Capabilities(china_billing=False)
    assert carried("【特惠】🎁", abroad) == "【森茶】【特惠】🎁"
    with pytest.raises(GatewayError, match="没有内容"):
        carried("🎁🎁")


def test_the_customers_script_but_not_over_a_persons_own_words():
    hong_kong = replace(CUSTOMER, script="traditional")
    assert carried("您的预约已确认,请回复1", customer=hong_kong) == "【森茶】您的預約已確認,請回覆1"
    assert carried("您的预约", customer=hong_kong, by_staff="小李") == "【森茶】您的预约"


def test_what_a_route_cannot_carry_is_refused_with_the_reason():
    with pytest.raises(GatewayError, match="链接"):
        carried("看这里 https://t.cn/a", replace(FREE, links=False))
    with pytest.raises(GatewayError, match="上限20字"):
        carried("茶" * 17, replace(FREE, max_chars=20))


def test_filed_templates_take_their_variables_in_the_filed_order():
    text = Text(
        name="remind",
        text="...",
        defaults={"service": "到店服务"},
        filed={"aliyun": Filed(code="SMS_1", variables=("service", "start | datetime"))},
    )
    variables = {"start": "2025-07-03T06:00:00+00:00"}
    message = replace(MESSAGE, template="remind", variables=variables)
    rendered = render(message, CUSTOMER, SHOP, text, FILED_ONLY, NAMES)
    assert rendered.template_code == "SMS_1"
    assert rendered.template_params == ("到店服务", "7月3日(周四)14:00")
    assert rendered.template_names == ("service", "start")
    by_account = replace(text, filed={**text.filed, "ali_main": Filed(code="SMS_2")})
    assert render(message, CUSTOMER, SHOP, by_account, FILED_ONLY, NAMES).template_code == "SMS_2"
    with pytest.raises(GatewayError, match="start"):
        render(replace(message, variables={}), CUSTOMER, SHOP, text, FILED_ONLY, NAMES)


def test_free_text_leaves_through_a_filed_carrier_or_not_at_all():
    carrier = Text(name="carrier", text="{{ text }}", filed={"aliyun": Filed(code="SMS_9", variables=("text",))})
    rendered = render(MESSAGE, CUSTOMER, SHOP, None, FILED_ONLY, NAMES, carrier=carrier)
    assert (rendered.template_code, rendered.template_params) == ("SMS_9", ("您的预约已确认",))
    with pytest.raises(GatewayError, match="没有在这里报备"):
        render(MESSAGE, CUSTOMER, SHOP, None, FILED_ONLY, NAMES)


def test_a_submission_carries_all_of_it():
    submission = render(MESSAGE, CUSTOMER, SHOP, None, FREE, NAMES).submission("+8613800000000", "ref", ext="01")
    assert (submission.to, submission.text, submission.client_ref, submission.ext, submission.sign) == (
        "+8613800000000",
        "【森茶】您的预约已确认",
        "ref",
        "01",
        "森茶",
    )
