"""Reads content/, checks it and holds it: the packaged folder and the shops' own beside it."""

from bot.content.kinds import schema
from bot.content.loading import FOLDERS, Report, check, load, packaged, reload

__all__ = ["FOLDERS", "Report", "check", "load", "packaged", "reload", "schema"]
