"""Campaigns: one sending to an audience, each customer by an event of their own (`campaign.due {campaign}`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.domain.content import Campaign
from bot.domain.effects import AlertStaff, Count, Effect, SendTemplate, StaySilent
from bot.domain.verdict import Later, Never
from bot.errors import TemplateError
from bot.journeys.audience import about, belongs
from bot.journeys.course import Moment
from bot.journeys.experiments import arm
from bot.journeys.wording import variables_of, wording_of
from bot.templating import render

DUE: Final = "campaign.due"


def due(moment: Moment, data: Mapping[str, Any]) -> list[Effect]:
    """Send a campaign's text to this customer, if they belong to its audience and the gates are open.

    An arm is the name of the text that its customers get; a text held back for the night leaves in the morning.
    """
    name = str(data.get("campaign", ""))
    campaign = moment.content.campaigns.get(name)
    if campaign is None or moment.customer.stopped("marketing"):
        return [StaySilent(reason="no_campaign" if campaign is None else "opted_out")]
    try:
        if not belongs(moment.customer, moment.shop, moment.now, campaign.audience, data):
            return [StaySilent(reason="not_in_audience")]
        message = _message(moment, campaign, data)
    except TemplateError as error:
        alert = moment.ids.make("alert", name)
        return [AlertStaff(alert=alert, reason="campaign_fault", text=f"{name}: {error}"[:300])]
    verdict = moment.means.gate(message)
    if isinstance(verdict, Never):
        return [StaySilent(reason=verdict.reason), Count(name=f"held/{name}/{verdict.gate}")]
    if isinstance(verdict, Later):
        return [replace(message, not_before=verdict.at)]
    return [message]


def _message(moment: Moment, campaign: Campaign, data: Mapping[str, Any]) -> SendTemplate:
    chosen = arm(moment.customer.id, campaign.name, campaign.arms) if campaign.arms else None
    text = moment.content.texts.get(chosen or campaign.text)
    if text is None:
        raise TemplateError(f"there is no text {chosen or campaign.text}; write it into content/templates")
    values = about(moment.customer, moment.shop, moment.now, data)
    wording = wording_of(text, moment.customer, values)
    return SendTemplate(
        template=text.name,
        text=render(wording, values, text.defaults),
        message_class="marketing",
        variables=variables_of(text, wording, values),
        campaign=campaign.name,
        arm=chosen,
        care=text.care,
        topic="promo",
    )
