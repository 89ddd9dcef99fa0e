"""The client of a Valkey or Redis server. What imports this is imported where there is one: it takes a tenth of a
second, and as many megabytes as all of ours.
"""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def shared_client(url: str, *, within: float, connections: int) -> Redis:
    """For a `redis://` or `rediss://` address; connected when it is first used, by at most so many `connections`. The
    server has to answer `within` so many seconds, and nothing is sent twice: callers know what may be.
    """
    return Redis.from_url(
        url,
        socket_timeout=within,
        socket_connect_timeout=within,
        retry=Retry(NoBackoff(), 0),
        max_connections=connections,
    )
