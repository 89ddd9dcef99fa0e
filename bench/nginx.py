"""nginx's configuration, for the two parts it plays here: the upstream with a fixed answer, and the floor."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.errors import Unavailable
from bench.venue import find_program

_CONFIGURATION = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  keepalive_timeout 1h;
  client_max_body_size 64m;
  client_body_buffer_size 2m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{http}
}}
"""


def program() -> str:
    """The path of nginx; raises `Unavailable` where it is not installed."""
    path = find_program("nginx")
    if path is None:
        raise Unavailable("nginx is not installed")
    return path


def version() -> str:
    """Its version, as it prints it."""
    done = subprocess.run([program(), "-v"], capture_output=True, text=True, timeout=10, check=True)
    return done.stderr.strip().rpartition("/")[2]


def command(folder: Path, http: str) -> list[str]:
    """Write a configuration whose `http` block holds these directives; the command that runs it."""
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, http=http))
    return [program(), "-e", "stderr", "-p", str(folder), "-c", str(configuration)]
