"""TLS of a running Trunkline: both listeners, one process or several, and towards providers."""

import asyncio
import contextlib
import re
import shutil
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests import aio
from tests.cli.serving import WITHIN, Served, serving, until
from tests.faults import certificates
from tests.faults.client import RawClient, Response, chat_request, connect, request

bounded = aio.within(2 * WITHIN)
WORKERS = [1, 2]


def write(leaf: trustme.LeafCert, chain: Path, key: Path) -> None:
    """Put a pair in the place of another, each in one step, as those do who renew certificates."""
    new_chain, new_key = chain.with_suffix(".new"), key.with_suffix(".new-key")
    new_chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(new_key)
    new_chain.replace(chain)
    new_key.replace(key)


def settings(folder: Path) -> dict[str, Any]:
    """Settings of a listener that demands certificates of clients; a pair of its own is put into `folder`."""
    folder.mkdir()
    chain, key = certificates.write_pair(folder)
    return {"cert": str(chain), "key": str(key), "client_ca": str(certificates.write_authority(folder / "ca.pem"))}


@contextlib.asynccontextmanager
async def known(port: int, trusted: trustme.CA | None = None) -> AsyncIterator[RawClient]:
    """A connection of a client with a certificate, to a server of `trusted`."""
    context = certificates.client_context(identity="app")
    if trusted is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusted.configure_trust(context)
        certificates.authority().issue_cert("app").configure_cert(context)
    async with connect(port, tls=context, within=WITHIN) as raw:
        yield raw


async def ask(raw: RawClient) -> Response:
    await raw.send(chat_request("simulated/echo"))
    return await raw.response()


async def metrics(served: Served, trusted: trustme.CA | None = None) -> str:
    async with known(served.control, trusted) as raw:
        await raw.send(request("GET", "/metrics"))
        return (await raw.response(to="GET")).body.decode()


