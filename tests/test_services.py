import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from tests import services


def refused(number: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", number)) != 0


def gone(pid: int) -> bool:
    """Whether a process has ended, waiting for it a little; it is not our child."""
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_database_is_empty_and_its_own(postgresql_server: str, postgresql_url: str) -> None:
    services.execute(postgresql_url, "CREATE TABLE t (n integer)")
    with services.new_database(postgresql_server) as other:
        assert services.execute(other, "SELECT count(*) FROM pg_tables WHERE tablename = 't'") == [(0,)]


def test_postgresql_comes_back_with_what_was_committed(own_postgresql: services.PostgreSQL) -> None:
    services.execute(own_postgresql.url, "CREATE TABLE t (n integer)")
    own_postgresql.stop()
    assert refused(own_postgresql.port)
    own_postgresql.start()
    assert services.execute(own_postgresql.url, "SELECT count(*) FROM t") == [(0,)]


def test_a_paused_postgresql_does_not_answer_and_goes_on_afterwards(own_postgresql: services.PostgreSQL) -> None:
    with own_postgresql.paused(), pytest.raises(TimeoutError):
        services.execute(own_postgresql.url, "SELECT 1", timeout=0.3)
    assert services.execute(own_postgresql.url, "SELECT 1") == [(1,)]


def test_redis_is_emptied_for_each_test(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")
    services.flush(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_redis_comes_back_empty(own_redis: services.Redis) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.set("one", "1")
    own_redis.stop()
    assert refused(own_redis.port)
    own_redis.start()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.get("one") is None


def test_a_server_dies_with_the_test_run_that_started_it(tmp_path: Path) -> None:
    program = f"""if True:
        import os, pathlib
        from tests import services
        print(services.Redis(pathlib.Path({str(tmp_path)!r})).pid, flush=True)
        os._exit(0)  # without any clean-up
    """
    root = Path(__file__).parent.parent
    said = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, check=True, timeout=60)
    pid = int(said.stdout)
    assert gone(pid)


def test_what_is_not_installed_is_skipped_and_in_ci_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="apt install valkey-server"), services.running_redis():
        pass
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI=true"), services.running_redis():
        pass
