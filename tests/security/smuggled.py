"""Requests that must be refused, by status and code, and some like them that must be taken."""

from __future__ import annotations

from itertools import chain

HOST = b"Host: localhost\r\n"
GET = b"GET /api/ping/ HTTP/1.1\r\n"
POST = b"POST /api/echo/ HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
WORD = b'{"word":"a"}'
LENGTH, CHUNKED = b"Content-Length: 12", b"Transfer-Encoding: chunked"
LAST = b"0\r\n\r\n"


def get(*lines: bytes, first: bytes = GET) -> bytes:
    """A request with these headers besides Host."""
    return first + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(*lines: bytes, body: bytes = WORD) -> bytes:
    """A write with these headers besides Host and Content-Type."""
    return POST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def chunks(*parts: bytes) -> bytes:
    """A write whose body comes in chunks."""
    return post(CHUNKED, body=b"".join(parts))


def old(content: bytes) -> bytes:
    """The same in HTTP/1.0."""
    return content.replace(b"HTTP/1.1", b"HTTP/1.0")


# Where does the body end? (CVE-2019-16785, -16786, -16789, -16792, CVE-2022-24761 and what waitress 3.0.2 still takes)
AMBIGUOUS = {
    "both lengths": post(LENGTH, CHUNKED, body=LAST),
    "both, the other way": post(CHUNKED, b"Content-Length: 5", body=LAST),
    "both, in HTTP/1.0": old(post(b"Content-Length: 0", CHUNKED, body=b"")),
    "chunks in HTTP/1.0": old(chunks(LAST)),
    "both, the length misspelt": post(b"Content_Length: 12", CHUNKED, body=LAST),
    "a misspelt encoding": post(b"Transfer_Encoding: chunked", body=LAST),
    "a misspelt length": post(b"Content_Length: 12"),
    "an empty encoding": post(b"Transfer-Encoding:", body=LAST),
}
REPEATED = {
    "two lengths": post(LENGTH, b"Content-Length: 0"),
    "the same length twice": post(LENGTH, LENGTH.lower()),
    "two encodings": post(CHUNKED, CHUNKED, body=LAST),
    "an encoding and another": post(CHUNKED, b"Transfer-Encoding: identity", body=LAST),
    "a length, and one misspelt": post(LENGTH, b"Content_Length: 0"),
    "two hosts": get(b"Host: localhost"),
    "two hosts in HTTP/1.0": old(get(b"Host: evil.example")),
    **{
        f"two of {name}": get(*[f"{name}: 1".encode()] * 2)
        for name in (
            "Authorization", "Cookie", "Origin", "Content-Type", "Content-Encoding", "Idempotency-Key", "If-Range",
            "Range", "Sec-Fetch-Mode", "Sec-Fetch-Site", "SoundWave-CSRF", "X-Forwarded-Host", "X-Forwarded-Port",
            "X-Forwarded-Prefix", "X-Forwarded-Proto", "X-Ingress-Path",
        )
    },
}  # fmt: skip
UNKNOWN_ENCODING = {
    "an odd encoding": post(b"Transfer-Encoding: xchunked", body=LAST),
    "identity": post(b"Transfer-Encoding: identity", body=LAST),
    "packed chunks": post(b"Transfer-Encoding: gzip, chunked", body=LAST),
    "chunked with a high byte": post(b"Transfer-Encoding: chunked\x85", body=LAST),
}
UNREADABLE = {
    "chunked with a control": post(b"Transfer-Encoding: \x0bchunked", body=LAST),
    "a blank before the colon": post(b"Transfer-Encoding : chunked", body=LAST),
    "two lengths in one": post(b"Content-Length: 12, 12"),
    "a signed length": post(b"Content-Length: +12"),
    "a negative length": post(b"Content-Length: -12"),
    "a length in hex": post(b"Content-Length: 0xc"),
    "a length with an underscore": post(b"Content-Length: 1_2"),
    "an empty length": post(b"Content-Length:"),
    "a length in other digits": post("Content-Length: ١٢".encode()),
    "a length of 5,000 digits": post(b"Content-Length: " + b"9" * 5000),
    "a chunk of a signed size": chunks(b"+c\r\n", WORD, b"\r\n", LAST),
    "a chunk of 0x": chunks(b"0xc\r\n", WORD, b"\r\n", LAST),
    "a chunk without a size": chunks(b"\r\n", LAST),
    "a chunk of a huge size": chunks(b"f" * 17 + b"\r\n", WORD),
    "a lone LF after a size": chunks(b"c\n", WORD, b"\r\n", LAST),
    "a lone LF in an extension": chunks(b"c;a\nb\r\n", WORD, b"\r\n", LAST),
    "a lone CR in an extension": chunks(b"c;a\rb\r\n", WORD, b"\r\n", LAST),
    "a chunk that goes on": chunks(b"3\r\n", WORD, b"\r\n", LAST),
    "a lone LF after a chunk": chunks(b"c\r\n", WORD, b"\n", LAST),
    "an endless extension": chunks(b"c;", b"a" * 5000, b"\r\n"),
    "an endless trailer": chunks(b"0\r\nX: ", b"a" * 5000),
    "a trailer with a control": chunks(b"0\r\nX: \x00\r\n\r\n"),
    "a target that is no URL": get(first=b"GET http://[x/ HTTP/1.1\r\n"),
    "a fragment": get(first=b"GET /api/ping/#x HTTP/1.1\r\n"),
    "no version": get(first=b"GET /api/ping/\r\n"),
    "HTTP/1.10": get(first=b"GET /api/ping/ HTTP/1.10\r\n"),
    "http/1.1": get(first=b"GET /api/ping/ http/1.1\r\n"),
    "a blank after the version": get(first=b"GET /api/ping/ HTTP/1.1 \r\n"),
    "two blanks": get(first=b"GET  /api/ping/ HTTP/1.1\r\n"),
    "a tab": get(first=b"GET\t/api/ping/ HTTP/1.1\r\n"),
    "a small method": get(first=b"get /api/ping/ HTTP/1.1\r\n"),
    "bytes that are no ASCII in the target": get(first="GET /ă HTTP/1.1\r\n".encode()),
    "a NUL in the target": get(first=b"GET /api/\x00ping/ HTTP/1.1\r\n"),
    "a blank before it": b" " + get(),
    "two empty lines before it": b"\r\n\r\n" + get(),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "lone LFs": get().replace(b"\r\n", b"\n"),
    "a lone LF in the head": get(b"A: b\nC: d"),
    "a lone CR in the head": get(b"A: b\rC: d"),
    "a NUL": get(b"A: b\x00c"),
    "an escape": get(b"A: \x1b[31m"),
    "a DEL in a name": get(b"A\x7f: b"),
    "a line without a colon": get(b"A"),
    "a line without a name": get(b": b"),
}
FOLDED = {
    "a folded line": get(b"A: b", b" c"),
    "a folded line with a tab": get(b"A: b", b"\tc"),
    "a folded first line": GET + b" X: y\r\n" + HOST + b"\r\n",
}
WRONG_HOST = {
    "no host": GET + b"\r\n",
    "another host in the target": get(first=b"GET http://evil.example/ HTTP/1.1\r\n"),
    "a host in the target alone": b"GET http://localhost/ HTTP/1.0\r\n\r\n",
    "a user in the target": get(first=b"GET http://a@localhost/ HTTP/1.1\r\n"),
}
WRONG_TARGET = {
    "a file as the target": get(first=b"GET file:///etc/passwd HTTP/1.1\r\n"),
    "no path as the target": get(first=b"GET api/ping/ HTTP/1.1\r\n"),
    "no path at all": get(first=b"OPTIONS * HTTP/1.1\r\n"),
    "a tunnel": get(first=b"CONNECT localhost:22 HTTP/1.1\r\n"),
}
WRONG_VERSION = {
    "HTTP/0.9": get(first=b"GET /api/ping/ HTTP/0.9\r\n"),
    "HTTP/1.2": get(first=b"GET /api/ping/ HTTP/1.2\r\n"),
    "HTTP/2.0": get(first=b"GET /api/ping/ HTTP/2.0\r\n"),
    "HTTP/2's greeting": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}
