"""What a decision may ask for: one union, the same words in code, log, stories and console.

An effect changes the customer (engine/apply), and some also leave: a text to send, a timer, an alert,
a call to the shop. State is rebuilt by applying logged effects, never by deciding again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from bot.domain.customer import CloseReason, Prompt
from bot.domain.messages import MessageClass

Severity = Literal["info", "warning", "urgent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Answer the customer; all replies of one turn leave as one text."""

    text: str
    template: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    opt_out_confirmation: bool = False
    by_staff: str | None = None
    prompt: str | None = None
    kind: Literal["reply"] = "reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTemplate:
    """Send a text that the customer did not just ask for: a journey's step, a reminder."""

    template: str
    text: str
    message_class: MessageClass
    variables: Mapping[str, str] = field(default_factory=dict)
    prompt: str | None = None
    journey: str | None = None
    run: str | None = None
    campaign: str | None = None
    arm: str | None = None
    care: bool = False
    not_before: datetime | None = None
    not_after: datetime | None = None
    topic: str | None = None
    kind: Literal["send_template"] = "send_template"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPrompt:
    """Ask something: the prompt waits for an answer from now on."""

    prompt: Prompt
    kind: Literal["open_prompt"] = "open_prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePrompt:
    """Close a prompt, with what was recorded for it."""

    prompt: str
    reason: CloseReason
    answer: str | None = None
    answered_at: datetime | None = None
    kind: Literal["close_prompt"] = "close_prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRating:
    """Keep a score, 1 to 5."""

    prompt: str
    rating: int
    subject: str | None = None
    kind: Literal["record_rating"] = "record_rating"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceRating:
    """Put a corrected score in place of the earlier one."""

    prompt: str
    rating: int
    was: int
    kind: Literal["replace_rating"] = "replace_rating"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuizAnswer:
    """Keep the option chosen in a quiz, from 1."""

    prompt: str
    option: int
    subject: str | None = None
    right: bool = True
    kind: Literal["record_quiz_answer"] = "record_quiz_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSurveyAnswer:
    """Keep the answer to a survey, a choice or a promotion."""

    prompt: str
    answer: str
    subject: str | None = None
    kind: Literal["record_survey_answer"] = "record_survey_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceAnswer:
    """Put a corrected answer in place of the earlier one."""

    prompt: str
    answer: str
    was: str
    kind: Literal["replace_answer"] = "replace_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachComment:
    """Keep the customer's words with what they speak of (`to`: a prompt, an order, a ticket)."""

    text: str
    topics: tuple[str, ...] = ()
    to: str | None = None
    kind: Literal["attach_comment"] = "attach_comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmAppointment:
    """The customer will come."""

    appointment: str
    start: datetime | None = None
    kind: Literal["confirm_appointment"] = "confirm_appointment"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAppointment:
    """The customer will not come."""

    appointment: str
    start: datetime | None = None
    kind: Literal["cancel_appointment"] = "cancel_appointment"


