"""`trunkline doctor`"""

import contextlib
import email.utils
import http.server
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cli.command import Place
from tests.faults import certificates

from trunkline.data import DataDirectory
from trunkline.running import Running, Status
from trunkline.store import open_store

GOOD = "sk-good"
ANSWERS = {GOOD: 200, "sk-poor": 402, "sk-busy": 429, "sk-bare": 404}
"""How the provider answers each key; others it does not know."""


class Provider(http.server.BaseHTTPRequestHandler):
    """Lists its models to those who have a good key."""

    ahead = 0.0
    """Seconds that its clock is ahead of ours."""

    def do_GET(self) -> None:
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        status = ANSWERS.get(key, 401) if self.path == "/v1/models" else 500
        body = b'{"object": "list", "data": []}' if status == 200 else b'{"error": {"message": "no"}}'
        self.send_response_only(status)
        self.send_header("date", email.utils.formatdate(time.time() + self.ahead, usegmt=True))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is to be said of requests."""


@contextlib.contextmanager
def provider(certificate: certificates.Certificate | None = None, ahead: float = 0.0) -> Iterator[str]:
    """A provider that listens; its base URL."""
    handler = type("Ahead", (Provider,), {"ahead": ahead})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certificate is not None:
            context = certificates.server_context(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def configure(place: Place, url: str, *keys: str, **settings: Any) -> None:
    """One provider, `up`, at that URL."""
    written = {"type": "openai", "base_url": url, "api_keys": list(keys or (GOOD,)), **settings}
    place.configure(f"providers: {{up: {written}}}\n".replace("'", '"'))


def findings(place: Place, subject: str, *words: str, code: int = 0) -> list[tuple[str, str]]:
    """Level and text of what is found about one subject."""
    return [
        (each["level"], each["text"]) for each in place.json("doctor", *words, code=code) if each["subject"] == subject
    ]


def test_a_machine_on_which_nothing_was_started_yet_is_fine_and_stays_as_it_was(place: Place) -> None:
    found = place.json("doctor")
    assert {each["level"] for each in found} == {"ok"}
    assert {each["subject"] for each in found} >= {"open files", "clock", "configuration", "data directory"}
    assert not place.data.exists()


def test_mistakes_of_the_configuration_are_found(place: Place) -> None:
    place.configure("models: {bot: nowhere/chat}\n")
    [(level, text)] = findings(place, "configuration", code=1)
    assert level == "fail"
    assert "trunkline.yaml:1:15" in text
    place.configure("providers: {openai: {}}\n")
    [_, (level, text)] = findings(place, "configuration", code=1)
    assert level == "fail"
    assert "providers.openai: no key." in text


def test_modes_that_let_others_read_are_found(place: Place) -> None:
    data = DataDirectory(place.data)
    for path in (data.key_secret, data.master_key):
        data.secret(path)
        path.chmod(0o644)
        [(level, text)] = findings(place, "data directory", code=1)
        assert level == "fail"
        assert f"chmod 600 {path}" in text
        path.chmod(0o600)
    place.data.chmod(0o750)
    [(level, text)] = findings(place, "data directory", code=1)
    assert f"chmod 700 {place.data}" in text


def test_the_store_is_looked_through(place: Place) -> None:
    path = DataDirectory(place.data).store
    open_store(f"sqlite://{path}").close()
    [(level, text)] = findings(place, "store")
    assert level == "ok"
    path.write_bytes(b"this is no database" * 100)
    [(level, text)] = findings(place, "store", code=1)
    assert level == "fail"
    assert "restore the last good backup" in text


def test_the_master_key_is_compared_with_the_stores(place: Place) -> None:
    data = DataDirectory(place.data)
    store = open_store(f"sqlite://{data.store}")
    assert findings(place, "master key")[0][0] == "ok"
    assert not data.master_key.exists()
    store.begin_vault(b"c" * 32)
    store.close()
    [(level, text)] = findings(place, "master key", code=1)
    assert level == "fail"
    assert f"{data.master_key} is missing" in text
    data.secret(data.master_key)
    [(level, text)] = findings(place, "master key", code=1)
    assert level == "fail"
    assert "not the master key that the store was begun with" in text


def test_a_provider_that_takes_our_key_is_fine(place: Place) -> None:
    with provider() as url:
        configure(place, url)
        found = findings(place, "provider up")
    assert [level for level, _ in found] == ["ok", "ok"]
    assert "it answers with the key" in found[1][1]


def test_each_key_is_tried(place: Place) -> None:
    with provider() as url:
        configure(place, url, GOOD, "sk-wrong", "sk-poor", "sk-busy", "sk-bare")
        found = findings(place, "provider up", code=1)[1:]
        said = place.run("doctor", code=1).stdout
    assert [level for level, _ in found] == ["ok", "fail", "fail", "warn", "ok"]
    assert found[1][1] == "it refuses key 2 (status 401)."
    assert "key 3 has no credit" in found[2][1]
    assert "cannot be tried" in found[4][1]
    assert "FAIL  provider up: it refuses key 2 (status 401).\n      Look at the key, and at its rights.\n" in said
    assert "sk-" not in said


def test_offline_nothing_is_connected_to(place: Place) -> None:
    configure(place, "http://127.0.0.1:1/v1")
    assert findings(place, "providers", "--offline") == [("ok", "not tried: up, simulated")]


def test_what_does_not_answer_is_found_with_what_to_do(place: Place) -> None:
    configure(place, "http://127.0.0.1:1/v1")
    said = place.run("doctor", code=1).stdout
    assert "FAIL  provider up: 127.0.0.1: " in said
    assert "a firewall refuses" in said
    configure(place, "http://nowhere.invalid/v1")
    assert "cannot be resolved" in place.run("doctor", code=1).stdout


def test_our_own_certificates_are_looked_at(place: Place) -> None:
    chain, key = certificates.write_pair(place.folder)
    key.chmod(0o600)
    certificates.write_authority(place.folder / "ca.pem")
    place.configure(
        "server: {control_tls: {cert: good.crt, key: good.key}}\n"
        "providers: {up: {type: openai, api_key: k, ca: ca.pem, client_cert: good.crt, client_key: good.key}}\n"
    )
    subjects = ("certificate server.control_tls", "certificate providers.up")
    for subject in subjects:
        [(level, text)] = findings(place, subject, "--offline")
        assert (level, text[:9]) == ("ok", "good for ")
    soon = certificates.authority().issue_cert("us", not_after=datetime.now(UTC) + timedelta(days=5, hours=1))
    soon.cert_chain_pems[0].write_to_path(chain)
    soon.private_key_pem.write_to_path(key)
    key.chmod(0o604)
    for subject in subjects:
        (soon_level, ends), (open_level, mode) = findings(place, subject, "--offline")
        assert (soon_level, open_level) == ("warn", "warn")
        assert "good.crt expires on" in ends
        assert "in 5 days" in ends
        assert "every user of this machine may open good.key (mode 0604)" in mode
    certificates.write_pair(place.folder, "expired")
    place.configure("server: {tls: {cert: expired.crt, key: expired.key}}\n")
    [(level, text), *_] = findings(place, "certificate server.tls", "--offline", code=1)
    assert (level, "expired.crt expired on" in text) == ("fail", True)
    place.configure("server: {tls: {cert: expired.crt, key: good.key}}\n")
    [(level, text)] = findings(place, "certificate server.tls", "--offline", code=1)
    assert (level, "is not the key of the certificate" in text) == ("fail", True)


def test_certificates_are_looked_at(place: Place) -> None:
    authority = certificates.write_authority(place.folder / "authority.pem")
    with provider("good") as url:
        configure(place, url, ca=str(authority))
        found = findings(place, "provider up")
        assert [level for level, _ in found] == ["ok", "ok", "ok"]
        assert "its certificate is good for" in found[1][1]
        configure(place, url)
        [(level, text)] = findings(place, "provider up", code=1)
        assert level == "fail"
        assert "its certificate is not accepted" in text
    with provider("expired") as url:
        configure(place, url, ca=str(authority))
        [(level, text)] = findings(place, "provider up", code=1)
        assert "expired" in text


def test_a_clock_that_differs_from_the_providers_is_found(place: Place) -> None:
    with provider(ahead=3600) as url:
        configure(place, url)
        assert [level for level, _ in findings(place, "clock")] == ["ok", "warn"]
        assert "behind that of up" in findings(place, "clock")[1][1]


def test_a_running_process_is_seen(place: Place) -> None:
    entry = Running(DataDirectory(place.data).run)
    entry.tell(Status(pid=4711, config=None, url="http://127.0.0.1:4000"))
    assert findings(place, "running") == [("ok", "process 4711 on http://127.0.0.1:4000")]
    entry.close()
