"""What only sounds like a stop: one that is told, asked about, quoted, undone, or holds for some texts only."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.domain.intent import Reading
from bot.domain.understanding import NO_SLOTS, Candidate, IntentName, ReplyContext

HEARSAY: Final = "听着像退订,其实不是"
_THREATS: Final = re.compile("投诉|举报|报警|起诉|诉讼|律师|拉黑你|曝光|试试|不客气|没完|骚扰")
_DONT: Final = "(?:别|不要|不用|甭|嫑|勿|莫|不得|免|不发|停|关|退|不许|不必)"
_SENDS: Final = "(?:发|推|来|响|通知|提醒|打扰|扰|塞|寄|传|send|告诉|叫|喊|打|找我|安静|来)"
_REFUSES: Final = re.compile(
    rf"{_DONT}(?:再|给我|老|总|带){{0,2}}{_SENDS}|{_SENDS}的?(?:也|就)?(?:不要|不用|免了)|[停关退免](?:了|掉"
    rf"|一下|扰|打扰)?$|撤回|no ads|安静点"
)
_KEEPS: Final = re.compile(
    rf"(?<!不)(?<!还)(?:可以|能|照样?|接着|继续|照旧|照常){_SENDS}(?!不误)|(?<!约)(?<!间)(?:照常|照旧|正常"
    rf"|没关系|随便|都行)$"
    r"|^(?:我|俺|咱)?(?:只|净系|就)(?:要|想要|关心|看|收|推|发)(?!你们|退|停)|只发一|各发一|的留着?$"
    r"|(?:千万)?别[停退关]$|(?<!不)可发$"
    r"|(?<![不就还别])(?<!不可)(?<![午天上]都)(?:可以|留着|保留|留下|照发|照推)(?:的|就好|就行)?$|^只(?:要|推"
    r"|发|收|留|通知|看)|^留.{2,4}$|别发留"
    r"|(?:的|通知|提醒|知识|信息|物流|到货|服务|短信|课表)还?要$|(?<!不)(?<!还)要(?:发|通知)$|(?:到了|好了"
    r"|提前.{1,4})通知(?:就好|就行)?$|短信就?可以$"
    r"|^(?!.*[别不甭莫勿又还老])(?!天天).{2,4}发我$|^(?!.{0,6}(?:你们?|敢|还|又|若|要是|谁|别|不))"
    r"(?!以后|下次|.{0,14}(?:别|要|莫|勿|甭|准|许|用)再).{1,10}(?<!我)再(?:接着|来|给我|跟我)?(?:发|推|来|通知"
    r"|告诉|叫|提醒|响|吱|说|联系)(?!我就"
    r"|.{0,4}就)(?:我|给我|声|送|嘛|吧|一声|火锅){0,4}$"
    r"|^发(?![你了错短这个那来得什啥]).{2,4}(?:就[好行])?$|^(?:.{1,6}的|.{0,3}用品|.{0,6}(?:通知|提醒|短信"
    r"|信息)|.{0,4}(?:白天|开春|秋天?"
    r"|冬天?|夏天?|周末|月末|晚上|早上|下午|农闲|冬闲)|动画片|日里向)"
    r"(?:就|各|只|可|照)?[发推](?:一次|一回)?(?:吧|我|就[好行]了?)?$|^(?:要|就要|我要).{2,10}(?:提醒|通知"
    r"|信息)|only|keep"
)
_NOT_THESE: Final = re.compile(
    rf"(?:其他|其它|别的|旁的|其余|剩下|另外的)的?(?:东西|短信|信息)?(?:就|都|全|请)?{_DONT}|(?:之外|以外"
    rf"|除了.{{2,10}})的?都?{_DONT}|只(?:取消"
    rf"|退|停|关)(?!了).{{2,6}}|just keep|only .{{4,24}}(?:messages|notices|ones)"
)
_FORBIDS: Final = re.compile("别|不要|甭|勿|莫|不用")
_EVERYTHING: Final = re.compile(
    "[全都](?:部)?(?:给我)?[停退关]|银行短信|什么都|一概|通通|(?<!的)统统|你们也别|短信(?:也|都)?(?:退|停|关)"
)
_AT_TIMES: Final = re.compile(
    rf"(?:饭点|平时|平日|天黑|夜里?|夜晚|晚黑|午觉.{{0,6}}|农忙|学期里?|考试周|期末周?|月子里|斋月.{{0,3}}"
    rf"|[点时](?:半|钟)?(?:以|之|过)?后|过了.{{0,4}}点"
    rf"|点(?:到|至).{{1,3}}点|"
    rf"[早晚][一二三四五六七八九十\d]+(?:点)?(?:之外|以外)|工作时间以外|初一十五|礼拜天.{{0,4}})(?:再|就"
    rf"|请)?{_DONT}(?:再)?(?:{_SENDS}|打扰|扰)"
)
_UNDOES: Final = re.compile(
    r"(?:取消|撤销|撤回|解除|解开|undo|revert|收回)(?:了|掉|我|之前|先前|上次|那个|的|对|你们|my|一下"
    r"| ){0,5}(?:拒收|停发|免打扰|屏蔽|退订|unsub|取消订阅)"
    r"|(?:拒收|停发|免打扰|屏蔽|退订|unsub\w*)(?:.{0,6})(?:作废|撤了|撤掉|解开|放开|算我没说|不算|add返|undo)"
    r"|(?:误|手滑|手快|不小心|错|唔小心|oops).{0,6}(?:拒收|停发|免打扰|屏蔽|退订|unsub|退了|停了|取消).{0,12}"
    r"(?:开|恢复|解|放|弄回|续|想收|搞回|add|undo|重新)"
    r"|(?:之前|先前|前阵|前头|前段|上次|原先|当时|悔不该|那短信|短信|退掉|停掉|停了|关了|退顶|去年"
    r"|[才刚]).{0,14}(?:停|退|拒收|关|取消|unsub|stop|别再?发|莫发|错按).{0,14}"
    r"(?:恢复|续上|重续|开回|再开|开起|开通|重新|从新|想通了|接着发|要回来|想收|想看|on back"
    r"|(?<![别要准许用莫勿])再发|又想|发上|发嘛|开上|re-?sub|现在[要想]收"
    r"|重新开|订回来|可以开|开开|弄回来)"
    r"|(?:拒收|停了|停掉|停发|退订|退掉|退出|取消|关了).{0,16}(?:开通|发上|订回来|重新开|恢复|续上|重续|开回来"
    r"|再开|再给我开|给我重新开|又想看|再要回来|重新打开"
    r"|重新全打开|重新进|放开$|给我开)"
    r"|恢复.{0,4}(?:之前|退订|拒收)|恢复.{0,14}(?:错按|误|手滑|手快|拒收)|撤回.{0,4}td|td ?取消|(?:退订|拒收).{0,6}解除"
)
_AGAIN: Final = re.compile(
    "怎么|为什么|为啥|凭什么|又(?!想|要得|可以|回来|停了太)|还在?(?:发|来|给)|居然|竟|恢复(?:没|了吗)$"
)
_STAYS: Final = re.compile(
    "(?:不需要|没有?按|没有?点|别当我是|不要帮我|别帮我|don'?t(?: want to)?) ?(?:退订|unsub)|不退哈?,(?:莫|别)"
)
_NOT_ME: Final = re.compile(
    "(?:前任|前?机主|先前那个人|原来那位|老机主|前面那位).{0,8}(?:别|勿|不要)(?:找我|打)|勿扰原来"
    "|发给别人了吧|(?:没挂号|没约).{0,4}发给别人"
)
_PERSON: Final = re.compile("(?:自动|机器人?|模板|复读|念经).{0,12}(?:找个?人|叫人|安排人|拍板|人工|真人)")
_KIN: Final = (
    "(?:我?(?:妈|爸|爷爷?|奶奶?|弟|哥|姐|妹|老公|老婆|媳妇|对象|男友|女友|室友)"
    "|同事|同学|朋友|闺蜜|他|她|他们|对方|人家|别人|前任)"
)
_SENDERS: Final = (
    "(?:某宝|京东|淘宝|拼多多|抖音|小说网|公众号|天气预报|报纸|彩铃|牛奶|桶装水|银行|宽带|视频会员"
    "|微博|头条|朋友圈|推销保险|手机通知|报社|别的"
    "|年卡|爱奇艺|(?:视频|腾讯|健身|超市)会员|健身房.{0,4}|明星|主播|诈骗|骗子)"
)
_TOLD: Final = re.compile(
    rf"{_KIN}.{{0,4}}把(?!你们?|这).{{0,8}}(?:拉黑|屏蔽|退订|关了|停了)|{_KIN}.{{0,3}}(?:unsub|拒收|屏蔽)(?:了|咗)"
    rf"|(?:听说|据说|好多人|很多人|电视|报纸|新闻|网上).{{0,6}}(?:退订|拉黑|屏蔽|拒收)|对方.{{0,6}}(?:拒收|免打扰|屏蔽)"
    rf"|{_SENDERS}.{{0,8}}(?:退订?|停|关|屏蔽|拉黑|取消).{{0,2}}(?:了|掉)|(?:退订|取消|停|关掉?|屏蔽|拉黑)(?:了"
    rf"|掉|的|那个|怎么"
    rf"|关注){{0,2}}.{{0,3}}{_SENDERS}"
    r"|(?:跟|对|和|告诉|转告|叫|劝)(?:他|她|我弟|我妈|孩子).{0,3}(?:说)?.{0,2}(?:别|不要)|是跟我.{1,3}说的"
    r"|(?:老师|领导|医生)说.{0,6}(?:别|不用|不要)"
    r"|(?:勿扰|免打扰)(?:模式)?(?:开|设)[着了]|设(?:置)?了(?:勿扰|免打扰)|通知关了没|就?留着?你们|我可没有"
    r"|那条我?删了|差点.{0,4}退订|(?:犹豫|纠结).{0,3}退"
    r"|歌词|哼歌|歌里|循环听|单曲循环|台词|剧里|小说(?:里|看到)|电影里|听写|默写|造句|乐队叫|字去掉|[,。](?:哦|啊"
    r"|我){0,2}发错人$|我发错人|代码里|debug|那个unsubscribe函数"
    r"|蚊子|退字|踢我椅|老师别打|再发我看看|放过我的钱包|安静地穷|不让退订"
    r"|把推销的?.{0,3}都?(?:拉黑|屏蔽)|(?:说|写)我拒收|拒收.{0,6}(?:运费|退款|没退|到付|那个?.{0,2}件)"
    r"|当面拒收吗|我拒收了那个|(?:不想要|不要).{0,4}拒收"
    r"|(?:打滚|滚蛋饺子|滚滚长江|叫滚$)|让我退订|说退订要"
)
_ASKED: Final = re.compile(
    r"(?:退订|拒收|停发|取消订阅|td|停).{0,4}.{0,4}(?:什么意思|多久|几天|生效|成功了?没|是退什么|俩字|是回到)"
    r"|(?:是不是|是否|有没有|会不会).{0,4}(?:已经?)?(?:全)?(?:退订|停了?|停发|取消了?|拒收)|(?:为啥"
    r"|为什么).{0,8}(?:写|有|带).{0,2}(?:拒收|退订|td)"
    rf"|(?:{_KIN}|老人).{{0,8}}(?:号|手机|问).{{0,5}}(?:怎么|如何).{{0,3}}(?:退|不收|停|关)|{_KIN}的?号.{{0,4}}(?:退订"
    rf"|停).{{0,3}}(?:没有?|吗)$"
    r"|^(?!.{0,8}(?:能|可以|行|好|请|麻烦|给我|帮|怎么|如何|不|别|想|还|都)).{0,8}(?:停发|退订|停)了?(?:吗|么"
    r"|没有?)$|发不发|(?:恢复|停)没$"
    r"|(?:退订|拒收|停发)(?:了|后|以后|之后|的话).{0,10}(?:吗|么|不|没|谁出|怎么办|多久)$|how .*after unsub"
    r"|退订.{0,2}(?:要|收"
    r"|扣).{0,3}[钱费]|退订.{0,6}(?:是不是|会不会|能不能)|拒收.{0,8}是回到|if .{2,12}wants? to|(?:叫|算"
    r"|係)拒收|什么意思"
)
_HOLDS_ON: Final = re.compile(
    r"^(?:停|停一?下|等一?下|打住|停停)[,。!~ ]*(?:我先|我去|我接|让我|我想|我看|等我|我在)|别打了?,?我?在"
)
_GOODS: Final = re.compile(
    r"(?:装|样|册|样品|东西|特产|礼品|杂志|赠品|衣服|手办)(?:也|就)?(?:不用|别|不要|甭)(?:再)?(?:给我)?寄"
    r"|给我寄(?:东西|吃的|衣服|特产)|(?:别|不用|不要)寄了?.{0,3}(?:家里|自己|自取|[来去]取|[来去]拿)|^[妈爸],"
    r"|(?:赶紧|尽快|抓紧|快点?|早点)(?:给我)?[发寄送](?:货|出|过来)?(?:啊|吧|呀|行吗|行不行)?$"
    r"|(?:别|不要|不用|甭|莫)再?(?:给我)?发货|我的?(?:地址|备注|照片).{0,3}(?:删|去掉)|发这家快递|发工资"
    r"|马上发"
    r"|油卡给我.{0,2}号错"
)
_CARRIERS: Final = (
    "(?:圆通|中通|申通|韵达|顺丰|百世|极兔|德邦|邮政|京东|ems|平邮|闪送|达达|到付|黑猫|宅急便|菜鸟|丰巢|快递柜|驿站)"
)
_NO_GOODS: Final = r"(?!.{0,4}(?:短信|广告|信息|消息|优惠|券|活动|通知|单页|传单))"
_NOT: Final = "(?:别|不要|不用|甭|莫|勿)"
_MORE: Final = "(?:再|老是?|又|总是?)"
_FOR_ME: Final = "(?:给我|帮我|跟我)?"
_ANY_MORE: Final = f"{_NOT}{_MORE}{_FOR_ME}"
_SPOILT: Final = re.compile(
    "(?:别|不要|不用|甭|莫|勿)(?:再|老)?(?:给我|跟我)?补?[发寄送][^,。]{0,3}(?:过期|临期|[坏破碎烂旧酸]|次品|假货|发霉|变质)"
    "(?!.{0,3}(?:短信|广告|信息|消息))"
    rf"|{_ANY_MORE}[发寄送装配拿邮派上]错(?!人|号|短信|信息|消息)"
    rf"|{_ANY_MORE}[用拿选找走][^,。]{{0,6}}(?:快递|物流|箱|[袋盒纸膜](?!巾)|包装|泡沫|{_CARRIERS}){_NO_GOODS}"
)
"""What came was bad, or badly sent: the next shall not be."""
_HAIR: Final = re.compile(
    "[洗护染烫头理剪接假短长卷白黑秃脱沙开出散触蒸颁研批启激引爆首]发(?!短信|信息|消息|广告)"
    "|发(?:型|色|膜|尾|际|廊|质|量|根|箍|烧|炎|痒|麻|黄|黑|白|胖|福|呆)"
)
"""Words that hold a 发 and send nothing."""
_ANY_STOP: Final = re.compile(
    "[发传推寄扰烦停退订收闭滚删黑找打叫喊来问催吵滋]|短信|消息|信息|广告|通知|提醒|联系|联络|营销|td|stop|send|sms|text|sub|messag",
    re.IGNORECASE,
)
_OTHERWISE: Final = re.compile(
    rf"{_NOT}{_MORE}?{_FOR_ME}"
    rf"(?:[发寄走用选派]{_CARRIERS}{_NO_GOODS}"
    r"|[寄送](?:到|去|来|往|回)?(?:公司|单位|学校|宿舍|老家|驿站|门卫|前台|隔壁|楼下|老地址|旧地址|原来|以前|那个地址|上次)"
    r"|(?:安排|派|排)(?!什么|活动|短信|广告)"
    r"|[在往到朝][^,。]{0,5}(?:群|朋友圈|网上|抖音|微博)里?[^,。]{0,3}[发传晒贴转放])"
)
"""How, where or by whom it shall not be done: of goods and services, not of texts."""
_ANSWERS: Final = re.compile(
    r"^(?:.{0,4}(?:分数?)?)(?:别|不要|甭|勿|莫|不用|不得|不必|饶了我|放过我)(?:找我|问我|问|打|填|猜|答|使问我"
    r"|我)?(?:了|吧|我)?(?:填|不想填)?$"
)
_FOR_GOOD: Final = re.compile(
    "再(?!讲|说)|以后|今后|老|总|一直|又|这[种些类](?:问卷|调查|题|短信|东西)|短信|发|骚扰|烦|别来"
)
_ASKING: Final = frozenset({"survey", "quiz", "rating"})
_BOOKED: Final = re.compile("booking.{0,3}cancel|号了?,退$")
_OF_TEXTS: Final = re.compile("短信|发|send|退订")
_NOT_TODAY: Final = re.compile(
    r"不看了|^qx$|(?:疫苗|针|牙|号)?不用打|预[订约定].{0,2}去掉|提醒|booking.{0,2}cancel|qx吧"
)
"""With a booking open these speak of it."""


_MEANT: Final[tuple[tuple[re.Pattern[str], re.Pattern[str] | None, IntentName], ...]] = (
    (_UNDOES, _AGAIN, "resubscribe"),
    (_STAYS, re.compile("不行"), "deny"),
    (_NOT_ME, None, "wrong_number"),
    (_PERSON, None, "human_handoff"),
    (_TOLD, None, "other"),
    (_HOLDS_ON, None, "other"),
    (_SPOILT, None, "complaint"),
    (_GOODS, None, "other"),
    (_OTHERWISE, None, "other"),
    (_ASKED, re.compile("别|不要|求|赶紧|马上|快点|给我退|帮我"), "question"),
)
"""What is said, unless so, and what it means."""


def really(stop: Candidate, reading: Reading, context: ReplyContext) -> IntentName | None:
    """Tell what a reply means that only sounds like a stop; None where it is one."""
    text = reading.text
    if stop.score >= 1 or _THREATS.search(text):
        return None
    for said, unless, intent in _MEANT:
        if said.search(text) and not (unless and unless.search(text)):
            return intent
    clause = reading.text_of(stop.clause) or text
    if _HAIR.search(clause) and not _ANY_STOP.search(_HAIR.sub("", clause)):
        return "complaint" if "再" in clause else "other"
    return "preference_change" if _keeps_some(reading) else _answered(stop, reading, context)


def _answered(stop: Candidate, reading: Reading, context: ReplyContext) -> IntentName | None:
    """Tell what words that could be a stop mean as an answer to what was asked."""
    text = reading.text
    kind = context.prompts[0].kind if context.prompts else None
    said = reading.text_of(stop.clause) or text
    if kind in _ASKING and _ANSWERS.search(said) and not _FOR_GOOD.search(text):
        return "deny"
    if _BOOKED.search(text):
        return "appointment_cancel"
    if kind == "promo" and (said == "拒绝" or (said.startswith(("取消", "撤")) and "不领" in text)):
        return "deny"
    if kind == "appointment" and _NOT_TODAY.search(said) and not _OF_TEXTS.search(text):
        return "appointment_confirm" if "提醒" in said else "appointment_cancel"
    return None


def _keeps_some(reading: Reading) -> bool:
    """Tell whether what is refused is only a part, or only at times: something else may come."""
    text = reading.text
    if _EVERYTHING.search(text):
        return False
    if _AT_TIMES.search(text) or _NOT_THESE.search(text):
        return True
    refused = {clause.index for clause in reading.clauses if _REFUSES.search(clause.text)}
    kept = {clause.index for clause in reading.clauses if _KEEPS.search(clause.text)} - {
        clause.index for clause in reading.clauses if _FORBIDS.match(clause.text) and "留" not in clause.text
    }
    return bool(refused and kept)


def instead(stop: Candidate, intent: IntentName, reading: Reading) -> Candidate:
    """Give what stands in the place of a stop that is none."""
    slots = reading.preference.slots if intent == "preference_change" else NO_SLOTS
    return Candidate(
        intent=intent,
        score=0.9,
        layer="pattern",
        reason=f"{HEARSAY}:{stop.reason}",
        clause=stop.clause,
        slots=slots,
    )


def undoes(text: str) -> bool:
    """Tell whether a text takes a stop back."""
    return bool(_UNDOES.search(text)) and not _AGAIN.search(text)


def returned(wish: Candidate) -> Candidate:
    """Give the wish to be written to again that stands in a choice of texts ("之前关了物流短信,现在给我开上")."""
    return replace(wish, intent="resubscribe", slots=NO_SLOTS)
