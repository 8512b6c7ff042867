"""What the pages say, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from bot.web.console.names import NAMES

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "app": ("回信", "Huixin"),
    "app.tagline": ("顾客回的每一条短信,都有回音", "Every text a customer sends gets an answer"),
    "nav.live": ("动态", "Live"),
    "nav.people": ("人员", "People"),
    "nav.audit": ("操作记录", "Audit log"),
    "nav.search": ("查手机号", "Find a number"),
    "nav.signout": ("退出", "Sign out"),
    "nav.language": ("语言", "Language"),
    "nav.skip": ("跳到正文", "Skip to content"),
    "signin.title": ("登录", "Sign in"),
    "signin.name": ("用户名", "Name"),
    "signin.password": ("密码", "Password"),
    "signin.go": ("登录", "Sign in"),
    "signin.wrong": ("用户名或密码不对。", "That name or password is not right."),
    "signin.wait": ("试得太多了,请 {minutes} 分钟后再来。", "Too many tries; come back in {minutes} minutes."),
    "signin.link_used": ("这个链接用过了或过期了,请用密码登录。", "This link was used or has run out; sign in."),
    "signin.hint": (
        "第一次启动时,密码显示在终端里;忘了就运行 huixin user add 名字 --role admin。",
        "The first password was shown in the terminal; if it is lost, run huixin user add NAME --role admin.",
    ),
    "live.on": ("实时", "Live"),
    "live.off": ("重连中…", "Reconnecting…"),
    "feed.title": ("动态", "Live feed"),
    "feed.empty": (
        "还没有动静。点手机下面的“请他打分”,再以顾客的身份回一条。",
        "Nothing yet. Ask for a rating below the phone, then answer as the customer.",
    ),
    "feed.empty.filtered": ("没有符合条件的。", "Nothing fits these filters."),
    "feed.new": ("有 {n} 条新的", "{n} new"),
    "feed.older": ("更早的", "Older"),
    "feed.why": ("为什么", "Why"),
    "feed.filter": ("筛选", "Filter"),
    "feed.filter.mood": ("情绪", "Mood"),
    "feed.filter.intent": ("意图", "Intent"),
    "feed.filter.text": ("内容", "Text"),
    "feed.filter.shop": ("店铺", "Shop"),
    "feed.all": ("全部", "All"),
    "feed.clear": ("清除", "Clear"),
    "feed.alert": ("提醒", "Alert"),
    "feed.dead": ("没能处理", "Could not be handled"),
    "feed.staff": ("{actor} 操作", "By {actor}"),
    "feed.later": ("到可以发送的时候再发", "Sent when the hour allows"),
    "feed.pulse": ("24 小时 {n} 条回复", "{n} replies in 24 hours"),
    "feed.we": ("我们", "Us"),
    "why.layer": ("依据", "By"),
    "why.reason": ("理由", "Reason"),
    "why.score": ("分值", "Score"),
    "why.slots": ("读出", "Read"),
    "why.mood": ("情绪", "Mood"),
    "why.topics": ("话题", "Topics"),
    "why.effects": ("做了", "Did"),
    "why.silence": ("没有回答,因为", "Not answered, because"),
    "why.unsure": ("没把握,所以先问一句", "Unsure, so it asked first"),
    "phone.title": ("模拟手机", "Simulated phone"),
    "phone.hint": (
        "不花钱,不真发。走的是和真网关一样的路。",
        "Costs nothing, sends nothing; takes the same way as a gateway.",
    ),
    "phone.number": ("号码", "Number"),
    "phone.new": ("换个号码", "New number"),
    "phone.placeholder": ("短信", "Text message"),
    "phone.send": ("发送", "Send"),
    "phone.empty": ("先让店里发一条,再以顾客的身份回复。", "Let the shop write first, then answer as the customer."),
    "phone.samples": ("让店里", "Let the shop"),
    "phone.sample.rating": ("请他打分", "Ask for a rating"),
    "phone.sample.appointment": ("确认预约", "Confirm a booking"),
    "phone.sample.quiz": ("节气问答", "Send a quiz"),
    "phone.try": ("试试回", "Try"),
    "phone.receipts": ("回执", "Receipts"),
    "phone.receipts.end": ("结果", "Ends as"),
    "phone.receipts.delay": ("延迟(秒)", "Delay (s)"),
    "phone.receipts.repeat": ("重复次数", "Repeats"),
    "phone.receipts.reorder": ("颠倒顺序", "Out of order"),
    "phone.receipts.lose": ("丢失", "Lost"),
    "phone.receipts.refuse": ("拒收", "Refuse"),
    "phone.sent": ("已发给店里", "Sent"),
    "phone.see": ("看这位顾客", "See this customer"),
    "customer.title": ("会话", "Conversation"),
    "customer.none": ("没有这位顾客。", "There is no such customer."),
    "customer.since": ("自 {date}", "Since {date}"),
    "customer.taken_by": ("{who} 接管中,机器人不说话", "{who} has taken over; the bot is silent"),
    "customer.waiting": ("顾客在等人工,机器人不说话", "Waits for a person; the bot is silent"),
    "customer.bot": ("机器人在答复", "The bot answers"),
    "customer.take_over": ("接管", "Take over"),
    "customer.hand_back": ("交还机器人", "Hand back"),
    "customer.reply": ("回复", "Reply"),
    "customer.note": ("备注", "Note"),
    "customer.reply.placeholder": ("写给顾客的短信…", "A text to the customer…"),
    "customer.note.placeholder": ("只有同事看得到…", "Only colleagues see this…"),
    "customer.send": ("发送", "Send"),
    "customer.keep": ("记下", "Keep"),
    "customer.correct": ("纠正意图", "Correct the intent"),
    "customer.correct.go": ("就是这个", "That is it"),
    "customer.undo": ("撤销", "Undo"),
    "customer.undo.sure": ("撤销这一条做的事?", "Undo what this one did?"),
    "customer.done": ("好了", "Done"),
    "customer.failed": ("没成:{reason}", "That failed: {reason}"),
    "facts.title": ("现状", "Now"),
    "facts.consent": ("授权", "Consent"),
    "facts.consent.in": ("同意", "In"),
    "facts.consent.out": ("已退订", "Out"),
    "facts.consent.none": ("没有记录", "Nothing recorded"),
    "facts.prompts": ("等回答", "Waiting for an answer"),
    "facts.prompts.none": ("没有在等的问题", "No open question"),
    "facts.until": ("到 {time}", "until {time}"),
    "facts.ratings": ("评分", "Ratings"),
    "facts.appointments": ("预约", "Appointments"),
    "facts.ticket": ("待办", "Case"),
    "facts.ticket.due": ("{time} 前处理", "due {time}"),
    "facts.resolve": ("办结", "Resolve"),
    "facts.tags": ("标签", "Tags"),
    "facts.profile": ("资料", "Profile"),
    "facts.rewards": ("奖励", "Rewards"),
    "facts.runs": ("进行中", "Journeys"),
    "facts.preferences": ("偏好", "Preferences"),
    "facts.suppressed": ("暂停营销", "Marketing held back"),
    "facts.notes": ("备注", "Notes"),
    "facts.mood": ("情绪指数", "Emotion index"),
    "facts.mood.scale": (
        "0 愤怒,50 不知道或都不是,100 很高兴",
        "0 furious, 50 nothing known or neither, 100 delighted",
    ),
    "timeline.empty": ("还没有往来。", "Nothing has been said yet."),
    "timeline.timer": ("到时间了", "A timer came"),
    "error.401": ("请先登录", "Sign in first"),
    "error.403": ("这里不让进", "Not allowed"),
    "error.404": ("没有这一页", "There is no such page"),
    "error.500": ("出错了", "Something went wrong"),
    "error.503": ("Redis 暂时连不上,请稍后再试。", "Redis is away for the moment; try again soon."),
    "error.home": ("回到动态", "Back to the feed"),
    "error.id": ("编号 {id}", "Reference {id}"),
    "error.away": ("连不上服务器,请稍后再试", "the server cannot be reached; try again soon"),
    "refused.long": ("太长了", "that is too much text"),
    "refused.plain": ("请用普通表单", "send a plain form or a JSON object"),
    "refused.unread": ("读不出内容", "the body cannot be read"),
    "refused.half": ("文字里有半个字,请重写", "the text holds half of a character; write it anew"),
    "refused.action": ("没有“{name}”这个操作", "there is no action “{name}”"),
    "refused.length": ("请写 1 到 {most} 个字", "write 1 to {most} characters"),
    "refused.intent": ("请选一个意图", "choose one of the intents"),
    "refused.gone": ("那条短信已经不在了", "that reply is not there any more"),
    "refused.correctable": (
        "只有 1 到 {most} 个字的短信可以纠正",
        "only texts of 1 to {most} characters can be corrected",
    ),
    "refused.simulated": (
        '设置里没有 provider = "simulator" 的账号',
        'the settings have no account with provider = "simulator"',
    ),
    "refused.number": ("这不是手机号", "that is not a phone number"),
    "refused.phone": ("没有这部手机", "there is no such phone"),
    "refused.sample": ("没有“{name}”这个样例", "there is no sample “{name}”"),
    "refused.quiz": ("content/quizzes/ 里没有答题", "there is no quiz in content/quizzes/"),
    "refused.habits": ("这些回执设置不对", "the receipts cannot be so"),
    "error.csrf": ("页面太旧了,请刷新后再试。", "This page is too old; reload and try again."),
    "people.title": ("人员", "People"),
    "people.mine": ("我的密码", "My password"),
    "people.old": ("现在的密码", "Current password"),
    "people.new": ("新密码(至少 8 个字符)", "New password (8 characters or more)"),
    "people.length": ("密码要有 {least} 到 {most} 个字符。", "A password has {least} to {most} characters."),
    "people.change": ("改密码", "Change password"),
    "people.changed": ("密码改好了。", "The password is changed."),
    "people.role.admin": ("管理员", "Admin"),
    "people.role.staff": ("员工", "Staff"),
    "people.role.viewer": ("只读", "Viewer"),
    "people.audit": ("最近的操作", "Lately"),
    "mood.neg": ("负面", "Negative"),
    "mood.neu": ("中性", "Neutral"),
    "mood.pos": ("正面", "Positive"),
}


def spoken(language: str) -> Language:
    """Give the language if we speak it, else Chinese."""
    return "en" if language == "en" else "zh"


class Translator:
    """Says things in one language: `t("feed.why")`, `t("feed.new", n=3)`, and our own words by `t.word(…)`."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)

    @property
    def html_language(self) -> str:
        """What stands in the page's `lang`."""
        return "zh-CN" if self.language == "zh" else "en"

    def __call__(self, key: str, **values: object) -> str:
        """Say one thing; a key that is not there is a fault of ours and raises KeyError."""
        return _WORDS[key][self._index].format(**values) if values else _WORDS[key][self._index]

    def word(self, kind: str, name: str) -> str:
        """Name a word of the domain (an intent, an effect, a state …); one without a name stands as it is."""
        names = NAMES.get(kind, {}).get(name)
        return names[self._index] if names else name
