"""`trunkline route`: what routes of the strategy `complexity` go by."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from trunkline.cli import options
from trunkline.cli.failure import Failure, Wrong, told
from trunkline.embedding import EmbedderError, load
from trunkline.routing.complexity import model as model_file

if TYPE_CHECKING:
    from trunkline.routing.complexity.training.fit import Embedding
    from trunkline.routing.complexity.training.table import Table
    from trunkline.routing.complexity.training.validate import Quality

TOKENS: Final = 40
"""Of a text, so that a decision takes no more than 5 ms. More than that made no better decisions."""
SHARES: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90)


@click.group("route")
def command() -> None:
    """Fit what routes of the strategy `complexity` go by."""


@command.command("train")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--embedder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The folder of a text embedder."
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("complexity.json"),
    show_default=True,
    help="Where the fitted model goes.",
)
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the curves there, as SVG.")
@click.option("--note", default="", help="What the model shall say it was fitted on.  [default: the file's name]")
@options.json_option
def train(path: Path, embedder: Path | None, output: Path, plot: Path | None, note: str, as_json: bool) -> None:
    """Fit a model on FILE, and tell how good it is on prompts that it was not fitted on.

    FILE has a prompt a line, as JSON: {"prompt": "...", "weak": false, "strong": true} tells whether the cheap and the
    strong model did well, as true, false or from 0 to 1; {"prompt": "...", "label": "hard"} that it is hard, or easy.
    In place of `prompt` there may be a whole request, with `messages`, `tools` and so on. `set` is a name to report by.
    A file that ends in .csv has the same names in its first line.

    What is told is the share of the gap in quality between both models that is recovered when so many percent of the
    calls go to the strong one, by cross-validation, and the area under that curve: 0.500 is chance.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: more threads would only wait
    with _told():
        qualities, content = _fitted(path, embedder, note)
        output.write_bytes(content)
        if plot is not None:
            from trunkline.routing.complexity.training.plot import draw

            plot.write_text(draw([each for each in qualities if each.set] or qualities), encoding="utf-8")
    if as_json:
        click.echo(msgspec.json.encode(qualities))
        return
    _show(qualities)
    click.echo(f"Written to {output}.")


def _show(qualities: "list[Quality]") -> None:
    from trunkline.cli.tables import show

    numbers = ["prompts", "area", *(f"{share} %" for share in SHARES)]
    show(["set", "scored by", *numbers], map(_row, qualities), right=numbers)


def _row(quality: "Quality") -> list[str]:
    by = "features, embedding" if quality.embedded else "features"
    recovered = (f"{100 * quality.recovered[share]:.0f}" for share in SHARES)
    return [quality.set or "all", by, str(quality.prompts), f"{quality.area:.3f}", *recovered]


def _fitted(path: Path, embedder: Path | None, note: str) -> "tuple[list[Quality], bytes]":
    """How good it is, and the model file's content."""
    from trunkline.routing.complexity.training.fit import fit
    from trunkline.routing.complexity.training.validate import qualities, unseen_scores

    table, embedding = _table(path, embedder)
    model = fit(table, embedding, note or path.name)
    found = list(qualities(table, unseen_scores(table, embedding)))
    return found, model_file.write(model)


def _table(path: Path, folder: Path | None) -> "tuple[Table, Embedding | None]":
    from trunkline.routing.complexity.training.examples import everyday, read_csv, read_json
    from trunkline.routing.complexity.training.fit import Embedding
    from trunkline.routing.complexity.training.table import Table

    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8", newline="") as rows:
            examples = list(read_csv(rows))
    else:
        with path.open("rb") as lines:
            examples = list(read_json(lines))
    examples += everyday()
    if folder is None:
        return Table.of(examples), None
    embedder = load(folder)
    return Table.of(examples, lambda texts: embedder.embed(texts, TOKENS)), Embedding(embedder.identity, TOKENS)


@contextmanager
def _told() -> Iterator[None]:
    """Turns what training raises into a `Failure`."""
    try:
        from trunkline.routing.complexity.training.examples import ExampleError
        from trunkline.routing.complexity.training.fit import TrainingError
    except ImportError as error:
        raise Failure(f"this needs `pip install 'trunkline[semantic]'` ({error})") from None
    try:
        with told():
            yield
    except (ExampleError, TrainingError, UnicodeDecodeError) as error:
        raise Wrong(str(error)) from None
    except EmbedderError as error:
        raise Failure(str(error)) from None
