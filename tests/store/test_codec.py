from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.customer import Customer, Prompt
from bot.domain.decision import LogEntry
from bot.domain.effects import OpenPrompt, RecordRating, Reply, Schedule
from bot.domain.events import BusinessEvent, Event, TimerDue
from bot.domain.messages import OutboundMessage
from bot.domain.understanding import Candidate, Mood, Slots, Understanding
from bot.errors import KeyMissing, SettingsError
from bot.store.codec import Codec
from bot.store.vault import Vault
from tests.smallbot import PHONE, decide, reply

NOW = datetime(2025, 7, 2, 2, 0, 0, 123456, UTC)
NATIONAL = PHONE.removeprefix("+86").encode()


@pytest.mark.parametrize(
    "what",
    [
        reply("我的电话是13800000000,或者+8613800000000 \x1a\x1b\n").what,
        BusinessEvent(type="order.paid", data={"phone": "13800000000", "items": [1, {"price": 2.5}], "note": None}),
        TimerDue(timer="t", what="prompt_expiry", due_at=NOW, data={"prompt": "p"}),
    ],
)
def test_events_come_back_and_the_number_is_never_in_clear(vault: Vault, what: object) -> None:
    event = replace(reply("x"), what=what)
    packed = Codec(vault).pack(event, event.phone)
    assert NATIONAL not in packed
    assert Codec(vault).unpack(Event, packed) == event


@pytest.mark.parametrize("text", ["138-0000-0000", "打138 0000 0000#1,或+86 138-000 00000 - 1#", "138-0000-0000" * 2])
def test_a_number_in_groups_is_sealed_too_and_comes_back_as_it_was_written(vault: Vault, text: str) -> None:
    event = reply(text)
    packed = Codec(vault).pack(event, event.phone)
    assert b"138" not in packed.partition(b"\n")[2]
    assert Codec(vault).unpack(Event, packed) == event


def test_customers_and_log_entries_come_back(vault: Vault) -> None:
    prompt = Prompt(id="p", kind="rating", opened_at=NOW, slots_offered=(NOW,), options=("一", "二"))
    customer = Customer(id="c", shop="default", phone=PHONE, created_at=NOW, prompts=(prompt,), counts={"a": 1})
    chosen = Candidate(intent="rating", score=1.0, layer="number", reason="数字", slots=Slots(rating=4))
    entry = LogEntry(
        event=reply("4分"),
        decided_at=NOW,
        content_version="1",
        effects=(
            RecordRating(prompt="p", rating=4),
            OpenPrompt(prompt=prompt),
            Reply(text="谢谢"),
            Schedule(timer="t", what="x", due_at=NOW + timedelta(days=1)),
        ),
        understanding=Understanding(
            text="4分", normalized="4分", script="simplified", chosen=(chosen,), slots=Slots(rating=4), mood=Mood()
        ),
    )
    codec = Codec(vault)
    assert codec.unpack(Customer, codec.pack(customer, PHONE)) == customer
    assert codec.unpack(LogEntry, codec.pack(entry, PHONE)) == entry


def test_a_changed_key_still_opens_what_was_sealed_before() -> None:
    old = Vault({"k1": b"a" * 32}, "k1")
    new = Vault({"k1": b"a" * 32, "k2": b"b" * 32}, "k2")
    sealed = old.seal(PHONE)
    assert new.open(sealed) == PHONE
    assert new.stale(sealed)
    assert not new.stale(new.seal(PHONE))


def test_what_holds_no_number_needs_no_key_and_the_rest_is_read_without_it() -> None:
    old, new = Codec(Vault({"k1": b"a" * 32}, "k1")), Codec(Vault({"k2": b"b" * 32}, "k2"))
    text = decide(None, reply("好"), NOW).outbox[0]
    assert new.unpack(OutboundMessage, old.pack(text, PHONE)) == text
    with_number = replace(text, text="打13800000000或138-0000-0000")
    packed = old.pack(with_number, PHONE)
    with pytest.raises(KeyMissing, match="'k1'"):
        new.unpack(OutboundMessage, packed)
    assert new.legible(OutboundMessage, packed) == replace(text, text="打或")
    assert old.legible(OutboundMessage, packed) == with_number
    assert new.legible(OutboundMessage, b"k1.x\n\x1arubbish") is None


def test_a_wrong_or_missing_key_says_so() -> None:
    sealed = Vault({"k1": b"a" * 32}, "k1").seal(PHONE)
    with pytest.raises(SettingsError, match="not the one"):
        Vault({"k1": b"b" * 32}, "k1").open(sealed)
    with pytest.raises(SettingsError, match="not in the settings"):
        Vault({"k2": b"b" * 32}, "k2").open(sealed)
