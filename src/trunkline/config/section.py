"""What every section of `trunkline.yaml` is: a frozen model whose settings have a description."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trunkline.config.document import NOTHING


def setting(default: object, description: str, **limits: Any) -> Any:
    """A field whose default is written as in the file; `...` where there is none."""
    return Field(default, description=description, **limits)


def section(kind: type["Section"]) -> Any:
    """A field that holds a section, all of whose settings have defaults."""
    return Field(default_factory=kind, description=kind.__doc__)


class Section(BaseModel):
    """A mapping with known names."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        """A section of which only the name stands in the file is empty."""
        return {} if value is NOTHING else value
