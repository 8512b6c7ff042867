from bot.conversation.memory import REMEMBERED, forget, remembered


def test_the_same_is_found_once_until_it_is_forgotten() -> None:
    asked: list[str] = []

    def find(text: str) -> str:
        asked.append(text)
        return text * 2

    memory = remembered(find)
    assert [memory("退"), memory("退"), memory("订")] == ["退退", "退退", "订订"]
    assert asked == ["退", "订"]
    forget()
    memory("退")
    assert asked == ["退", "订", "退"]


def test_the_oldest_goes_first() -> None:
    asked: list[int] = []
    memory = remembered(asked.append)
    for number in [*range(REMEMBERED + 1), REMEMBERED, 0]:
        memory(number)
    assert asked == [*range(REMEMBERED + 1), 0]
