"""What the log hides, and what it must not."""

from bot.app.logs import hide


def test_numbers_are_masked_and_secrets_dropped() -> None:
    said = {"event": "x", "why": "13800600077 left, +8613800600077 too", "api_token": "t", "pause": 2}
    hidden = {"event": "x", "why": "138****0077 left, +861****0077 too", "api_token": "***", "pause": 2}
    assert hide(None, "info", said) == hidden


def test_ids_stay_whole_for_one_finds_things_by_them() -> None:
    ids = {
        "event": "request_crashed",
        "request": "212512197455",
        "entry": "1790123456789-0",
        "event_id": "timer:x:1751421600000000",
        "message": "20250702100000123",
        "account": "main-13800600077",
        "customer": "123456789012345678901234",
    }
    assert hide(None, "info", dict(ids)) == ids
