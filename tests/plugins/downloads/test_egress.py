"""The egress proxy over real sockets, and the rule it goes by."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import urllib.parse

import pytest

from soundwave_downloads import children
from soundwave_downloads.addresses import is_allowed, parse_networks
from soundwave_downloads.process import EgressProcess
from tests.site import Forbidden, Page, Site

PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1"]
PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.0.1",
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
    "2001:db8::1", "100::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::1", "2002:a00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:0:7f00:1::f7f7:f7f7",
]  # fmt: skip
METADATA = ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::",
            "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert is_allowed(address)


@pytest.mark.parametrize("address", [*PRIVATE, *METADATA, "", "localhost", "1.1.1", "1.1.1.1/8"])
def test_other_addresses(address: str) -> None:
    assert not is_allowed(address)


def test_listed_networks_are_open_and_metadata_never() -> None:
    listed = parse_networks(["127.0.0.1/32", "10.0.0.0/8", "fd00::/8", " "])
    assert is_allowed("127.0.0.1", listed)
    assert is_allowed("::ffff:10.1.2.3", listed)
    assert is_allowed("fd12::1", listed)
    assert not is_allowed("127.0.0.2", listed)
    everything = parse_networks(["0.0.0.0/0", "::/0"])
    assert not any(is_allowed(address, everything) for address in METADATA)
    with pytest.raises(ValueError, match="not appear to be"):
        parse_networks(["my house"])


def ask(egress: EgressProcess, request: str, *, token: str | None = None, then: bytes = b"") -> bytes:
    """One raw request through the proxy; the whole answer."""
    parts = urllib.parse.urlsplit(egress.url)
    credential = base64.b64encode(f"soundwave:{token or parts.password}".encode()).decode()
    head = f"{request}\r\nProxy-Authorization: Basic {credential}\r\n\r\n".encode()
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(head + then)
        answer = b""
        while data := connection.recv(65_536):
            answer += data
    return answer


def test_plain_http(egress: EgressProcess, site: Site) -> None:
    answer = ask(egress, f"GET {site.url}/data.json?x=1 HTTP/1.1\r\nHost: {site.address}:{site.port}")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"\r\nConnection: close" in head
    assert body == b'{"not": "audio"}'
    (hit,) = site.hits
    assert hit.path == "/data.json?x=1"
    assert hit.headers["Connection"] == "close"
    assert "Proxy-Authorization" not in hit.headers


def test_a_body_goes_through_and_a_second_request_does_not(egress: EgressProcess, site: Site) -> None:
    site.serve("/post", b"thanks")
    second = f"GET {site.url}/second HTTP/1.1\r\n\r\n".encode()
    ask(egress, f"POST {site.url}/post HTTP/1.1\r\nHost: x\r\nContent-Length: 5", then=b"hello" + second)
    assert [hit.path for hit in site.hits] == ["/post"]


def test_a_tunnel(egress: EgressProcess, site: Site) -> None:
    inner = b"GET /data.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = ask(egress, f"CONNECT {site.address}:{site.port} HTTP/1.1", then=inner)
    assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200")
    assert answer.endswith(b'{"not": "audio"}')


def test_only_with_its_credential(egress: EgressProcess, site: Site) -> None:
    for token in ("wrong", "x" * 5000):
        assert ask(egress, f"GET {site.url}/ HTTP/1.1", token=token).startswith(b"HTTP/1.1 407")
    assert site.hits == []


@pytest.mark.parametrize("kind", ["plain", "tunnel"])
def test_forbidden_addresses(egress: EgressProcess, forbidden: Forbidden, kind: str) -> None:
    for base in forbidden.disguises:
        place = base.removeprefix("http://")
        request = f"GET {base}/x HTTP/1.1" if kind == "plain" else f"CONNECT {place} HTTP/1.1"
        answer = ask(egress, request)
        assert answer.startswith(b"HTTP/1.1 403 SoundWave egress forbidden\r\nSoundWave-Egress: forbidden"), base
    assert forbidden.hits == []


def test_names_are_judged_by_their_address(site: Site) -> None:
    egress = EgressProcess()
    answer = ask(egress, f"GET http://localhost:{site.port}/ HTTP/1.1")
    egress.stop()
    assert b"SoundWave-Egress: forbidden" in answer
    assert site.hits == []


def test_what_cannot_be_reached(egress: EgressProcess, site: Site) -> None:
    gone = Site(site.media)
    gone.close()
    assert b"SoundWave-Egress: unreachable" in ask(egress, f"GET {gone.url}/ HTTP/1.1")
    assert b"SoundWave-Egress: unresolvable" in ask(egress, "GET http://no-such-host.invalid/ HTTP/1.1")
    assert b"SoundWave-Egress: unresolvable" in ask(egress, f"GET http://{'a' * 70}.example/ HTTP/1.1")


@pytest.mark.parametrize(
    "request_line",
    ["GET / HTTP/1.1", "GET ftp://127.0.0.1/ HTTP/1.1", "GET http:/// HTTP/1.1", "NONSENSE", "CONNECT x:y HTTP/1.1",
     "GET http://127.0.0.1:99999/ HTTP/1.1", "POST http://127.0.0.1/ HTTP/1.1\r\nTransfer-Encoding: chunked",
     "POST http://127.0.0.1/ HTTP/1.1\r\nContent-Length: -1"],
)  # fmt: skip
def test_what_it_does_not_understand(egress: EgressProcess, request_line: str) -> None:
    assert ask(egress, request_line).startswith(b"HTTP/1.1 400")


def test_ports_may_be_limited(site: Site) -> None:
    egress = EgressProcess(["127.0.0.0/8"], ports=[site.port + 1])
    assert b"SoundWave-Egress: forbidden" in ask(egress, f"GET {site.url}/ HTTP/1.1")
    egress.stop()
    assert site.hits == []


def test_a_site_cannot_speak_in_its_name(egress: EgressProcess, site: Site) -> None:
    site.serve("/liar", Page(b"x", status=403, headers={"SoundWave-Egress": "unreachable"}))
    assert b"SoundWave-Egress" not in ask(egress, f"GET {site.url}/liar HTTP/1.1")


def test_a_large_body_arrives_whole(egress: EgressProcess, site: Site) -> None:
    body = os.urandom(5_000_000)
    answer = ask(egress, f"GET {site.serve('/large', body)} HTTP/1.1")
    assert answer.endswith(body)


def test_it_ends_with_its_parent() -> None:
    config = json.dumps({"token": "t", "allowed_networks": []}) + "\n"
    path = os.path.join(os.path.dirname(children.__file__), "child.py")
    done = subprocess.run(
        [sys.executable, "-P", path, "egress"], input=config, capture_output=True, text=True, timeout=20, check=True
    )
    assert json.loads(done.stdout)["port"] > 0
