"""What a request is written for: the provider's dialect, whom the request came from, and where losses are told."""

from trunkline.formats.conversation import FormatName, Part, Request, ToolResult
from trunkline.formats.dialect import PLAIN, Dialect, Parameter
from trunkline.formats.efforts import while_reasoning
from trunkline.formats.harmless import USUAL
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat.words import NAME
from trunkline.formats.paths import field_path, inner_path, name_of, part_paths, thinking_names


class Target:
    """One request on its way to one provider."""

    __slots__ = ("_places", "_request", "as_said", "dialect", "losses", "own", "refuses", "source")

    def __init__(self, request: Request, dialect: Dialect, losses: Losses, name: FormatName = NAME) -> None:
        self.dialect = dialect
        self.refuses = while_reasoning(dialect, request).refuses
        self.losses = losses
        self.source = request.format
        self.own = request.format == name
        """The request came in this format."""
        self.as_said = self.own and dialect == PLAIN
        """… and goes to a side that takes all that the format has: every spelling is kept."""
        self._places: dict[int, str] | None = None
        self._request = request

    def term(self, name: str) -> str:
        """What the client calls the parameter that is `name` here."""
        return name_of(self._request, name)

    def place(self, part: Part) -> str:
        """Where the client said `part`."""
        if self._places is None:
            self._places = _places(self._request)
        return self._places.get(id(part)) or self.term("messages")

    def field(self, part: Part, name: str) -> str:
        """Where the client said the field `name` of `part` (`paths.field_path`)."""
        return field_path(self.source, self.place(part), name)

    def drops(self, parameter: Parameter) -> bool:
        """Whether the model does not take a harmless parameter, which is then left behind and told."""
        if parameter not in self.refuses:
            return False
        if parameter not in USUAL or getattr(self._request, parameter) != USUAL[parameter]:
            self.losses.drop(self.term(parameter))
        return True

    def drop_thinking(self) -> None:
        """Leave behind how much the model is to reason."""
        for name in thinking_names(self._request):
            self.losses.drop(name)

    def refused(self, parameter: Parameter, at: Part | str = "") -> bool:
        """Whether the model does not take what the answer depends on, which stands at `at`.

        Raises `CannotCarry`, unless the operator wants all of this dropped.
        """
        if parameter not in self.refuses:
            return False
        param = at if isinstance(at, str) else self.place(at)
        param = param or self.term(parameter)
        self.losses.refuse(param, f"'{param}' is not supported by this model.")
        return True

    def refuse(self, part: Part, why: str) -> None:
        """Leave `part` behind, because of `why`. Raises likewise."""
        path = self.place(part)
        self.losses.refuse(path, f"'{path}': {why}")


def _places(request: Request) -> dict[int, str]:
    """Where each part of the messages stands in the client's document, by the part's identity."""
    found: dict[int, str] = {}
    messages = [request.instructions] if request.instructions is not None else []
    for message in [*messages, *request.messages]:
        for part, path in zip(message.parts, part_paths(request.format, message), strict=True):
            found[id(part)] = path
            if isinstance(part, ToolResult):
                for number, inner in enumerate(part.content):
                    found[id(inner)] = inner_path(request.format, path, part, number)
    return found
