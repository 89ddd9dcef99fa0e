"""Stage 3 of a journey: the policies that hold for a request, and what they make of it before anything is sent.

Policies come in this order: those that hold everywhere, as they stand in the file; those of the caller, from its
organisation to its key; those of the route. Each sees the texts as the ones before it left them, and all of them hold.
What they put in comes last, for it is not screened.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from trunkline.config import guard as configured
from trunkline.formats.conversation import Reply, Request
from trunkline.formats.losses import CannotCarry
from trunkline.gateway.errors import CannotExpress, GuardForbidden, GuardRefused, GuardUnavailable, GuardWithheld
from trunkline.gateway.glance import Memory, glance, rewording
from trunkline.gateway.guards import compiled
from trunkline.gateway.headers import listed
from trunkline.gateway.state import Journey
from trunkline.gateway.watching import Decision, Held, Watch, withheld
from trunkline.guard.answers import FAILED, judged
from trunkline.guard.inject import inject
from trunkline.guard.policy import Policy
from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.texts import pieces, with_edits
from trunkline.guard.values import Finding, Question
from trunkline.routing.wishes import suffix

MOST_NOTED = 20
"""Decisions of one request that its log line tells one by one."""


class Guards:
    """The policies of one configuration, compiled."""

    def __init__(self, policies: Mapping[str, configured.Policy], previous: "Guards | None" = None) -> None:
        """What has not changed since `previous` is taken from there: compiling takes a tenth of a second each."""
        self._said = policies
        self._held = {
            name: (previous.compiled(name, policy) if previous is not None else None) or _held(name, policy)
            for name, policy in policies.items()
        }
        self._everywhere = tuple(name for name, policy in policies.items() if policy.everywhere)
        self.put_in: Memory = {}
        """See `glance`."""

    def compiled(self, name: str, policy: configured.Policy) -> Held | None:
        """A policy that is here already."""
        return self._held[name] if self._said.get(name) == policy else None

    def __bool__(self) -> bool:
        return bool(self._held)

    def names(self, of_caller: Iterable[str], of_route: Iterable[str]) -> tuple[str, ...]:
        """The policies that hold, in their order, each once."""
        return tuple(dict.fromkeys((*self._everywhere, *of_caller, *of_route)))

    def held(self, names: Iterable[str]) -> tuple[Held, ...]:
        """These policies. Raises `GuardUnavailable` for one that is not there: a key may outlive it."""
        missing = [name for name in names if name not in self._held]
        if missing:
            raise GuardUnavailable(f"The policy {missing[0]!r} should hold here, and there is none. Tell the operator.")
        return tuple(self._held[name] for name in names)

    def of_answers(self, names: Iterable[str]) -> list[str]:
        """Those of them under which an answer may not be handed on as it comes."""
        policies = {name: self._held[name].policy for name in names}
        return [name for name, each in policies.items() if _of_answers(each) or each.input.pseudonymises]


def _of_answers(policy: Policy) -> bool:
    return policy.rules_answers or bool(policy.output.questions)


def _held(name: str, policy: configured.Policy) -> Held:
    return Held(name, compiled(policy), shows=policy.header)


class Guarding:
    """One request under its policies: what was decided, and the pseudonyms that are to be put back."""

    def __init__(self, held: tuple[Held, ...]) -> None:
        self.held = held
        self.names = frozenset(each.name for each in held)
        self.pseudonyms = Pseudonyms()
        self.decisions: list[Decision] = []
        self.watches: list[Watch] = []

    def request(self, request: Request) -> tuple[Request, list[tuple[Held, Question]]]:
        """The request as it may be sent, and what has to be asked of others before. Raises `GuardRefused`."""
        questions: list[tuple[Held, Question]] = []
        for each in self.held:
            verdict = each.policy.request(request, self.pseudonyms)
            self.note(each, verdict.findings)
            if verdict.blocked is not None:
                raise self.refusal(each, verdict.blocked)
            request = with_edits(request, verdict.edits)
            questions += [(each, question) for question in verdict.questions if question.pieces]
        return request, questions

    @property
    def injects(self) -> bool:
        """Whether the policies put anything in."""
        return any(each.policy.injected is not None for each in self.held)

    @property
    def forces(self) -> bool:
        """Whether they set parameters, too."""
        return any(each.policy.forces for each in self.held)

    def injected(self, request: Request) -> Request:
        """The request with what the policies put in."""
        for each in self.held:
            if each.policy.injected is not None:
                request = inject(request, each.policy.injected)
        return request

    def note(self, held: Held, findings: Iterable[Finding]) -> None:
        """Record decisions."""
        self.decisions += [Decision(held, finding) for finding in findings]

    def refusal(self, held: Held, finding: Finding) -> GuardRefused | GuardUnavailable:
        """Why the request is not sent, as the client is told."""
        if finding.kind == FAILED:
            return GuardUnavailable(f"The policy {held.name!r} needs an answer to {finding.rule}, and there was none.")
        where = f" in {finding.path}" if finding.path else ""
        told = f"The policy {held.name!r} refuses this request: {finding.rule} finds {finding.kind!r}{where}."
        kind = GuardForbidden if finding.rule == "tools" else GuardRefused
        return kind(told, param=finding.path or None)

    @property
    def keeps_conversation(self) -> bool:
        """What was said before has to come from here: providers know other pseudonyms, or may keep nothing."""
        return any(each.policy.input.pseudonymises or each.policy.forbids_storing for each in self.held)

    # what comes back

    @property
    def looks_at_answers(self) -> bool:
        """Whether an answer may not be handed on as it comes: it is looked at, or pseudonyms are put back."""
        return bool(self.pseudonyms) or any(_of_answers(each.policy) for each in self.held)

    @property
    def asks_about_answers(self) -> bool:
        """Whether others have a say about answers."""
        return any(each.policy.output.questions for each in self.held)

    @property
    def holds_answers(self) -> bool:
        """Whether streams are held to their end, so that one that is withheld never begins."""
        return any(each.policy.output.reach is None for each in self.held)

    def watch(self) -> Watch | None:
        """What the answer of one attempt has to pass; None where nothing is said about answers."""
        watching = tuple(each for each in self.held if each.policy.rules_answers)
        if not watching and self.pseudonyms:
            watching = self.held[-1:]
        if not watching:
            return None
        self.watches.append(Watch(watching, self.pseudonyms))
        return self.watches[-1]

    # the record

    @property
    def silent(self) -> bool:
        """Whether nothing was decided about the request, and nobody was asked: for the same one it is so again."""
        return not self.decisions and not self.pseudonyms and not any(each.policy.input.questions for each in self.held)

    def all_decisions(self) -> list[Decision]:
        """About the request, and about the answers of all attempts so far."""
        return [*self.decisions, *(decision for watch in self.watches for decision in watch.decisions())]

    def head(self) -> bytes:
        """The header line that tells what was decided, without any text; empty where nothing is to be told."""
        counts: dict[str, int] = {}
        for each in self.all_decisions():
            if each.held.shows:
                told = f"{each.held.name}.{each.finding.rule}={each.finding.action}"
                counts[told] = counts.get(told, 0) + 1
        return b"x-trunkline-guard: %b\r\n" % listed(f"{told};n={n}" for told, n in counts.items()) if counts else b""

    def record(self, journey: Journey) -> None:
        """Tell the log and the metrics. Once, when the request is over."""
        decisions = self.all_decisions()
        counts = journey.gateway.guard_decisions
        for number, decision in enumerate(decisions):
            finding = decision.finding
            name = (f"{decision.held.name}.{finding.rule}", finding.action)
            counts[name] = counts.get(name, 0) + 1
            if number < MOST_NOTED:
                text = f" {finding.text!r}" if finding.text else ""
                journey.note(f"guard: {name[0]} {finding.action} {finding.kind} {finding.path}{text}")
        if len(decisions) > MOST_NOTED:
            journey.note(f"guard: {len(decisions) - MOST_NOTED} more")


def guarding_of(journey: Journey) -> Guarding | None:
    """The policies that the request is under; None where there are none. Raises `GuardUnavailable`."""
    guards = journey.snapshot.guards
    names = guards.names(journey.caller.guards, journey.policy.guards)
    return Guarding(guards.held(names)) if names else None


async def guard(journey: Journey, guarding: Guarding) -> None:
    """Have the request keep to its policies. Raises `GuardRefused`, `GuardUnavailable`, or `CannotExpress` for one that
    cannot be read, and so not looked at.
    """
    _check_models(journey, guarding)
    if glance(journey, guarding):
        return
    request = journey.in_full()
    screened, questions = guarding.request(request)
    objection = await _objection(journey, guarding, questions) if questions else None
    if objection is not None:
        raise guarding.refusal(*objection)
    changed = guarding.injected(screened)
    if changed is not request:
        _rewrite(journey, request, changed)


def _check_models(journey: Journey, guarding: Guarding) -> None:
    """Every name the request asks for has to be allowed, whatever it stands for."""
    wishes = journey.wishes
    for name in (wishes.route or journey.asked.model, *wishes.models):
        for each in guarding.held if name else ():
            finding = each.policy.refused_model(name)
            if finding is not None and each.policy.refused_model(suffix(name)[0]) is not None:
                guarding.note(each, (finding,))
                told = f"The policy {each.name!r} does not allow the model {name!r}."
                raise GuardForbidden(told, param="model")


async def _objection(
    journey: Journey, guarding: Guarding, questions: Sequence[tuple[Held, Question]]
) -> tuple[Held, Finding] | None:
    """Ask what others have to say, all at once; the first decision of theirs that refuses."""
    answers = await journey.gateway.questions.ask(journey, [question for _, question in questions])
    found = [
        (held, finding)
        for (held, question), answer in zip(questions, answers, strict=True)
        if (finding := judged(question, answer)) is not None
    ]
    for held, finding in found:
        guarding.note(held, (finding,))
    return next(((held, finding) for held, finding in found if finding.action == "block"), None)


def _rewrite(journey: Journey, before: Request, after: Request) -> None:
    """Have `after` sent in place of `before`: the top-level fields that differ, and all others with their bytes.

    Where the format does not write such a field as the client did, the request is translated: only then is it certain
    that nothing else changes.
    """
    spoken, document = journey.front.format, journey.document
    try:
        changes, exact = rewording(spoken, document.value, before, after)
    except CannotCarry as error:
        raise CannotExpress(f"What policies make of this request cannot be sent: {error}", param=error.param) from None
    document.change(changes)
    journey.replace(after, must_translate=not exact)
    journey.asked = spoken.look(document.value, journey.front.place, len(document.write()))


async def objected(journey: Journey, reply: Reply) -> GuardWithheld | None:
    """Why an answer is not handed on, because others object to it."""
    guarding, texts = journey.guarding, tuple(pieces(reply))
    if guarding is None or not texts:
        return None
    questions = [
        (each, msgspec.structs.replace(question, pieces=texts))
        for each in guarding.held
        for question in each.policy.output.questions
    ]
    objection = await _objection(journey, guarding, questions)
    return withheld(*objection) if objection is not None else None
