"""What semantic caches have learnt, over a restart."""

from pathlib import Path

from tests.cache.semantic.parts import DIMENSIONS, asked, axis, near, told

from trunkline.cache.semantic import SemanticCache
from trunkline.gateway.curves import EVERY, CurveFile


def taught(answers: int) -> SemanticCache:
    """A cache that was told so many answers, to questions that are all nearly the same."""
    cache = SemanticCache(DIMENSIONS)
    for number in range(answers):
        told(cache, f"How do I reset password {number % 7}?", near(0, 0.95, 1 + number % 7), "By the link.")
    return cache


def risk(cache: SemanticCache) -> float:
    """Of the same question, in a partition that has just begun."""
    told(cache, "Where is it?", axis(3), "There.")
    return asked(cache, "Where is it then?", near(3, 0.9)).risk


def test_a_new_process_goes_on_with_what_was_learnt(tmp_path: Path) -> None:
    cache = taught(200)
    curve = CurveFile(tmp_path / "semantic", "the embedder", 0.01)
    for _ in range(EVERY):
        curve.learnt(cache)
    [file] = (tmp_path / "semantic").iterdir()
    assert (tmp_path / "semantic").stat().st_mode & 0o777 == 0o700
    after, unlearnt = SemanticCache(DIMENSIONS), SemanticCache(DIMENSIONS)
    CurveFile(tmp_path / "semantic", "the embedder", 0.01).read_into(after)
    CurveFile(tmp_path / "semantic", "another", 0.01).read_into(unlearnt)
    assert after.learnt() == cache.learnt()
    assert risk(after) < risk(unlearnt)
    assert b"password" not in file.read_bytes()


def test_what_came_last_is_written_at_the_end_and_nothing_where_nothing_came(tmp_path: Path) -> None:
    curve = CurveFile(tmp_path, "the embedder", 0.01)
    curve.write(taught(50))
    assert list(tmp_path.iterdir()) == []
    curve.learnt(taught(50))
    curve.write(taught(50))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_is_damaged_or_cannot_be_written_only_means_learning_again(tmp_path: Path) -> None:
    curve = CurveFile(tmp_path, "the embedder", 0.01)
    curve.learnt(taught(50))
    curve.write(taught(50))
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    fresh = SemanticCache(DIMENSIONS)
    curve.read_into(fresh)
    assert fresh.learnt() == SemanticCache(DIMENSIONS).learnt()
    (tmp_path / "no-folder").write_text("")
    nowhere = CurveFile(tmp_path / "no-folder", "the embedder", 0.01)
    nowhere.learnt(fresh)
    nowhere.write(fresh)
