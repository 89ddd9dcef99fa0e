"""Entries in one process, of which the least recently used make room."""

from collections import OrderedDict
from typing import Final

import msgspec

from trunkline.cache.entry import OVERHEAD, Entry, Unread
from trunkline.cache.forgetting import Forgotten

FORMS: Final = 4
"""Ways in which one entry has been told lately that are remembered."""

Form = tuple[object, ...]


class _Held(msgspec.Struct):
    entry: Entry | Unread
    forms: dict[Form, bytes]
    size: int


class Memory:
    """A bounded cache. `form` and `keep_form` remember how an entry was written for a client. No clock."""

    def __init__(self, most: int) -> None:
        """`most`: bytes."""
        self.most = most
        self.forgotten = Forgotten()
        self.size = 0
        """Bytes, roughly."""
        self._held: OrderedDict[bytes, _Held] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: bytes, now: float) -> Entry | None:
        """The entry of `key`, unless it has ended. It may have expired."""
        held = self._held.get(key)
        if held is None:
            return None
        entry = held.entry
        if entry.ends <= now or self.forgotten.covers(entry):
            self.drop(key)
            return None
        if isinstance(entry, Entry):
            self._held.move_to_end(key)
            return entry
        read = entry.read()
        if read is None:
            self.drop(key)
        else:
            self.put(key, read)
        return read

    def put(self, key: bytes, entry: Entry | Unread) -> None:
        """Keep an entry, in place of another of its key. One that is larger than all there may be, or that has been
        forgotten before it came, is not kept.
        """
        self.drop(key)
        if entry.size > self.most or self.forgotten.covers(entry):
            return
        self._held[key] = _Held(entry, {}, entry.size)
        self.size += entry.size
        self._make_room()

    def form(self, key: bytes, form: Form) -> bytes | None:
        """What was remembered with `keep_form`."""
        held = self._held.get(key)
        return held.forms.get(form) if held is not None else None

    def told(self, key: bytes, form: Form, now: float) -> tuple[Entry, bytes] | None:
        """The entry of `key` and how it was written in that form, unless it has expired or was not."""
        held = self._held.get(key)
        if held is None or isinstance(held.entry, Unread):
            return None
        entry, body = held.entry, held.forms.get(form)
        if body is None or entry.expires <= now or self.forgotten.covers(entry):
            return None
        self._held.move_to_end(key)
        return entry, body

    def keep_form(self, key: bytes, form: Form, body: bytes) -> None:
        """Remember how the entry of `key` is written in one form."""
        held = self._held.get(key)
        if held is None:
            return
        if len(held.forms) >= FORMS:
            held.forms.pop(next(iter(held.forms)))
        held.forms[form] = body
        size = held.entry.size + sum(OVERHEAD + len(each) for each in held.forms.values())
        self.size += size - held.size
        held.size = size
        self._make_room()

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self.size = 0

    def drop(self, key: bytes) -> None:
        """Forget an entry."""
        held = self._held.pop(key, None)
        if held is not None:
            self.size -= held.size

    def _make_room(self) -> None:
        while self.size > self.most and self._held:
            self.drop(next(iter(self._held)))
