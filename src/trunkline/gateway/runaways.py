"""Stops programs that run away: the same request over and over, and sessions without an end (`loops`)."""

import hashlib
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from trunkline.config.limits import Loops
from trunkline.gateway.errors import RunsAway
from trunkline.limits.loops import Repeats, Sessions
from trunkline.telemetry.definitions import Event

if TYPE_CHECKING:
    from trunkline.gateway.state import Journey


class Runaways:
    """What it takes for running away is the operator's to say."""

    def __init__(self, loops: Loops, event: Callable[[Event, str], None]) -> None:
        """`event` counts what is refused: its name, and why."""
        self._event = event
        same = loops.same_request
        self._repeats = Repeats(same.limit, same.window / 1000) if same is not None else None
        capped = loops.session_requests is not None or loops.session_cost is not None
        self._sessions = Sessions(loops.session_requests, loops.session_cost) if capped else None

    def stop(self, journey: "Journey") -> None:
        """Raises `RunsAway` for a request that should not have come."""
        if self._repeats is not None:
            self._stop_repeats(journey, self._repeats)
        if self._sessions is not None and journey.wishes.session:
            self._stop_session(journey, self._sessions)

    def _stop_repeats(self, journey: "Journey", repeats: Repeats) -> None:
        asked = journey.request.target + b"\0" + journey.caller.key.encode() + b"\0" + journey.document.write()
        again = repeats.again(hashlib.blake2b(asked, digest_size=16).digest(), monotonic())
        if again is not None:
            self._event("limited_requests", "loop")
            error = RunsAway("The identical request came over and over: is it a loop?", "loop_detected")
            error.retry_after = again
            raise error

    def _stop_session(self, journey: "Journey", sessions: Sessions) -> None:
        session = journey.wishes.session
        cap = sessions.begin(journey.caller.key, session, monotonic())
        if cap is not None:
            self._event("limited_requests", "session")
            what = "requests" if cap == "requests" else "money"
            message = f"The session '{session}' has used all the {what} that one session may have."
            raise RunsAway(message, "session_limit_exceeded")

    def charge(self, journey: "Journey") -> None:
        """The request has ended, and its cost is known."""
        if self._sessions is not None and journey.cost > 0 and journey.wishes.session:
            self._sessions.charge(journey.caller.key, journey.wishes.session, journey.cost, monotonic())
