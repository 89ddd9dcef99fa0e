"""One request at the stage `cache`: what it is called here, what is known of it, and the call that it follows."""

from functools import partial
from time import monotonic
from typing import Final

import msgspec

from trunkline.cache.control import Control, read_control
from trunkline.cache.entry import Damaged, Entry, Unread, unpack
from trunkline.cache.forgetting import names_of
from trunkline.cache.request import Canonical, key_of
from trunkline.gateway.cache_names import digest_of, digest_of_sent, frame_of, was_changed
from trunkline.gateway.cache_rules import Rule, scope_of
from trunkline.gateway.errors import AllUnwell, GatewayError, IdempotencyConflict, LimitReached, UpstreamError
from trunkline.gateway.flight import Ask, CallName, Flight
from trunkline.gateway.follower import Follower, give, told
from trunkline.gateway.fronts import RESPONSES, Front, takes_whole_calls
from trunkline.gateway.said import blank
from trunkline.gateway.semantics import UNDER_WAY, Seen
from trunkline.gateway.state import Journey
from trunkline.kept.owners import sealed_for, shared_by

NAMED_FOR: Final = 86_400.0
"""Seconds for which the outcome of an Idempotency-Key is known."""
BOUND: Final = ("previous_response_id", "conversation", "background")
"""Fields of a request for a response whose answer hangs on more than the request. What is kept here of a conversation
has been put into the request before.
"""


