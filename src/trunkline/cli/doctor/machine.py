"""Examines this machine: open files, our own certificates, the data directory, the disk, the store, the clock."""

import os
import resource
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from trunkline.certificates.flaws import Kind, flaws, validity
from trunkline.certificates.uses import uses
from trunkline.cli.doctor.findings import Finding, fail, ok, warn
from trunkline.config import schema
from trunkline.config.places import SqliteStore
from trunkline.config.problems import written
from trunkline.data import DataDirectory, DataError
from trunkline.gateway.logins import SetupError
from trunkline.running import running
from trunkline.setup import open_configured_store, open_vault
from trunkline.store.base import Store
from trunkline.store.errors import StoreError

FEW_FILES: Final = 4096
LITTLE_SPACE: Final = 1024**3
NO_SPACE: Final = 100 * 1024**2
LARGE_SKEW: Final = 300
"""Seconds."""
CERTIFICATE_REMEDIES: Final[dict[Kind, str]] = {
    "unusable": "Put a certificate in PEM there with the key that belongs to it.",
    "expired": "Renew it: the new files are taken up while Trunkline runs.",
    "expires_soon": "Renew it: the new files are taken up while Trunkline runs.",
    "open": "Who has the key can pass for this server.",
}
RELEASED: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""No clock that is right shows a time before this."""


def open_files() -> Finding:
    """Every request under way needs two: one to the client, one to the provider."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"{most:,} open files, so about {most // 2:,} requests at one time" if most >= 0 else "no limit"
    if 0 <= most < FEW_FILES:
        return warn(
            "open files", text, f"Raise the limit to {FEW_FILES:,} or more: `ulimit -n`, or systemd's LimitNOFILE."
        )
    return ok("open files", text)


def clock() -> Finding:
    """Whether the clock can be right at all; a provider's answer tells more."""
    now = datetime.now(UTC)
    if now.timestamp() < RELEASED:
        return fail("clock", f"It shows {now:%Y-%m-%d}.", "Set it: certificates and keys are judged by it.")
    return ok("clock", f"It shows {now:%Y-%m-%d %H:%M:%S} UTC.")


def skewed(seconds: float, provider: str) -> list[Finding]:
    """Whether our clock is far from a provider's; `seconds` is negative where ours is behind."""
    if abs(seconds) < LARGE_SKEW:
        return []
    text = f"It is {abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} that of {provider}."
    return [warn("clock", text, "Let the machine keep time by NTP: certificates and keys are judged by its clock.")]


def certificates(config: schema.Config) -> Iterator[Finding]:
    """Those that Trunkline shows, as a listener and to providers, and the authorities that it trusts."""
    now = datetime.now(UTC)
    for use in uses(config):
        subject = f"certificate {use.name}" if use.files.pair is not None else f"authorities {use.name}"
        found = list(flaws(use, now))
        for flaw in found:
            text = f"{written(flaw.place)}: {flaw.text}."
            if flaw.kind in ("unusable", "expired"):
                yield fail(subject, text, CERTIFICATE_REMEDIES[flaw.kind])
            else:
                yield warn(subject, text, CERTIFICATE_REMEDIES[flaw.kind])
        if use.files.pair is None or {flaw.kind for flaw in found} & {"unusable", "expired", "expires_soon"}:
            continue
        left = (validity(use.files.pair.cert).ends - now).days
        yield ok(subject, f"good for {left:,} more days")


def data_directory(root: Path, config: schema.Config) -> Iterator[Finding]:
    """The folder, its modes, its disk, who runs on it, and the store."""
    if not root.exists():
        yield _to_be_made(root)
        return
    try:
        data = DataDirectory(root)
    except DataError as error:
        yield fail("data directory", str(error), "")
        return
    problems = data.problems()
    for problem in problems:
        yield fail("data directory", problem, "")
    if not problems:
        yield ok("data directory", f"{root}, for its owner only")
    yield _space(root)
    status = running(data.run)
    yield ok("running", f"process {status.pid} on {status.url}" if status is not None else "not now")
    yield from _store(config, data)


def _to_be_made(root: Path) -> Finding:
    above = next(folder for folder in root.absolute().parents if folder.exists())
    if os.access(above, os.W_OK | os.X_OK):
        return ok("data directory", f"{root} will be made at the first start")
    return fail("data directory", f"{root} cannot be made: {above} is not writable", "Name another with --data.")


def _space(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    text = f"{free / 1024**3:,.1f} GiB free for the ledger"
    if free < NO_SPACE:
        return fail("disk", text, "Free some: without space for the ledger no request is accepted.")
    if free < LITTLE_SPACE:
        return warn("disk", text, "Free some: a million attempts take about 300 MB.")
    return ok("disk", text)


def _store(config: schema.Config, data: DataDirectory) -> Iterator[Finding]:
    place = config.store or SqliteStore(data.store)
    if isinstance(place, SqliteStore) and not place.path.exists():
        yield ok("store", f"{place.path} will be made at the first start")
        return
    began = time.monotonic()
    try:
        store = open_configured_store(config, data)
        try:
            problems = store.check()
            yield _master_key(config, data, store)
        finally:
            store.close()
    except StoreError as error:
        problems = [str(error)]
    for problem in problems:
        yield fail("store", problem, "")
    if not problems:
        yield ok("store", f"{place} is sound ({time.monotonic() - began:.1f} s)")


def _master_key(config: schema.Config, data: DataDirectory, store: Store) -> Finding:
    """Whether what the store holds encrypted can be read. Makes no key, for that is the first start's business."""
    if store.vault_check() is None:
        return ok("master key", "the store has none yet: it gets one at the next start")
    try:
        open_vault(config, data, store)
    except (SetupError, DataError) as error:
        return fail("master key", str(error), "")
    return ok("master key", "it opens what the store holds encrypted")
