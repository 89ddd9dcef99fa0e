"""A policy, compiled: everything that is decided about a request before it is sent, and about what comes back.

The gateway asks in this order: `refused_model`, `inject` (the policy's own words are not screened, so it comes last),
`request`, and the verdict's questions; then `reply` or, for a stream, `events.EventScreen`.
"""

from collections.abc import Sequence

from trunkline.formats.conversation import Reply, Request, Text, ToolCall
from trunkline.guard import allowed
from trunkline.guard.inject import Forced, Inject
from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.screen import Screen
from trunkline.guard.shape import Length, Schema
from trunkline.guard.texts import pieces, with_edits
from trunkline.guard.values import Finding, Verdict


class Policy:
    """What a `guard` policy of the configuration says. It holds no state of any request, and may be shared."""

    def __init__(
        self,
        input_screen: Screen,
        output_screen: Screen,
        *,
        shape: Sequence[Length | Schema] = (),
        models: Sequence[str] | None = None,
        tools: Sequence[str] | None = None,
        injected: Inject | None = None,
    ) -> None:
        """`models` and `tools`: patterns of what is allowed; None for everything."""
        self.input = input_screen
        self.output = output_screen
        self.injected = injected
        self.forces = injected is not None and injected.forced != Forced()
        """Whether it sets parameters."""
        self._shape = tuple(shape)
        self._models = models
        self._tools = tools
        self.rules_answers = bool(output_screen.rules or shape or tools is not None)
        """Whether anything is said about answers, beside what others are asked."""

    @property
    def forbids_storing(self) -> bool:
        """Whether providers are told to keep nothing."""
        return self.injected is not None and self.injected.forced.store is False

    def refused_model(self, model: str) -> Finding | None:
        """The decision against a model."""
        return allowed.refused_model(model, self._models)

    def refused_call(self, name: str, path: str) -> Finding | None:
        """The decision against a model's call of a tool."""
        return allowed.refused_call(name, path, self._tools)

    def misshapen(self, text: str, path: str) -> Finding | None:
        """The decision against a text of an answer by its length or schema."""
        return next(filter(None, (check.check(text, path) for check in self._shape)), None)

    def request(self, request: Request, pseudonyms: Pseudonyms) -> Verdict:
        """Decide about a request. The edits are for `texts.with_edits`, or for the bytes it came in."""
        refused = allowed.refused_tools(request, self._tools)
        if refused:
            return Verdict(refused, blocked=refused[0])
        return self.input.screen(pieces(request), pseudonyms)

    def passes(self, texts: Sequence[str]) -> bool:
        """Whether it certainly has nothing to say about a request in which there are no other texts than these."""
        if self._tools is not None or self.input.questions:
            return False
        return not self.input.rules or self.input.scanner.silent(texts)

    def reply(self, reply: Reply, pseudonyms: Pseudonyms | None = None) -> Verdict:
        """Decide about a whole reply; what the pseudonyms stand for is put back by its edits."""
        refused = self._refused_calls(reply)
        if refused is not None:
            return Verdict((refused,), blocked=refused)
        verdict = self.output.screen(pieces(reply), pseudonyms, restore=True)
        if verdict.blocked is None and self._shape:
            misshapen = self._misshapen(with_edits(reply, verdict.edits))
            if misshapen is not None:
                return Verdict((*verdict.findings, misshapen), blocked=misshapen)
        return verdict

    def _refused_calls(self, reply: Reply) -> Finding | None:
        for choice in reply.choices:
            for index, part in enumerate(choice.parts):
                if isinstance(part, ToolCall):
                    refused = self.refused_call(part.name, f"choices[{choice.index}].parts[{index}]")
                    if refused is not None:
                        return refused
        return None

    def _misshapen(self, reply: Reply) -> Finding | None:
        """Of every text: an answer that only calls tools has none, and need not look like anything."""
        for choice in reply.choices:
            for index, part in enumerate(choice.parts):
                if isinstance(part, Text):
                    finding = self.misshapen(part.text, f"choices[{choice.index}].parts[{index}].text")
                    if finding is not None:
                        return finding
        return None