class Asking:
    """One request: what it is called here, what is known of it, and the call that it follows."""

    def __init__(self, journey: Journey) -> None:
        if journey.asked.stream and takes_whole_calls(journey.request.headers):
            place = msgspec.structs.replace(journey.front.place, whole_calls=True)
            journey.speak(Front(journey.front.format, place))
        headers = journey.request.headers
        self._journey = journey
        self._caching = journey.gateway.caching
        self._control: Control = read_control(headers)
        self._came = digest_of(journey, journey.body)
        self._seen = digest_of_sent(journey) if was_changed(journey) else self._came
        self._asked = self._caching.canonical(journey, self._seen)
        rules, caller = journey.snapshot.cache, journey.caller
        rule = rules.rule(journey.policy) if rules is not None else None
        self.rule: Rule | None = rule if rule is not None and rule.ttl else None
        """None: nothing is kept for such requests."""
        self.name: bytes | None = None
        """What the client calls this request."""
        # Another's request may have the same pseudonyms, and what they stand for is to be kept nowhere.
        personal = journey.guarding is not None and bool(journey.guarding.pseudonyms)
        called = headers.get(b"idempotency-key")  # an empty one is none: it would name all requests that send it so
        if called and not personal:
            self.name = key_of(b"outcome", caller.key.encode(), called)
        self.key: bytes | None = None
        """What its answer is kept under for others."""
        self._tenant = caller.key
        self._stale: Entry | None = None
        self._learns: Seen | None = None
        """The question, where its answer is to be learnt."""
        asked = self._asked
        if personal or rules is None or self.rule is None or asked is None:
            return
        if self._may_be_kept(self.rule, asked):
            self.key = rules.key(self.rule, frame_of(journey, rules), asked)
            if self._caching.answers.is_shared or self.rule.stored:
                self._tenant = self._owner(self.rule, asked)

    def _owner(self, rule: Rule, asked: Canonical) -> str:
        """For whom the answer is encrypted where it leaves this process: it is erased with them."""
        caller = self._journey.caller
        scope = scope_of(rule.scope, caller, asked.user)
        if scope[0] in ("team", "org", "all"):
            return shared_by(scope)
        end_user = asked.user if scope[0] == "user" else ""
        return sealed_for(caller.key, self._journey.gateway.remembered.person(end_user))

    def _may_be_kept(self, rule: Rule, asked: Canonical) -> bool:
        value = self._journey.document.value
        bound = self._journey.front is RESPONSES and any(value.get(name) for name in BOUND)
        return self._control.stores and not bound and rule.takes(asked)

    def tells(self, result: str) -> None:
        """Tell the client, and count."""
        self._journey.gateway.metrics.event("cache", result)
        self._journey.told_of_cache = b"x-trunkline-cache: %b\r\n" % result.encode()

    # what is known

    async def known(self) -> bool:
        """Answer with what is kept, if anything is. Raises `IdempotencyConflict`."""
        answers = self._caching.answers
        if self.name is not None:
            entry = await answers.find(self._journey.caller.key, self.name)
            if entry is not None:
                self._same(entry.asked)
                return self._replay(self.name, entry, "outcome")
            flight = self._caching.flights.get(self.name)
            if flight is not None:
                self._same(flight.body)
                return False
        if self.key is None:
            return False
        entry = await answers.find(self._tenant, self.key)
        if entry is None or not entry.fits(self._asked.cap if self._asked is not None else None):
            return False
        self._stale = entry if self._control.uses else None
        return self._is_good(entry) and self._replay(self.key, entry, "hit")

    def _is_good(self, entry: Entry) -> bool:
        control, now = self._control, self._caching.answers.now()
        young = control.max_age is None or now - entry.stored <= control.max_age
        forgotten = self._caching.answers.memory.forgotten.covers(entry)
        return control.uses and young and entry.expires > now and not forgotten

    def _same(self, body: bytes) -> None:
        if body != self._came:
            raise IdempotencyConflict(
                "This Idempotency-Key was used for another request within the last 24 hours. Use a new one.",
                param="Idempotency-Key",
            )

    def _replay(self, key: bytes | None, entry: Entry, result: str, *, paid: bool = False) -> bool:
        """Answer with an entry; False where it is damaged. `key`: what it is kept under. `paid`: it saves nothing."""
        journey, caching = self._journey, self._caching
        memory = caching.answers.memory
        form = (journey.asked.stream, self._seen)
        body = memory.form(key, form) if key is not None else None
        if body is None:
            try:
                reply = unpack(entry)
            except Damaged:
                caching.answers.damaged()
                if key is not None:
                    memory.drop(key)
                return False
            in_pieces = self.rule is None or self.rule.in_pieces
            body = told(journey, reply, "pieces" if in_pieces else "whole")
            if key is not None:
                memory.keep_form(key, form, body)
        if result == "hit" and key is not None and self.name is None and self._asked is not None:
            caching.verbatim.remember(journey, journey.body, key, form, self._asked.cap)
        give(journey, entry, body, result, caching.answers.now() - entry.stored, 0 if paid else max(entry.cost, 0))
        return True

    # by its sense

    async def known_by_sense(self, ask: Ask) -> bool:
        """Answer with what was said to the same question in other words, if that is certain enough."""
        journey, asked, rules = self._journey, self._asked, self._journey.snapshot.cache
        embedding = journey.snapshot.learnt.embedding
        if rules is None or self.rule is None or asked is None or embedding is None or self.key is None:
            return False
        if not (self.rule.max_error and asked.turn and self._control.uses) or self._under_way() is not None:
            return False
        semantics, now = self._caching.semantics, self._caching.answers.now()
        frame = rules.frame(self.rule, frame_of(journey, rules), asked)
        seen = await semantics.look(embedding, self.rule.max_error, frame, asked.turn, now)
        self._learns = seen
        if seen is None or seen.entry is None:
            return False
        if self._caching.answers.memory.forgotten.covers(seen.entry):
            semantics.forget(seen)
            return False
        if not seen.entry.fits(asked.cap) or not self._is_good(seen.entry):
            return False
        verify = seen.verify and semantics.verifying < UNDER_WAY
        if not self._replay(None, seen.entry, "semantic", paid=verify):
            return False
        if verify:
            journey.body = b""
            self._verify(ask)
        return True

    def _verify(self, ask: Ask) -> None:
        """Ask a model all the same, behind the answer that was given, to learn whether it was right."""
        semantics = self._caching.semantics
        flight = Flight(self._journey, self._came, "first", stays=True)
        flight.call.verifies()
        semantics.verifying += 1
        self._caching.flights[flight.call.id.encode()] = flight

        def landed(flight: Flight) -> None:
            semantics.verifying -= 1
            del self._caching.flights[flight.call.id.encode()]
            self._keep(flight)

        flight.on_landing = landed
        flight.start(ask)

    # a call

    async def follow(self, ask: Ask) -> bool:
        """Follow the call that is under way, or one of its own. False: that was refused for limits which are not those
        of this request.
        """
        journey = self._journey
        flight = self._under_way()
        first = flight is None
        self.tells("miss" if first else "joined")
        if flight is None:
            flight = self._lead()
        journey.body = b""
        follower = Follower(journey, flight, first=first)
        if journey.asked.stream:
            journey.delivery.expect_stream(journey.snapshot.keep_alive, monotonic())
        if first:
            flight.leader = follower
        flight.join(follower)
        try:
            if first:
                flight.start(ask)
            await follower.over
        finally:
            flight.leave(follower)
        try:
            follower.finish()
        except GatewayError as error:
            if isinstance(error, LimitReached) and flight.call.caller.key != journey.caller.key and not flight.begun:
                return False
            if not self._stands_in(error, flight):
                raise
        return True

    def _under_way(self) -> Flight | None:
        flights = self._caching.flights
        flight = flights.get(self.name) if self.name is not None else None
        if flight is None and self.key is not None and self._control.uses:
            flight = flights.get(self._call_name(self.key))
            if flight is not None and (flight.call.sparing or flight.call.capped is not None):
                return None  # for a budget which is not that of this request, perhaps
        return flight if flight is not None and not flight.outgrown else None

    def _call_name(self, key: bytes) -> CallName:
        """An answer under another cap may be cut, so calls under different caps are not shared."""
        return key, self._asked.cap if self._asked is not None else None

    def _lead(self) -> Flight:
        flights = self._caching.flights
        split = self.rule.split if self.rule is not None else "first"
        flight = Flight(self._journey, self._came, split, stays=self.name is not None)
        self._journey.settles = False
        names: list[CallName] = [self.name] if self.name is not None else []
        if self.key is not None and self._control.uses:
            names.append(self._call_name(self.key))
        for name in names:
            flights[name] = flight

        def landed(flight: Flight) -> None:
            for name in names:
                if flights.get(name) is flight:
                    del flights[name]
            self._keep(flight)

        flight.on_landing = landed
        return flight

    def _keep(self, flight: Flight) -> None:
        said, row, answers = flight.said(), flight.row, self._caching.answers
        if said is None or row is None:
            return
        now, rule = answers.now(), self.rule
        cap = self._asked.cap if self._asked is not None else None
        if self.name is not None:
            until = now + NAMED_FOR
            outcome = said.outcome(blank(row, cap, now, until, until, asked=self._came))
            if outcome is not None:
                answers.keep(self._journey.caller.key, self.name, outcome)
        if self.key is None or rule is None or flight.call.sparing:
            return
        until = now + (rule.ttl if self._control.ttl is None else min(rule.ttl, self._control.ttl))
        asked_at, names = now - (monotonic() - self._journey.arrived), self._names()
        untold = blank(row, cap, now, until, until + rule.stale, asked_at=asked_at, names=names)
        read = partial(said.entry, untold, calls=rule.tools)
        if self._learns is None and not answers.is_shared:
            answers.memory.put(self.key, Unread(read, len(said.body), untold.ends, asked_at, names))
            return
        entry = read()
        if entry is None:
            return
        answers.keep(self._tenant, self.key, entry)
        reply = flight.reply() if self._learns is not None else None
        if self._learns is not None and reply is not None:
            tenant = self._tenant if rule.stored else None
            self._caching.semantics.learn(self._learns, entry, reply, now, tenant)

    def _names(self) -> tuple[str, ...]:
        """By which its answer may be forgotten."""
        tags = self._journey.tags
        return names_of(self._journey.asked.model, msgspec.json.decode(tags) if tags else {})

    def _stands_in(self, error: GatewayError, flight: Flight) -> bool:
        """Answer with an expired entry where nobody else does."""
        if self._stale is None or self.key is None or flight.begun:
            return False
        if not isinstance(error, UpstreamError | AllUnwell):
            return False
        self._journey.note(f"stale: {error.code or error.kind}")
        return self._replay(self.key, self._stale, "stale")
