"""What others say of a text: a webhook's or a moderation model's answer as a decision. No answer is a refusal.

The gateway asks every `Question` of a verdict, each within its deadline, and gives what comes back to `judged`.
"""

from collections.abc import Mapping
from typing import Any

from trunkline.guard.values import Answer, Finding, Question

FAILED = "failed"
"""The kind of a finding that says a check could not be made."""


def judged(question: Question, answer: Answer | None) -> Finding | None:
    """The decision that an answer means; of some categories only their scores count.

    `answer` is None where none came in time, or none that can be understood.
    """
    if answer is None or not answer.scores.keys() >= set(question.categories):
        return Finding(question.rule, FAILED, "", "block" if question.on_failure == "block" else "report")
    scores = {name: answer.scores[name] for name in question.categories or answer.scores}
    worst = max(scores, key=lambda name: scores[name], default="flagged")
    score = scores.get(worst, 1.0)
    refused = answer.flagged and not question.categories
    if question.kind == "moderation" and scores:
        refused = refused or score >= question.threshold
    return Finding(question.rule, worst, "", "block", score=score) if refused else None


def webhook_body(question: Question) -> dict[str, Any]:
    """What is posted to a webhook, as JSON."""
    texts = [{"path": each.path, "role": each.role, "text": each.text} for each in question.pieces]
    return {"rule": question.rule, "texts": texts}


def read_webhook(body: Any) -> Answer | None:
    """`{"flagged": true, "scores": {…}}`; None for anything else."""
    if not isinstance(body, dict) or not isinstance(body.get("flagged"), bool):
        return None
    scores = _scores(body.get("scores", {}))
    return None if scores is None else Answer(body["flagged"], scores)


def read_moderation(body: Any) -> Answer | None:
    """The answer of `/v1/moderations` (OpenAI's and Mistral's), the worst of its results; None for anything else."""
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list) or not results:
        return None
    flagged, worst = False, dict[str, float]()
    for result in results:
        scores = _scores(result.get("category_scores")) if isinstance(result, dict) else None
        if scores is None:
            return None
        said = result.get("categories")
        flagged |= bool(result.get("flagged")) or (isinstance(said, dict) and True in said.values())
        worst.update({name: max(score, worst.get(name, 0.0)) for name, score in scores.items()})
    return Answer(flagged, worst)


def _scores(value: object) -> Mapping[str, float] | None:
    if not isinstance(value, dict):
        return None
    numbers = {n: float(s) for n, s in value.items() if isinstance(s, int | float) and not isinstance(s, bool)}
    return numbers if len(numbers) == len(value) else None
