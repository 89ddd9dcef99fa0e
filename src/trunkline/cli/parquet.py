"""Tables as Parquet. Imports arro3, which the extra `parquet` brings: import this where one is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from trunkline.cli.failure import Failure

try:
    from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
    from arro3.io import write_parquet
except ImportError:
    raise Failure("Parquet needs another library: pip install 'trunkline[parquet]'.") from None

AT_ONCE = 50_000
"""Lines in memory at a time."""


def write(path: Path, columns: Mapping[str, bool], lines: Iterable[Sequence[str | int]]) -> None:
    """Write `lines` to a file. `columns`: by name, whether it is text rather than whole numbers."""
    kinds = [DataType.string() if text else DataType.int64() for text in columns.values()]
    schema = Schema([Field(name, kind, nullable=False) for name, kind in zip(columns, kinds, strict=True)])

    def batches() -> Iterator[RecordBatch]:
        rest = iter(lines)
        while some := list(islice(rest, AT_ONCE)):
            cells = zip(zip(*some, strict=True), kinds, strict=True)
            yield RecordBatch.from_arrays([Array(list(column), kind) for column, kind in cells], schema=schema)

    write_parquet(RecordBatchReader.from_batches(schema, batches()), path, compression="zstd(3)")
