"""`trunkline route train`"""

import json
import random

from tests.cli.command import Place

from trunkline.routing.complexity import Features, Prompt, Scorer


def data(place: Place, name: str = "data.jsonl") -> str:
    """A file of additions and proofs."""
    numbers = random.Random(0)
    lines = []
    for _ in range(200):
        hard, one, two = numbers.random() < 0.4, numbers.randrange(10_000), numbers.randrange(10_000)
        text = f"Prove for every n > {one} why {two} + n is optimal" if hard else f"What is {one} plus {two}, or less?"
        lines.append({"prompt": text, "weak": not hard or numbers.random() < 0.2, "strong": True})
    path = place.folder / name
    if path.suffix == ".csv":
        path.write_text("prompt,weak,strong\n" + "".join(f'"{x["prompt"]}",{x["weak"]},{x["strong"]}\n' for x in lines))
    else:
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return name


def test_it_writes_a_model_and_tells_the_curve(place: Place) -> None:
    said = place.run("route", "train", data(place), "--plot", "curve.svg").stdout
    row = next(line.split() for line in said.splitlines() if line.split()[:1] == ["all"])
    assert (row[1], row[2]) == ("features", "200")
    assert float(row[3]) > 0.7
    assert [int(share) for share in row[4:]] == sorted(map(int, row[4:]))
    assert "Written to complexity.json" in said
    scorer = Scorer.read((place.folder / "complexity.json").read_bytes())
    assert scorer.note == "data.jsonl"
    easy, hard = (Features.of(Prompt(text)) for text in ("What is 3 plus 4, or less?", "Prove for every n > 3 why"))
    assert scorer.score(easy) < scorer.score(hard)
    assert (place.folder / "curve.svg").read_text().startswith("<svg")


def test_csv_and_json_give_the_same(place: Place) -> None:
    one = place.json("route", "train", data(place), "--output", "one.json", "--note", "x")
    assert one == place.json("route", "train", data(place, "data.csv"), "--output", "two.json", "--note", "x")
    assert (place.folder / "one.json").read_bytes() == (place.folder / "two.json").read_bytes()


def test_what_cannot_be_used_is_told_and_nothing_is_written(place: Place) -> None:
    bad = place.folder / "bad.jsonl"
    bad.write_text('{"prompt": "a", "label": "easy"}\n{"prompt": "b"}\n')
    assert "line 2: there must be `weak` and `strong`" in place.run("route", "train", "bad.jsonl", code=2).stderr
    bad.write_text('{"prompt": "a", "label": "easy"}\n')
    assert "100 are the least" in place.run("route", "train", "bad.jsonl", code=2).stderr
    (place.folder / "empty").mkdir()
    told = place.run("route", "train", data(place), "--embedder", "empty", code=1).stderr
    assert "model.onnx: No such file" in told
    assert not (place.folder / "complexity.json").exists()