LARGE_HEADS = {
    "101 headers": get(*(b"A-%d: b" % number for number in range(100))),
    "101 times the same": get(*[b"Accept: */*"] * 100),
    "20,000 headers": get(*[b"A:b"] * 20_000),
    "33 KiB in one header": get(b"A: " + b"b" * 33 * 1024),
    "33 KiB in the target": b"GET /" + b"a" * 33 * 1024,
}
LARGE_BODIES = {
    "1 GiB said": post(b"Content-Length: 1073741824"),
    "1 GiB said, and asked about": post(b"Expect: 100-continue", b"Content-Length: 1073741824", body=b""),
}
GROUPS = (
    (400, "length_ambiguous", AMBIGUOUS),
    (400, "header_repeated", REPEATED),
    (501, "not_implemented", UNKNOWN_ENCODING),
    (400, "bad_request", UNREADABLE),
    (400, "header_folded", FOLDED),
    (400, "host_invalid", WRONG_HOST),
    (400, "target_invalid", WRONG_TARGET),
    (505, "version_unsupported", WRONG_VERSION),
    (431, "headers_too_large", LARGE_HEADS),
    (413, "body_too_large", LARGE_BODIES),
)
REFUSED = {name: (content, status, code) for status, code, group in GROUPS for name, content in group.items()}

TAKEN = {
    "a request": get(),
    "HTTP/1.0 without a host": b"GET /api/ping/ HTTP/1.0\r\n\r\n",
    "HTTP/1.0 with a host": old(get()),
    "an empty line before it": b"\r\n" + get(),
    "the same host in the target": get(first=b"GET http://LOCALHOST/api/ping/ HTTP/1.1\r\n"),
    "a body": post(LENGTH),
    "a body in chunks": chunks(b"6\r\n", WORD[:6], b"\r\n", b"006;a=b\r\n", WORD[6:], b"\r\n", b"0;c\r\nX: y\r\n\r\n"),
    "a body that is asked about": post(b"Expect: 100-continue", LENGTH),
    "no body that is asked about": get(b"Expect: 100-continue"),
    "100 headers": get(*(b"A-%d: b" % number for number in range(99))),
    "a list in two lines": get(b"X-Forwarded-For: 203.0.113.1", b"X-Forwarded-For: 203.0.113.2"),
    "blanks around a value": get(b"A:\t  b \t", b"B:"),
    "bytes that are no ASCII in a value": get("A: ă".encode()),
}
EVERY = list(chain((content for content, _, _ in REFUSED.values()), TAKEN.values()))
