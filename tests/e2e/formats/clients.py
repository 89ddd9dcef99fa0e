"""The official SDKs as the tests of this folder use them: a question, and the text of the answer or its exception."""

from collections.abc import Iterator
from typing import Any, Protocol

import anthropic
import openai
from google import genai
from google.genai import errors
from mistralai.client import Mistral
from mistralai.client import errors as mistral_errors
from mistralai.client.models import UserMessage


class Client(Protocol):
    """One SDK pointed at a gateway."""

    @property
    def name(self) -> str:
        """By which tests ask for it."""

    @property
    def raises(self) -> type[Exception]:
        """What all its exceptions are."""

    def say(self, text: str, model: str, *, stream: bool) -> str:
        """What the model answers."""

    def pieces(self, text: str, model: str) -> Iterator[str]:
        """The same as a stream, piece by piece."""

    def status(self, error: Any) -> int | None:
        """The status that an exception has."""


class Chat:
    """`openai`, Chat Completions."""

    name = "chat"
    raises = openai.APIError

    def __init__(self, sdk: openai.OpenAI) -> None:
        self.sdk = sdk

    def say(self, text: str, model: str, *, stream: bool) -> str:
        if stream:
            return "".join(self.pieces(text, model))
        said = self.sdk.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
        return said.choices[0].message.content or ""

    def pieces(self, text: str, model: str) -> Iterator[str]:
        with self.sdk.chat.completions.create(
            model=model, messages=[{"role": "user", "content": text}], stream=True
        ) as chunks:
            for chunk in chunks:
                if chunk.choices and chunk.choices[0].delta.content:
                    yield chunk.choices[0].delta.content

    def status(self, error: Any) -> int | None:
        return getattr(error, "status_code", None)


class Responses(Chat):
    """`openai`, Responses."""

    name = "responses"

    def say(self, text: str, model: str, *, stream: bool) -> str:
        if stream:
            return "".join(self.pieces(text, model))
        return self.sdk.responses.create(model=model, input=text).output_text

    def pieces(self, text: str, model: str) -> Iterator[str]:
        with self.sdk.responses.create(model=model, input=text, stream=True) as events:
            for event in events:
                if event.type == "response.output_text.delta":
                    yield event.delta


class Anthropic:
    """`anthropic`, Messages."""

    name = "anthropic"
    raises = anthropic.APIError

    def __init__(self, sdk: anthropic.Anthropic) -> None:
        self.sdk = sdk

    def say(self, text: str, model: str, *, stream: bool) -> str:
        if stream:
            return "".join(self.pieces(text, model))
        said = self.sdk.messages.create(model=model, max_tokens=100, messages=[{"role": "user", "content": text}])
        return "".join(block.text for block in said.content if block.type == "text")

    def pieces(self, text: str, model: str) -> Iterator[str]:
        with self.sdk.messages.create(
            model=model, max_tokens=100, messages=[{"role": "user", "content": text}], stream=True
        ) as events:
            for event in events:
                if event.type == "content_block_delta" and event.delta.type == "text_delta":
                    yield event.delta.text

    def status(self, error: Any) -> int | None:
        return getattr(error, "status_code", None)


class Google:
    """`google-genai`."""

    name = "google"
    raises = errors.APIError

    def __init__(self, sdk: genai.Client) -> None:
        self.sdk = sdk

    def say(self, text: str, model: str, *, stream: bool) -> str:
        if stream:
            return "".join(self.pieces(text, model))
        return self.sdk.models.generate_content(model=model, contents=text).text or ""

    def pieces(self, text: str, model: str) -> Iterator[str]:
        for chunk in self.sdk.models.generate_content_stream(model=model, contents=text):
            if chunk.text:
                yield chunk.text

    def status(self, error: Any) -> int | None:
        code: int = error.code
        return code


class Mistralai:
    """`mistralai`."""

    name = "mistral"
    raises = mistral_errors.MistralError

    def __init__(self, sdk: Mistral) -> None:
        self.sdk = sdk

    def say(self, text: str, model: str, *, stream: bool) -> str:
        if stream:
            return "".join(self.pieces(text, model))
        said: Any = self.sdk.chat.complete(model=model, messages=[UserMessage(content=text)])
        content = said.choices[0].message.content
        return content if isinstance(content, str) else ""

    def pieces(self, text: str, model: str) -> Iterator[str]:
        with self.sdk.chat.stream(model=model, messages=[UserMessage(content=text)]) as events:
            for event in events:
                for choice in event.data.choices:
                    if isinstance(choice.delta.content, str) and choice.delta.content:
                        yield choice.delta.content

    def status(self, error: Any) -> int | None:
        return getattr(error, "status_code", None)


ALL = ("chat", "responses", "anthropic", "google")
"""One for each format that clients speak."""
EVERY = (*ALL, "mistral")
