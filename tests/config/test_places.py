"""Addresses, networks, URLs, paths, the store."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from tests.config.reading import TYPES, read, wrong

from trunkline.config.load import load
from trunkline.config.places import Address, PostgresStore, SqliteStore


@pytest.mark.parametrize(
    ("written", "address", "loopback"),
    [
        ("127.0.0.1:4000", Address("127.0.0.1", 4000), True),
        ("127.1.2.3:0", Address("127.1.2.3", 0), True),
        ("[::1]:4000", Address("::1", 4000), True),
        ("localhost:80", Address("localhost", 80), True),
        ("0.0.0.0:65535", Address("0.0.0.0", 65535), False),
        ("[::]:4000", Address("::", 4000), False),
        ("proxy-1.example.com:4000", Address("proxy-1.example.com", 4000), False),
    ],
)
def test_where_to_listen(written: str, address: Address, loopback: bool) -> None:
    listen = read(f"server: {{listen: '{written}'}}").server.listen
    assert listen == address
    assert listen.loopback is loopback
    assert str(listen) == written


@pytest.mark.parametrize(
    "written",
    [
        "4000",
        ":4000",
        "::1:4000",
        "[::1]",
        "1.2.3:80",
        "[1.2.3.4]:80",
        "a:65536",
        "a b:1",
        "a:-1",
        "a..b:1",
        ".a:1",
        f"{'a' * 64}:1",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    (problem,) = wrong(f"server: {{listen: '{written}'}}")
    assert problem == f'1:18  server.listen: "{written}" is not an address such as 127.0.0.1:4000 or [::1]:4000'


def test_a_bare_port_is_refused_as_a_number() -> None:
    assert wrong("server: {listen: 4000}") == [
        "1:18  server.listen: this number is not an address such as 127.0.0.1:4000 or [::1]:4000"
    ]


def test_both_listeners_cannot_have_one_address() -> None:
    same = "`listen` and `control` are the same address; the two listeners need two ports"
    assert wrong("server: {listen: 'a:1', control: 'a:1'}") == [f"1:34  server.control: {same}"]
    assert wrong("server: {listen: '127.0.0.1:4001'}") == [f"1:18  server.listen: {same}"]
    assert wrong("server: {listen: 'a:0', control: 'a:0'}") == []


def test_networks_of_trusted_proxies() -> None:
    config = read("server: {trusted_proxies: [10.0.0.0/8, 'fd00::/8', 192.168.1.7]}")
    assert config.server.trusted_proxies == tuple(map(ip_network, ("10.0.0.0/8", "fd00::/8", "192.168.1.7/32")))
    assert wrong("server: {trusted_proxies: [10.0.0.1/8, nowhere]}") == [
        (
            "1:28  server.trusted_proxies[0]: this names one address inside of a network, not a network; "
            'did you mean "10.0.0.0/8"?'
        ),
        '1:40  server.trusted_proxies[1]: "nowhere" is not a network such as 10.0.0.0/8',
    ]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("http://10.0.0.5:8000", "http://10.0.0.5:8000"),
        ("HTTP://[::1]:8000/a/b", "HTTP://[::1]:8000/a/b"),
    ],
)
def test_base_urls(written: str, url: str) -> None:
    assert read(f"providers: {{openai: {{base_url: '{written}'}}}}").providers["openai"].base_url == url


@pytest.mark.parametrize(
    "written",
    [
        "api.example.com",
        "ftp://a/",
        "http://",
        "http://a:99999",
        "http://1.2.3/",
        "http://a b/",
        "http://a/é é",
        "http://a..b/",
        f"http://{'a' * 64}/v1",
        f"http://{'a.' * 127}/v1",
    ],
)
def test_what_is_no_base_url_is_refused(written: str) -> None:
    (problem,) = wrong(f"providers: {{openai: {{base_url: '{written}'}}}}")
    assert "is not a URL such as https://api.example.com/v1 (no user, query or fragment)" in problem


@pytest.mark.parametrize(
    "setting", ["base_url: 'https://u:hunter2@a/'", "base_url: 'https://a/?key=hunter2'", "proxy: 'hunter2@a'"]
)
def test_a_url_in_which_a_secret_may_stand_is_not_shown(setting: str) -> None:
    (problem,) = wrong(f"providers: {{openai: {{{setting}}}}}")
    assert "hunter2" not in problem


def test_a_proxy_may_want_a_password_and_keeps_it_secret() -> None:
    proxy = read("providers: {openai: {proxy: 'http://me:hunter2@proxy:3128/'}}").providers["openai"].proxy
    assert proxy is not None
    assert proxy.get_secret_value() == "http://me:hunter2@proxy:3128"
    assert "hunter2" not in repr(proxy)


def test_paths_start_at_the_folder_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    file = tmp_path / "t.yaml"
    file.write_text("server: {data: ~/state, tls: {cert: tls.crt, key: /etc/tls.key}}")
    server = load(file, env={}, provider_types=TYPES, environment_providers=()).server
    assert server.data == Path("/home/me/state")
    assert server.tls is not None
    assert (server.tls.cert, server.tls.key) == (tmp_path / "tls.crt", Path("/etc/tls.key"))


def test_the_store_is_one_sqlite_file() -> None:
    assert read("store: sqlite:///var/lib/t.db").store == SqliteStore(Path("/var/lib/t.db"))
    assert str(read("store: sqlite:////var/lib/t.db").store) == "sqlite:///var/lib/t.db"
    for other in ("sqlite://t.db", "sqlite:///t.db?mode=ro", "/var/lib/t.db"):
        (problem,) = wrong(f"store: {other}")
        assert problem.endswith(
            "a store such as sqlite:///var/lib/trunkline/trunkline.db or postgresql://user:password@host/database"
        )


def test_the_store_is_a_postgresql_database_whose_password_is_not_shown() -> None:
    store = read("store: postgresql://me:hunter2@db:5433/trunkline?sslmode=verify-full").store
    assert isinstance(store, PostgresStore)
    assert store.url == "postgresql://me:hunter2@db:5433/trunkline?sslmode=verify-full"
    assert str(store) == "postgresql://***@db:5433/trunkline"
    assert "hunter2" not in repr(store)
    for place in ("db", "db:99999/trunkline", "db:0/trunkline", "db:x/trunkline"):
        (problem,) = wrong(f"store: postgresql://me:hunter2@{place}")
        assert "is not a store" in problem
        assert "hunter2" not in problem
