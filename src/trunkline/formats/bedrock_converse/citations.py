"""Citations: where a piece of an answer comes from."""

from typing import Any

from trunkline.formats.bedrock_converse.checks import extras, own
from trunkline.formats.conversation import Citation


def read_citation(value: dict[Any, Any]) -> Citation:
    """One citation. Places in the source (`location`) are only this format's; an address of the web is everybody's."""
    left, spelling = dict(value), {}
    title = cited = url = ""
    if type(left.get("title")) is str and left["title"]:
        title = left.pop("title")
    match left.get("sourceContent"):
        case [{"text": str(cited), **others}] if cited and not others:
            del left["sourceContent"]
        case _:
            cited = ""
    match left.get("location"):
        case {"web": {"url": str(url), **web}, **others} if url and not others:
            del left["location"]
            if web:
                left["web"] = web
        case _:
            url = ""
    source = left.get("source")
    if not url and type(source) is str and source.startswith(("https://", "http://")):
        url, spelling = left.pop("source"), {"url": "source"}
    return Citation(url=url, title=title, cited=cited, spelling=spelling, extras=extras(left))


def write_citation(citation: Citation) -> dict[str, Any]:
    """The citation as this format says it."""
    value = own(citation.extras)
    web = value.pop("web", {})
    if citation.title:
        value["title"] = citation.title
    if citation.cited:
        value["sourceContent"] = [{"text": citation.cited}]
    if citation.url and citation.spelling.get("url") == "source":
        value["source"] = citation.url
    elif citation.url:
        value["location"] = {"web": {**web, "url": citation.url}}
    return value
