"""One sending to an audience: who gets it, in which words, and what the gates say."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.customer import Consent
from bot.domain.effects import AlertStaff, SendTemplate, StaySilent
from bot.domain.verdict import Later, Never


def test_an_arm_and_its_text(walker):
    walker.tell("campaign.due", campaign="new_tea")
    sent = walker.of(SendTemplate)[0]
    assert sent.template == sent.arm
    assert (sent.campaign, sent.message_class, sent.topic) == ("new_tea", "marketing", "promo")
    assert walker.tell("campaign.due", campaign="new_tea").of(SendTemplate)[0].arm == sent.arm


def test_who_does_not_get_it(walker):
    def reasons() -> list[str]:
        return [effect.reason for effect in walker.tell("campaign.due", campaign="new_tea").of(StaySilent)]

    walker.customer = replace(walker.customer, mood="neg")
    assert reasons() == ["not_in_audience"]
    walker.customer = replace(
        walker.customer, mood="neu", consent={"marketing": Consent(state="out", at=walker.now, how="reply")}
    )
    assert reasons() == ["opted_out"]
    assert walker.tell("campaign.due", campaign="none").of(StaySilent)[0].reason == "no_campaign"


def test_the_gates(walker):
    morning = walker.now + timedelta(hours=9)
    walker.verdicts = [Later(morning, "不在可发送时段", "quiet_hours"), Never("上限1条", "cap")]
    assert walker.tell("campaign.due", campaign="new_tea").of(SendTemplate)[0].not_before == morning
    assert walker.tell("campaign.due", campaign="new_tea").of(SendTemplate) == []
    assert walker.customer.counts == {"held/new_tea/cap": 1}


def test_a_fault_calls_staff(walker):
    walker.content = replace(walker.content, texts={})
    assert "new_arrival" in walker.tell("campaign.due", campaign="new_tea").of(AlertStaff)[0].text
