"""What a colleague does becomes an event of the customer's, decided like any other, and a line in the audit log."""

from __future__ import annotations

import secrets

from bot.domain.events import Event, StaffActed
from bot.phone import mask
from bot.web.console.visit import Visit


async def happen(visit: Visit, customer: str, phone: str, shop: str, what: StaffActed) -> None:
    """Make it so. Raises StoreUnavailable."""
    now = visit.deps.clock()
    event = Event(
        id=f"staff:{secrets.token_hex(12)}",
        shop=shop,
        customer=customer,
        phone=phone,
        at=now,
        received_at=now,
        what=what,
    )
    await visit.deps.store.inbox.add(event)
    about = {"customer": customer, "phone": mask(phone), **what.data}
    await visit.deps.audit.write(visit.person.name, what.action, now, about)
