"""Tables as Parquet. Imports pyarrow, which the extra `parquet` brings: import this where one is written."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from trunkline.cli.failure import Failure

try:
    import pyarrow as pa
    from pyarrow import parquet
except ImportError:
    raise Failure("Parquet needs another library: pip install 'trunkline[parquet]'.") from None

AT_ONCE = 50_000
"""Lines in memory at a time, which are a row group of the file."""


def write(path: Path, columns: Mapping[str, bool], lines: Iterable[Sequence[str | int]]) -> None:
    """Write `lines` to a file. `columns`: by name, whether it is text rather than whole numbers."""
    kinds = {name: pa.string() if text else pa.int64() for name, text in columns.items()}
    schema = pa.schema(list(kinds.items()))
    rest = iter(lines)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(rest, AT_ONCE)):
            arrays = [
                pa.array(cells, kind) for cells, kind in zip(zip(*some, strict=True), kinds.values(), strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
