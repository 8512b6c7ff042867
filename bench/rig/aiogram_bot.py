"""The bot to compare with: aiogram by webhook, Redis FSM storage and Redis event isolation, two simple handlers."""

from __future__ import annotations

import sys

import uvloop
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web


class Asked(StatesGroup):
    rating = State()


def main() -> None:
    port, url, sink = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    uvloop.install()
    storage = RedisStorage.from_url(url, connection_kwargs={"max_connections": 1000})
    session = AiohttpSession(api=TelegramAPIServer.from_base(sink))
    bot = Bot("42:benchmark-token-of-no-use-anywhere", session=session)
    dispatcher = Dispatcher(storage=storage, events_isolation=storage.create_isolation())

    @dispatcher.message(Asked.rating, F.text.regexp(r"^[1-5]"))
    async def rated(message: Message, state: FSMContext) -> None:
        await state.update_data(rating=message.text)
        await state.set_state(None)
        await message.answer(f"已为您记{message.text}分，谢谢！")

    @dispatcher.message()
    async def ask(message: Message, state: FSMContext) -> None:
        await state.set_state(Asked.rating)
        await message.answer("请为本次服务打分，回复1-5。")

    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False).register(app, path="/inbound")
    setup_application(app, dispatcher, bot=bot)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
