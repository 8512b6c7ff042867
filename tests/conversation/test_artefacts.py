"""Foreign parts of a reply: quotes, signatures, auto-replies, codes, carrier notices."""

import pytest

from bot.conversation.artefacts import strip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("【自动回复】开车中,稍后回您", "auto_reply"),
        ("[自动回复] 您好,我现在不方便", "auto_reply"),
        ("自动回复:您好,我正在休假", "auto_reply"),
        ("我在开会,稍后回复您", "auto_reply"),
        ("我正在开车,到达后回复您。(驾驶模式自动回复)", "auto_reply"),
        ("I'm driving with Do Not Disturb While Driving turned on.", "auto_reply"),
        ("【中国移动】您的话费余额不足10元", "carrier_notice"),
        ("您拨打的用户已关机", "carrier_notice"),
        ("验证码 482913 请勿告诉他人", "code"),
        ("您的登录验证码：8842，请勿泄露", "code"),
    ],
)
def test_silence(text, why):
    assert strip(text).silence == why


@pytest.mark.parametrize("text", ["别跟我自动回复,找个活人来", "验证码没收到", "你们是不是自动回复啊", "在开会,晚点说"])
def test_people_are_answered(text):
    assert strip(text).silence is None


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("验证码 482913 请勿告诉他人", "验证码 ****** 请勿告诉他人"),
        ("验证码-482913", "验证码-******"),
        ("您的验证码:482-913", "您的验证码:***-***"),
        ("G-482913 is your Google verification code.", "G-****** is your Google verification code."),
    ],
)
def test_a_code_is_masked(text, masked):
    assert strip(text).masked == masked


@pytest.mark.parametrize(
    "text",
    [
        "5\n------原始短信------\n【森茶】请为本次服务打分,回复1-5。",
        "> 【森茶】请为本次服务打分\n5",
        "“【森茶】请为本次服务打分,回复1-5。”\n5",
        "5\n发自我的iPhone",
        "5【张三】",
    ],
)
def test_only_the_customers_own_words_are_left(text):
    assert strip(text).text.strip() == "5"


def test_a_text_of_ours_sent_back_says_nothing():
    own = strip("【森茶】感谢到店,请为本次服务打分,回复1-5(5为非常满意)。")
    assert own.quoted
    assert "5" not in own.text
