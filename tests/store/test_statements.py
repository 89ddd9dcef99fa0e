import re
from pathlib import Path

import apsw
import pytest

import trunkline.store
from trunkline.ledger.record import Row
from trunkline.store import migrations, open_store, statements
from trunkline.store.base import ResponseRecord
from trunkline.store.errors import SchemaTooNew, SchemaUnknown

DIALECTS = ("sqlite", "postgresql")
SOURCES = Path(trunkline.store.__file__).parent


def test_a_statement_is_found_by_its_name_without_its_comments() -> None:
    text = "-- A file.\n\n-- name: one\n-- First.\nSELECT 1;\n\n-- name: two\n-- Second,\n-- still.\nSELECT\n  2;\n"
    assert statements.parse(text) == {"one": "SELECT 1", "two": "SELECT\n  2"}


def test_a_statement_without_a_comment_is_refused() -> None:
    with pytest.raises(ValueError, match="the statement one has no comment"):
        statements.parse("-- name: one\nSELECT 1;\n")


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="two statements are named one"):
        statements.parse("-- name: one\n-- A.\nSELECT 1;\n-- name: one\n-- B.\nSELECT 2;\n")


def test_every_statement_is_used_and_every_one_used_is_there() -> None:
    sources = "".join(path.read_text() for path in [*SOURCES.glob("sqlite*.py"), *SOURCES.glob("tables/*.py")])
    used = re.findall(r'\bSQL\["(\w+)"\]|\.(?:all|one|change|change_each)\(\s*"(\w+)"', sources)
    used += re.findall(r'\._lines\("(\w+)", "(\w+)"', sources)
    assert {name for names in used for name in names if name} == set(statements.load("sqlite"))


def test_every_statement_suits_the_schema(path: Path) -> None:
    open_store(f"sqlite://{path}").close()
    found = statements.load("sqlite")
    found["write_attempts"] = found["write_attempts"].format(rows=found.pop("attempt_row"))
    db = apsw.Connection(str(path))
    db.execute(found.pop("make_summing"))
    for statement in found.values():
        numbered = max(map(int, re.findall(r"\?(\d+)", statement)), default=0)
        db.execute(f"EXPLAIN {statement}", [None] * (numbered or statement.count("?")))
    db.close()


def test_the_columns_of_the_ledger_are_the_fields_of_a_row(path: Path) -> None:
    open_store(f"sqlite://{path}").close()
    db = apsw.Connection(str(path))
    columns = [name for (name,) in db.execute("SELECT name FROM pragma_table_info('attempts')")]
    db.close()
    assert columns == ["id", *Row.__struct_fields__]
    listed = re.search(r"\((.*?)\)", statements.load("sqlite")["write_attempts"], re.DOTALL)
    assert listed is not None
    assert re.findall(r"\w+", listed[1]) == columns[1:]


def test_both_databases_have_their_statements_for_the_tables_that_are_written_once() -> None:
    sources = "".join(path.read_text() for path in SOURCES.glob("tables/*.py"))
    used = set(re.findall(r'\.(?:all|one|change|change_each|_summed|_totals)\(\s*"(\w+)"', sources))
    for dialect in DIALECTS:
        assert used <= statements.load(dialect).keys()


def test_the_columns_of_responses_are_the_fields_of_a_record(path: Path) -> None:
    open_store(f"sqlite://{path}").close()
    db = apsw.Connection(str(path))
    columns = [name for (name,) in db.execute("SELECT name FROM pragma_table_info('responses')")]
    db.close()
    assert columns == list(ResponseRecord.__struct_fields__)


def applied(*steps: migrations.Migration) -> dict[int, migrations.Applied]:
    return {it.number: migrations.Applied(it.number, it.checksum, it.compatible) for it in steps}


def step(number: int, compatible: int | None = None) -> migrations.Migration:
    says = "" if compatible is None else f"-- compatible: {compatible}\n"
    return migrations.Migration(number, f"step_{number}", f"{says}SELECT {number}")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_new_store_needs_every_migration_and_a_current_one_none(dialect: str) -> None:
    known = migrations.load(dialect)
    assert migrations.pending({}, known, "the store") == known
    assert migrations.pending(applied(*known), known, "the store") == []


def test_a_store_in_between_needs_the_rest() -> None:
    known = [step(1), step(2), step(10)]
    assert migrations.pending(applied(known[0]), known, "the store") == known[1:]


def test_a_store_ahead_of_this_release_is_refused() -> None:
    with pytest.raises(SchemaTooNew, match=r"the store has schema 2, made by a newer release .* knows up to 1"):
        migrations.pending(applied(step(1), step(2)), [step(1)], "the store")


def test_a_store_that_is_ahead_by_what_this_release_can_work_with_is_taken() -> None:
    assert migrations.pending(applied(step(1), step(2, 1), step(3, 1)), [step(1)], "the store") == []
    with pytest.raises(SchemaTooNew, match="knows up to 1"):
        migrations.pending(applied(step(1), step(2, 1), step(3, 2)), [step(1)], "the store")


def test_a_store_with_another_past_is_refused() -> None:
    another = {1: migrations.Applied(1, "another", 1)}
    with pytest.raises(SchemaUnknown, match="another migration 0001"):
        migrations.pending(another, [step(1)], "the store")


def test_both_databases_have_the_same_migrations() -> None:
    one, other = ([(it.number, it.compatible) for it in migrations.load(dialect)] for dialect in DIALECTS)
    assert one == other