def sample(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found is not None else 0.0


async def health(port: int, context: ssl.SSLContext) -> Response:
    async with connect(port, tls=context, within=WITHIN) as raw:
        await raw.send(request("GET", "/health/live"))
        return await raw.response(to="GET")


@bounded
@pytest.mark.parametrize("workers", WORKERS)
async def test_both_listeners_demand_certificates_and_take_in_renewed_ones(tmp_path: Path, workers: int) -> None:
    pairs = (settings(tmp_path / "data-plane"), settings(tmp_path / "own"))
    server = {"workers": workers, "tls": pairs[0], "control_tls": pairs[1]}
    async with serving(tmp_path, server=server) as served:
        assert f"Metrics: https://127.0.0.1:{served.control}/metrics" in served.said
        listeners = {"server.tls": served.port, "server.control_tls": served.control}
        for number, (where, port) in enumerate(listeners.items(), 1):
            with pytest.raises(ssl.SSLError, match="ALERT"):
                await health(port, certificates.client_context())
            line = (await served.has_logged("tls.refused", number))[-1]
            assert (line["level"], line["where"], line["count"]) == ("warning", where, 1)
            assert line["reason"] == "no_certificate"
        async with known(served.port) as before:
            assert (await ask(before)).status == 200
            new = trustme.CA()
            for number, listener in enumerate(pairs, 1):
                write(new.issue_cert("127.0.0.1"), Path(listener["cert"]), Path(listener["key"]))
                await until(
                    lambda: len({line["where"] for line in served.logged("tls.renewed")}) == number,  # noqa: B023  # awaited
                    "it is renewed",
                )
            await served.has_logged("tls.renewed", workers + 1)
            async with known(served.port, new) as after:
                assert (await ask(after)).status == 200
            assert (await ask(before)).status == 200
        told = await metrics(served, new)
        assert sample(told, 'trunkline_tls_renewals_total{result="ok"}') >= workers + 1
        assert sample(told, 'trunkline_tls_refused_handshakes_total{reason="no_certificate"}') == 2
        assert sample(told, "trunkline_workers") == workers
        for where in ("server.tls", "server.control_tls"):
            expiry = sample(told, f'trunkline_tls_certificate_expiry_timestamp_seconds{{certificate="{where}"}}')
            assert expiry == 32503680000  # trustme's certificates end with the year 2999


@bounded
@pytest.mark.parametrize(("where", "workers"), [("tls", 1), ("control_tls", 2)])
async def test_a_pair_that_does_not_fit_changes_nothing_and_is_told(tmp_path: Path, where: str, workers: int) -> None:
    server = {"workers": workers, "control_tls": settings(tmp_path / "own"), "tls": settings(tmp_path / "data-plane")}
    async with serving(tmp_path, server=server) as served:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        _, other_key = certificates.write_pair(elsewhere, "wrong_name")
        listener = server[where]
        assert isinstance(listener, dict)
        shutil.copy(other_key, listener["key"])
        tellers = workers if where == "tls" else 1
        line = (await served.has_logged("tls.not_renewed", tellers))[0]
        assert (line["where"], line["level"]) == (f"server.{where}", "warning")
        assert "is not the key of the certificate" in line["problem"]
        served.signal(signal.SIGHUP)
        rejected = await served.has_logged("config.rejected", workers)
        assert "is not the key of the certificate" in rejected[0]["problems"][0]
        assert await reload(served) == 2
        async with known(served.port) as raw:
            assert (await ask(raw)).status == 200
        assert sample(await metrics(served), 'trunkline_tls_renewals_total{result="rejected"}') == tellers


async def reload(served: Served) -> int:
    """The exit code of `trunkline reload`."""
    words = ["-m", "trunkline", "reload", "--data", str(served.data)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


@bounded
@pytest.mark.parametrize("workers", WORKERS)
async def test_a_reload_takes_other_files_and_another_minimum(tmp_path: Path, workers: int) -> None:
    server: dict[str, Any] = {
        "workers": workers,
        "tls": settings(tmp_path / "a"),
        "control_tls": settings(tmp_path / "b"),
    }
    async with serving(tmp_path, server=server) as served:
        for where in ("tls", "control_tls"):
            server[where] = settings(tmp_path / f"new-{where}") | {"min_version": 1.3}
        served.write({"server": server})
        [line, *_] = await served.has_logged("config.reloaded", workers)
        assert line["needs_restart"] == []
        await until(lambda: (status := served.status()) is not None and status.reloads > 0, "it is known")
        for port in (served.port, served.control):
            old = certificates.client_context(identity="app")
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
                await health(port, old)
        assert await reload(served) == 0
        assert "trunkline_workers" in await metrics(served)


@bounded
async def test_a_provider_is_shown_a_certificate_which_is_renewed(tmp_path: Path) -> None:
    """The provider is another Trunkline, which demands certificates of its clients."""
    ours = tmp_path / "ours.crt", tmp_path / "ours.key"
    write(trustme.CA().issue_cert("us"), *ours)
    (tmp_path / "up").mkdir()
    (tmp_path / "down").mkdir()
    tls = settings(tmp_path / "tls")
    async with serving(tmp_path / "up", server={"tls": tls}) as up:
        house = {
            "type": "openai_compatible",
            "base_url": f"https://127.0.0.1:{up.port}/v1",
            "ca": tls["client_ca"],
            "client_cert": str(ours[0]),
            "client_key": str(ours[1]),
        }
        async with serving(tmp_path / "down", providers={"house": house}) as down:
            assert (await down.ask("house/simulated/echo")).status == 502
            await up.has_logged("tls.refused")
            write(certificates.authority().issue_cert("us"), *ours)
            [line] = await down.has_logged("tls.renewed")
            assert line["where"] == "providers.house"
            assert (await down.ask("house/simulated/echo")).status == 200
            expiry = 'trunkline_tls_certificate_expiry_timestamp_seconds{certificate="providers.house"}'
            assert await down.metric(expiry) == 32503680000
