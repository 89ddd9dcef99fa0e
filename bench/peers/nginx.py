"""nginx as a plain reverse proxy: the floor, since it does nothing but relay."""

from __future__ import annotations

from bench import nginx
from bench.apis import OPENAI
from bench.errors import Unavailable
from bench.peers import Launch, Place

_PROXY = """
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 4096; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} {ssl} backlog=4096;
    {front}
    location = /ready {{ return 200; }}
    location / {{
      proxy_pass {scheme}://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      {trust}
    }}
  }}
"""


class Nginx:
    """Needs the system's nginx."""

    name = "nginx"
    settings = "plain reverse proxy: no keys, no log, replies not buffered"

    def prepare(self) -> str:
        """See `Peer`."""
        return nginx.version()

    def launch(self, place: Place) -> Launch:
        """See `Peer`."""
        if place.upstream.api is not OPENAI:
            raise Unavailable("relays only: it does not translate")
        ca, front = place.upstream.ca, place.front
        http = _PROXY.format(
            upstream=place.upstream.port,
            port=place.port,
            ssl="ssl" if front else "",
            front=f"ssl_certificate {front.chain}; ssl_certificate_key {front.key};" if front else "",
            scheme="https" if ca else "http",
            trust=(f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {ca}; proxy_ssl_name localhost;" if ca else ""),
        )
        return Launch(nginx.command(place.folder, http), ready="/ready", headers={})
