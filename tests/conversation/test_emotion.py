"""The emotion index: robust to few replies, fading, the same in any order and however it is merged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.emotion import CAMPAIGN, CUSTOMER, SHOP, faded, felt, index, merged
from bot.domain.customer import Emotion
from bot.domain.understanding import Mood

NOW = datetime(2025, 7, 2, 10, tzinfo=UTC)
FURIOUS = Mood(label="neg", score=-0.95, p=(0.96, 0.03, 0.01))
PLEASED = Mood(label="pos", score=0.9, p=(0.0, 0.1, 0.9))
SO_SO = Mood(label="neu", score=0.0)
UNSURE = Mood(label="neu", score=-0.4, p=(0.48, 0.44, 0.08), abstained=True)

replies = st.lists(
    st.tuples(st.floats(-1, 1), st.sampled_from(["neg", "neu", "pos"]), st.integers(0, 200)), max_size=12
)


def lived(moods, now=NOW, pace=CUSTOMER):
    state = Emotion()
    for mood in moods:
        state = felt(state, mood, now, pace)
    return state


def test_nothing_known_is_fifty():
    assert index(Emotion(), NOW) == 50.0


def test_one_angry_reply_does_not_make_a_fury():
    once, often = lived([FURIOUS]), lived([FURIOUS] * 8)
    assert 30 < index(once, NOW) < 40
    assert index(often, NOW) < 15


def test_a_shop_needs_more_replies_to_be_believed_than_a_customer():
    assert index(lived([FURIOUS] * 3, pace=SHOP), NOW, SHOP) > index(lived([FURIOUS] * 3), NOW)


def test_neutral_replies_move_little_and_unsure_ones_hardly():
    angry = lived([FURIOUS] * 3)
    before = index(angry, NOW)
    assert before < index(felt(angry, SO_SO, NOW), NOW) < index(felt(angry, PLEASED, NOW), NOW)
    assert abs(index(felt(Emotion(), UNSURE, NOW), NOW) - 50) < 1.5


def test_feelings_fade_by_half_in_a_half_life():
    state = lived([FURIOUS] * 4)
    later = NOW + timedelta(days=CUSTOMER.half_life_days)
    assert faded(state, later).weight == pytest.approx(state.weight / 2)
    assert index(state, NOW) < index(state, later) < index(state, later + timedelta(days=400)) <= 50


def test_a_known_shop_lends_its_mean_to_a_new_customer():
    kind = replace(CUSTOMER, prior=0.4)
    assert index(Emotion(), NOW, kind) == 70.0
    assert index(lived([FURIOUS] * 20, pace=kind), NOW, kind) < 20


@given(replies)
def test_the_order_of_arrival_does_not_matter(found):
    moods = [(Mood(label=label, score=score), NOW + timedelta(hours=hours)) for score, label, hours in found]
    forth = back = Emotion()
    for mood, at in moods:
        forth = felt(forth, mood, at)
    for mood, at in reversed(moods):
        back = felt(back, mood, at)
    assert forth.total == pytest.approx(back.total)
    assert forth.weight == pytest.approx(back.weight)
    assert 0 <= index(forth, NOW + timedelta(days=30)) <= 100


@given(replies, replies)
def test_merging_is_like_having_heard_all(ones, others):
    def state(found):
        result = Emotion()
        for score, label, hours in found:
            result = felt(result, Mood(label=label, score=score), NOW + timedelta(hours=hours), CAMPAIGN)
        return result

    together = merged(state(ones), state(others), CAMPAIGN)
    assert together.total == pytest.approx(state(ones + others).total)
    assert together.weight == pytest.approx(state(ones + others).weight)
