"""What a newcomer and a colleague do at the console, done in a browser."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.browser.conftest import Huixin, free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

REPLY = "4分,就是快递慢,别再发了"


async def write(page: Page, text: str) -> None:
    await page.get_by_placeholder("短信", exact=True).fill(text)
    await page.keyboard.press("Enter")


async def turns(page: Page) -> Locator:
    """The feed's cards of the replies of this page's phone."""
    number = await page.get_by_label("号码").locator("option:checked").inner_text()
    return page.locator(".card.reply", has_text=f"{number[3:6]}****{number[-4:]}")


async def ask_for_rating(page: Page) -> None:
    await page.get_by_role("button", name="请他打分").click()
    await expect(page.locator(".bubble.in")).to_have_count(1)


async def test_a_newcomer_sees_a_reply_understood_and_answered(page: Page) -> None:
    await expect(page.locator("[data-link]")).to_have_text("实时")
    await ask_for_rating(page)
    await page.get_by_role("button", name=REPLY).click()
    await page.keyboard.press("Enter")
    card = await turns(page)
    await expect(card.locator(".said")).to_have_text(REPLY)
    await expect(card.locator(".chip.lead")).to_have_text("退订")
    await expect(card.locator(".chip", has_text="评分")).to_have_text(re.compile("4"))
    await expect(card.locator(".chip", has_text="物流")).to_be_visible()
    answer = page.locator(".bubble.in").nth(1)
    await expect(answer).to_contain_text("停发")
    await expect(card.locator(".sub .words")).to_contain_text("停发")
    # Answered once, and the card came live: no second one after a reload.
    await page.reload()
    await expect(card).to_have_count(1)
    await expect(page.locator(".bubble.in")).to_have_count(2)
    await card.get_by_text("为什么").click()
    await expect(card.locator(".reasons .row").first).to_be_visible()


async def test_a_colleague_takes_over_answers_and_hands_back(page: Page) -> None:
    await write(page, "你们的东西坏了,怎么办")
    await expect(await turns(page)).to_have_count(1)
    await page.get_by_role("link", name="看这位顾客").click()
    await expect(page.locator(".turn.them .text")).to_have_text("你们的东西坏了,怎么办")
    await page.get_by_role("button", name="接管").click()
    await expect(page.locator(".who-speaks")).to_contain_text("admin 接管中")
    await page.get_by_label("回复", exact=True).fill("您好,我是店长小李,马上给您换一件。")
    await page.get_by_role("button", name="回复", exact=True).click()
    ours = page.locator(".turn.us", has_text="店长小李")
    await expect(ours.locator(".meta")).to_contain_text("admin")
    await expect(ours.locator("[data-state=delivered]")).to_have_text("已送达")
    await expect(page.locator(".bubble.in", has_text="店长小李")).to_be_visible()
    # While a person speaks the bot does not.
    before = await page.locator(".bubble.in").count()
    await write(page, "好的谢谢")
    await expect(page.locator(".turn.them")).to_have_count(2)
    await expect(page.locator(".turn.them").nth(1)).to_contain_text("不回答")
    assert await page.locator(".bubble.in").count() == before
    await page.get_by_label("回复", exact=True).fill("换货单号 88,周五前寄到")
    await page.get_by_role("button", name="备注").click()
    await expect(page.locator(".mid.note")).to_contain_text("换货单号 88")
    await page.get_by_role("button", name="交还机器人").click()
    await expect(page.locator(".who-speaks")).to_contain_text("机器人在答复")


async def test_a_wrong_label_is_put_right_and_known_at_once(page: Page) -> None:
    await write(page, "再说吧看看")
    await page.get_by_role("link", name="看这位顾客").click()
    turn = page.locator(".turn.them").first
    await expect(turn.locator(".chip.lead")).to_be_visible()
    await turn.get_by_text("纠正意图").click()
    await turn.get_by_label("纠正意图").select_option("deny")
    await turn.get_by_role("button", name="就是这个").click()
    await expect(page.locator(".mid", has_text="纠正意图")).to_contain_text("不要")
    await write(page, "再说吧看看")
    await expect(page.locator(".turn.them")).to_have_count(2)
    await expect(page.locator(".turn.them").nth(1).locator(".chip.lead")).to_have_text("不要")


async def test_what_was_done_can_be_undone(page: Page) -> None:
    await ask_for_rating(page)
    await write(page, "1")
    await expect(await turns(page)).to_have_count(1)
    await page.get_by_role("link", name="看这位顾客").click()
    await expect(page.locator(".stars")).to_have_text("★☆☆☆☆")
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.get_by_role("button", name="撤销").click()
    await expect(page.locator(".stars")).to_have_count(0)


async def test_filters_narrow_the_feed_and_stay_live(page: Page) -> None:
    await write(page, "太差劲了,再也不来了")
    await expect(await turns(page)).to_have_count(1)
    await page.get_by_text("正面", exact=True).first.click()
    await expect(await turns(page)).to_have_count(0)
    await page.get_by_placeholder("内容").fill("没有人写过这个")
    await expect(page.get_by_text("没有符合条件的")).to_be_visible()
    await page.get_by_placeholder("内容").fill("")
    await write(page, "谢谢,味道很好,非常满意")
    await expect((await turns(page)).locator(".said")).to_have_text("谢谢,味道很好,非常满意")
    await page.get_by_text("全部", exact=True).first.click()
    await expect(await turns(page)).to_have_count(2)


async def test_markup_in_a_text_stays_text(page: Page) -> None:
    hostile = '<img src=x onerror="document.title=1"><b>粗</b>'
    await write(page, hostile)
    await expect((await turns(page)).locator(".said")).to_have_text(hostile)
    await expect(page.locator(".bubble.out")).to_have_text(hostile)
    await page.get_by_role("link", name="看这位顾客").click()
    await expect(page.locator(".turn.them .text")).to_have_text(hostile)
    assert await page.locator("img[src=x]").count() == 0


async def test_the_language_is_a_switch(page: Page) -> None:
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("heading", name="Live feed")).to_be_visible()
    await expect(page.get_by_role("button", name="Ask for a rating")).to_be_visible()
    await page.get_by_placeholder("Text", exact=True).fill("什么也没有")
    await expect(page.get_by_text("Nothing fits these filters")).to_be_visible()
    await page.get_by_role("link", name="中文").click()
    await expect(page.get_by_role("heading", name="动态")).to_be_visible()
    await expect(page.get_by_placeholder("内容")).to_have_value("什么也没有")


async def test_a_viewer_who_was_cut_off_goes_on_without_a_gap(page: Page, context: BrowserContext) -> None:
    cards = await turns(page)
    other = await context.new_page()
    await other.goto(page.url)
    await expect(other.locator("[data-link]")).to_have_text("实时")
    await write(page, "断线之前")
    await expect(cards).to_have_count(1)
    # Offline for this page alone: its stream breaks, the other one goes on.
    devtools = await context.new_cdp_session(other)
    cut = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", cut)
    await write(page, "断线之中")
    await expect(cards).to_have_count(2)
    await devtools.send("Network.emulateNetworkConditions", cut | {"offline": False})
    missed = other.locator(".card.reply", has_text="断线之中")
    await expect(missed).to_have_count(1)
    await expect(other.locator(".card.reply", has_text="断线之前")).to_have_count(1)


async def test_a_page_waits_until_redis_is_back(page: Page, huixin: Huixin) -> None:
    asked: list[Route] = []

    async def away_once(route: Route) -> None:
        asked.append(route)
        await (route.fulfill(status=503) if len(asked) == 1 else route.continue_())

    stream = re.compile("/feed/stream")
    await page.route(stream, lambda route: route.fulfill(status=503))
    await page.reload()
    await expect(page.locator("[data-link]")).to_have_text("重连中…")
    await page.route(f"{huixin.url}/", away_once)
    await page.unroute(stream)
    await expect(page.locator("[data-link]")).to_have_text("实时")
    assert len(asked) > 1


async def test_a_restart_is_survived_by_an_open_page(browser: Browser, tmp_path: Path) -> None:
    huixin = Huixin(tmp_path, free_port())
    await huixin.start()
    page = await browser.new_page()
    await page.goto(huixin.link)
    await write(page, "重启之前")
    cards = page.locator(".card.reply .said")
    await expect(cards).to_have_text(["重启之前"])
    await huixin.stop()
    await expect(page.locator("[data-link]")).to_have_text("重连中…")
    await huixin.start()
    await expect(page.locator("[data-link]")).to_have_text("实时")
    await write(page, "重启之后")
    await expect(cards).to_have_text(["重启之后", "重启之前"])
    await page.close()
    await huixin.stop()


async def test_signing_in_with_the_password_of_the_terminal(browser: Browser, huixin: Huixin) -> None:
    page = await browser.new_page()
    await page.goto(huixin.url)
    await page.get_by_label("用户名").fill("admin")
    await page.get_by_label("密码").fill("not the password")
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("alert")).to_have_text("用户名或密码不对。")
    await page.get_by_label("用户名").fill("admin")
    await page.get_by_label("密码").fill(huixin.password)
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("heading", name="动态")).to_be_visible()
    await page.get_by_role("button", name="退出").click()
    await expect(page.get_by_role("button", name="登录")).to_be_visible()
    await page.close()


async def test_small_screens_fit(page: Page) -> None:
    await ask_for_rating(page)
    await write(page, REPLY)
    await expect(await turns(page)).to_have_count(1)
    for width in (1024, 768, 390):
        await page.set_viewport_size({"width": width, "height": 800})
        sideways = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert sideways <= 0, f"{width} px: {sideways} px too wide"


async def test_a_long_word_of_a_customers_cuts_nothing_off(page: Page) -> None:
    await ask_for_rating(page)
    await write(page, "1")
    await expect(page.locator(".bubble.in")).to_have_count(2)
    await write(page, "http://example.cn/" + "x" * 600)
    await expect(await turns(page)).to_have_count(2)
    await page.get_by_role("link", name="看这位顾客").click()
    comment = page.locator(".facts small", has_text="xxx")
    await expect(comment).to_be_visible()
    for width in (1440, 1100, 768, 390):
        await page.set_viewport_size({"width": width, "height": 800})
        hidden = await page.locator(".facts").evaluate("facts => facts.scrollWidth - facts.clientWidth")
        assert hidden <= 0, f"{width} px: {hidden} px cut off"


async def test_the_bar_fits_a_telephone_in_both_languages(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    for other, search in (("English", "查手机号"), ("中文", "Find a number")):
        await expect(page.get_by_role("searchbox", name=search)).to_be_visible()
        bar = page.locator(".bar")
        assert await bar.evaluate("bar => bar.scrollWidth - bar.clientWidth") <= 0
        switch = page.get_by_role("link", name=other)
        assert (await switch.bounding_box())["height"] < 40
        await switch.click()