@dataclass(frozen=True, slots=True, kw_only=True)
class RescheduleAppointment:
    """The customer agreed to another time."""

    appointment: str
    start: datetime
    was: datetime | None = None
    kind: Literal["reschedule_appointment"] = "reschedule_appointment"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreAppointment:
    """Take back a cancellation, a move or a confirmation."""

    appointment: str
    start: datetime | None = None
    kind: Literal["restore_appointment"] = "restore_appointment"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """Stop a scope, with the words that asked for it."""

    scope: str
    how: str = "reply"
    words: str = ""
    kind: Literal["opt_out"] = "opt_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn:
    """Allow a scope, with the words that asked for it."""

    scope: str
    how: str = "reply"
    words: str = ""
    kind: Literal["opt_in"] = "opt_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPreference:
    """Keep what the customer wants to receive, how often and when."""

    only: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    frequency: str | None = None
    send_time: str | None = None
    quiet_after: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    """Profile fields that the shop's event brought."""
    kind: Literal["set_preference"] = "set_preference"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagWrongNumber:
    """The number is not (or no longer) the person we mean."""

    kind: Literal["flag_wrong_number"] = "flag_wrong_number"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressMarketing:
    """Hold marketing back for a reason; `lift` takes that reason away again."""

    reason: str
    lift: bool = False
    kind: Literal["suppress_marketing"] = "suppress_marketing"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStaff:
    """Tell staff at once."""

    alert: str
    reason: str
    severity: Severity = "warning"
    text: str = ""
    kind: Literal["alert_staff"] = "alert_staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawAlert:
    """Take an alert back: it was a mistake."""

    alert: str
    kind: Literal["withdraw_alert"] = "withdraw_alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket:
    """Open a case for a person, with the time by which it is due."""

    ticket: str
    reason: str
    text: str = ""
    due_at: datetime | None = None
    kind: Literal["open_ticket"] = "open_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendToTicket:
    """Add what the customer wrote to the open case."""

    ticket: str
    text: str
    kind: Literal["append_to_ticket"] = "append_to_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveTicket:
    """Close the case."""

    ticket: str
    by: str = ""
    kind: Literal["resolve_ticket"] = "resolve_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseBot:
    """A person has taken over; the bot is silent."""

    by: str
    until: datetime | None = None
    kind: Literal["pause_bot"] = "pause_bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeBot:
    """The bot speaks again."""

    kind: Literal["resume_bot"] = "resume_bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartJourney:
    """Begin a run of a journey, pinned to its version."""

    journey: str
    run: str
    version: str
    key: str
    step: str
    variables: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["start_journey"] = "start_journey"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitJourney:
    """End a run, with the reason that staff read."""

    run: str
    reason: str
    kind: Literal["exit_journey"] = "exit_journey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Set a timer; with `run` and `step` in `data` the run stands at that step from now on."""

    timer: str
    what: str
    due_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["schedule"] = "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSchedule:
    """Take a timer back."""

    timer: str
    kind: Literal["cancel_schedule"] = "cancel_schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReward:
    """Give the customer a reward code."""

    reward: str
    code: str
    subject: str | None = None
    kind: Literal["issue_reward"] = "issue_reward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """Add and remove tags."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    kind: Literal["tag"] = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Count something that reports and caps read."""

    name: str
    by: int = 1
    kind: Literal["count"] = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLateReply:
    """Keep an answer that came after its prompt had expired."""

    prompt: str
    answer: str
    kind: Literal["record_late_reply"] = "record_late_reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Take back what an earlier event did; the effects that put things right stand beside it."""

    event: str
    of: tuple[str, ...] = ()
    kind: Literal["undo"] = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyShop:
    """Tell the shop's systems; nobody posts it to the shop's `webhook` yet."""

    type: str
    data: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["notify_shop"] = "notify_shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreDuplicate:
    """This reply was handled before."""

    key: str
    kind: Literal["ignore_duplicate"] = "ignore_duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaySilent:
    """Say nothing, on purpose."""

    reason: str
    kind: Literal["stay_silent"] = "stay_silent"


Effect = (
    Reply
    | SendTemplate
    | OpenPrompt
    | ClosePrompt
    | RecordRating
    | ReplaceRating
    | RecordQuizAnswer
    | RecordSurveyAnswer
    | ReplaceAnswer
    | AttachComment
    | ConfirmAppointment
    | CancelAppointment
    | RescheduleAppointment
    | RestoreAppointment
    | OptOut
    | OptIn
    | SetPreference
    | FlagWrongNumber
    | SuppressMarketing
    | AlertStaff
    | WithdrawAlert
    | OpenTicket
    | AppendToTicket
    | ResolveTicket
    | PauseBot
    | ResumeBot
    | StartJourney
    | ExitJourney
    | Schedule
    | CancelSchedule
    | IssueReward
    | Tag
    | Count
    | RecordLateReply
    | Undo
    | NotifyShop
    | IgnoreDuplicate
    | StaySilent
)

EFFECTS: tuple[str, ...] = tuple(cls.__dataclass_fields__["kind"].default for cls in get_args(Effect))
"""The words, in the order of the union."""
