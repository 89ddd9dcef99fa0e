"""What stands beside an output text: its annotations, which cite sources, and the log probabilities of its tokens."""

from typing import Any

from trunkline.formats.conversation import Citation, Logprob
from trunkline.formats.openai_responses.names import NAME
from trunkline.formats.openai_responses.shape import taken

Fields = dict[str, Any]


def take_citations(rest: Fields) -> list[Citation]:
    """Take `annotations` out of `rest`. An empty list stays there: it says that there is such a list."""
    found = rest.get("annotations")
    if type(found) is not list or not found or not all(type(entry) is dict for entry in found):
        return []
    del rest["annotations"]
    return [read_citation(entry) for entry in found]


def read_citation(value: Fields) -> Citation:
    """One annotation. Those that cite no address (files, containers) keep their type in `extras`."""
    rest = dict(value)
    citation = Citation()
    if value.get("type") == "url_citation" and type(value.get("url")) is str and value["url"]:
        del rest["type"]
        citation.url = taken(rest, "url")
        citation.title = taken(rest, "title")
    else:
        citation.title = taken(rest, "filename")
    for field, name in (("start", "start_index"), ("end", "end_index")):
        if type(rest.get(name)) is int:
            setattr(citation, field, rest.pop(name))
    if rest:
        citation.extras = {NAME: rest}
    return citation


def write_citation(citation: Citation) -> Fields:
    """The annotation that was read as `citation`."""
    value = dict(citation.extras.get(NAME) or {})
    if "type" in value:
        name = "filename"
    else:
        name = "title"
        value |= {"type": "url_citation", "url": citation.url}
    if citation.title:
        value[name] = citation.title
    if citation.start is not None:
        value["start_index"] = citation.start
    if citation.end is not None:
        value["end_index"] = citation.end
    return value


def compose_citation(citation: Citation, length: int) -> Fields:
    """An annotation of what another format cites, for a text of `length` characters that it stands behind."""
    if NAME in citation.extras:
        return write_citation(citation)
    if not citation.url:
        name = citation.title or citation.cited
        return {"type": "file_citation", "file_id": "", "filename": name, "index": citation.start or 0}
    return {
        "type": "url_citation",
        "url": citation.url,
        "title": citation.title,
        "start_index": citation.start or 0,
        "end_index": length if citation.end is None else citation.end,
    }


def read_logprobs(values: object) -> list[Logprob] | None:
    """Log probabilities of tokens; None for what is no list of such."""
    if type(values) is not list:
        return None
    read = [_read_logprob(value) for value in values]
    return [one for one in read if one is not None] if None not in read else None


def _read_logprob(value: object) -> Logprob | None:
    if type(value) is not dict:
        return None
    rest = dict(value)
    token, logprob = rest.pop("token", None), rest.pop("logprob", None)
    if type(token) is not str or type(logprob) not in (int, float):
        return None
    read = Logprob(token=token, logprob=logprob)
    if type(rest.get("bytes")) is list:
        read.bytes = rest.pop("bytes")
    if rest.get("top_logprobs"):
        top = read_logprobs(rest["top_logprobs"])
        if top is not None:
            del rest["top_logprobs"]
            read.top = top
    if rest:
        read.extras = {NAME: rest}
    return read


def write_logprob(logprob: Logprob) -> Fields:
    """What was read as `logprob`."""
    value = {**logprob.extras.get(NAME, {}), "token": logprob.token, "logprob": logprob.logprob}
    if logprob.bytes is not None:
        value["bytes"] = logprob.bytes
    if logprob.top:
        value["top_logprobs"] = [write_logprob(entry) for entry in logprob.top]
    return value


def compose_logprob(logprob: Logprob, *, top: bool = True) -> Fields:
    """The same of another format's, with all that the published description requires."""
    spelled = logprob.bytes if logprob.bytes is not None else list(logprob.token.encode("utf-8", "replace"))
    value: Fields = {"token": logprob.token, "bytes": spelled, "logprob": logprob.logprob}
    if top:
        value["top_logprobs"] = [compose_logprob(entry, top=False) for entry in logprob.top]
    return value
