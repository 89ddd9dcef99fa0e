"""What a request is written for: the provider's dialect, whom the request came from, and where losses are told."""

from trunkline.formats.conversation import FormatName, Part, Request
from trunkline.formats.dialect import PLAIN, Dialect, Parameter
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat.paths import name_of, places
from trunkline.formats.openai_chat.words import NAME


class Target:
    """One request on its way to one provider."""

    __slots__ = ("_places", "_request", "as_said", "dialect", "losses", "own", "refuses", "source")

    def __init__(self, request: Request, dialect: Dialect, losses: Losses, name: FormatName = NAME) -> None:
        self.dialect = dialect
        self.refuses = dialect.refuses
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
            self._places = places(self._request)
        return self._places.get(id(part)) or self.term("messages")

    def drops(self, parameter: Parameter) -> bool:
        """Whether the model does not take a harmless parameter, which is then left behind and told."""
        if parameter not in self.refuses:
            return False
        self.losses.drop(self.term(parameter))
        return True

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
