"""The reference page."""

from pathlib import Path

from tests.config.reading import read

from trunkline.config.reference import render

PAGE = Path(__file__).parents[2] / "docs/reference/configuration.md"


def test_the_page_is_what_the_schema_says() -> None:
    stale = "run: python -m trunkline.config.reference > docs/reference/configuration.md"
    assert PAGE.read_text(encoding="utf-8") == render(), stale


def test_every_section_has_its_table() -> None:
    page = render()
    for row in (
        "## `server.timeouts`",
        "| `write_stall` | duration | `5m` | How long a client may read nothing of a reply that waits for it. |",
        "| `depth` | whole number, at least 1, at most 1000 | `128` | The deepest JSON in a request; beyond it: 400. |",
        "## `providers.<name>.price`",
        "| `of` | list: model | required | What is tried: each `provider/model` or the name of another model here. |",
        "## `keys[]`",
        "| `headers` | mapping: secret |  | Headers to send with every request. |",
    ):
        assert row in page.splitlines()


def test_its_example_is_valid() -> None:
    example = render().partition("```yaml\n")[2].partition("```")[0]
    assert set(read(example, {"OPENAI_API_KEY": "a", "SUPPORT_KEY": "b"}).models) == {"support-bot", "summary"}
