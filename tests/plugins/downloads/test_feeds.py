"""Feeds as the world writes them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundwave_downloads.faults import Fault
from soundwave_downloads.feeds import Feed, feed_in_page, looks_like_feed, parse_feed, source_id

URL = "https://example.org/shows/feed.xml?k=1"
NAMESPACES = (
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
ENCLOSURE = '<enclosure url="/a.mp3" type="audio/mpeg" length="1"/>'


def rss(*items: str, channel: str = "<title>Show</title>") -> bytes:
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0" {NAMESPACES}><channel>{channel}{body}</channel></rss>'.encode()


def parse(data: bytes) -> Feed:
    return parse_feed(data, URL)


def test_an_episode_in_full() -> None:
    channel = (
        "<title>Show &amp; tell</title><link>https://example.org</link><description>&lt;b&gt;Bold&lt;/b&gt;</description>"
        '<itunes:author>The Makers</itunes:author><itunes:image href="https://cdn.example/show.jpg"/>'
    )
    item = (
        "<title>One</title><guid>g-1</guid><pubDate>Sun, 22 Nov 2026 08:00:00 +0200</pubDate>"
        '<itunes:duration>1:02:03</itunes:duration><itunes:image href="https://cdn.example/one.png"/>'
        "<content:encoded><![CDATA[<p>First</p><script>x</script><p>Second &amp; last</p>]]></content:encoded>"
        f"<description>short</description>{ENCLOSURE}"
    )
    feed = parse(rss(item, channel=channel))
    assert (feed.title, feed.description, feed.artwork_url) == (
        "Show & tell", "Bold", "https://cdn.example/show.jpg",
    )  # fmt: skip
    (one,) = feed.items
    assert one.url == "https://example.org/a.mp3"
    assert (one.title, one.artist, one.channel) == ("One", "The Makers", "Show & tell")
    assert (one.duration_seconds, one.published_at) == (3723.0, "2026-11-22T06:00:00.000Z")
    assert one.artwork_url == "https://cdn.example/one.png"
    assert one.description == "First\n\nSecond & last"
    assert (one.extractor, one.media_type) == ("feed", "audio/mpeg")


def test_atom() -> None:
    data = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Atomic</title><author><name>Ada</name></author>
    <icon>https://e.org/i.png</icon>
    <entry><id>urn:1</id><title type="html">&lt;i&gt;E&lt;/i&gt;</title><published>2026-01-02T03:04:05Z</published>
    <link rel="alternate" href="https://e.org/page"/><link rel="enclosure" href="https://e.org/a.ogg" type="audio/ogg"/>
    </entry><entry><id>urn:2</id><title>Page only</title><link href="https://e.org/watch"/></entry></feed>"""
    first, second = parse(data).items
    assert (first.url, first.title, first.artist) == ("https://e.org/a.ogg", "E", "Ada")
    assert (first.published_at, first.artwork_url) == ("2026-01-02T03:04:05.000Z", "https://e.org/i.png")
    assert (second.url, second.media_type) == ("https://e.org/watch", None)


def test_identity_survives_a_new_place_of_the_file() -> None:
    before = parse(rss(f"<guid>g</guid>{ENCLOSURE}")).items[0]
    after = parse(rss('<guid> g </guid><enclosure url="https://other/b.mp3" type="audio/mpeg"/>')).items[0]
    assert before.source_id == after.source_id == source_id(URL.replace("https", "http"), "g")
    assert before.url != after.url


def test_identity_without_a_guid_is_the_file() -> None:
    one, two = parse(rss(ENCLOSURE, '<enclosure url="/b.mp3" type="audio/mpeg"/>')).items
    assert one.source_id != two.source_id


def test_one_guid_for_all_episodes() -> None:
    items = parse(rss(f"<guid>g</guid>{ENCLOSURE}", '<guid>g</guid><enclosure url="/b.mp3"/>')).items
    assert len({item.source_id for item in items}) == 2


def test_an_episode_that_is_listed_twice_comes_once() -> None:
    assert [i.title for i in parse(rss(*[f"<title>T</title><guid>g</guid>{ENCLOSURE}"] * 2)).items] == ["T"]


def test_sound_is_taken_before_film_and_papers_are_not() -> None:
    item = '<enclosure url="/a.pdf" type="application/pdf"/><enclosure url="/a.mp4" type="video/mp4"/>' + ENCLOSURE
    assert parse(rss(item)).items[0].url.endswith("a.mp3")
    assert parse(rss('<enclosure url="/a.pdf" type="application/pdf"/>')).items == []
    assert parse(rss('<media:content url="/m.m4a" medium="audio"/>')).items[0].url.endswith("m.m4a")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3600", 3600), ("60:00", 3600), ("1:00:00", 3600), ("59.5", 59.5), ("", None), ("an hour", None), ("0", None),
     ("-5", None), ("1:2:3:4", None)],
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    item = parse(rss(f"<itunes:duration>{text}</itunes:duration>{ENCLOSURE}")).items[0]
    assert item.duration_seconds == seconds


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("Sun, 22 Nov 2026 08:00:00 GMT", "2026-11-22T08:00:00.000Z"),
        ("22 Nov 2026 08:00:00 -0500", "2026-11-22T13:00:00.000Z"),
        ("2026-11-22", "2026-11-22T00:00:00.000Z"),
        ("yesterday", None),
    ],
)
def test_dates(text: str, stamp: str | None) -> None:
    assert parse(rss(f"<pubDate>{text}</pubDate>{ENCLOSURE}")).items[0].published_at == stamp


def test_what_feeds_get_wrong_is_repaired() -> None:
    data = b"\n " + rss(f"<title>Salt & pepper &nbsp;&mdash; \x0bhot</title>{ENCLOSURE}")
    assert parse(data).items[0].title == "Salt & pepper \u2014 hot"


def test_other_encodings() -> None:
    item = f"<item><title>é</title>{ENCLOSURE}</item>"
    text = f'<?xml version="1.0" encoding="iso-8859-1"?><rss><channel>{item}</channel></rss>'
    assert parse(text.encode("latin-1")).items[0].title == "é"
    assert looks_like_feed(text.replace("iso-8859-1", "utf-16").encode("utf-16"))


def test_harmful_characters_are_dropped() -> None:
    item = parse(rss(f"<title>&#x202e;gpj.exe\u200f &#x2066;x</title>{ENCLOSURE}")).items[0]
    assert item.title == "gpj.exe x"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<rss><channel>",
        b"<html><body>no</body></html",
        b'<!DOCTYPE rss [<!ENTITY x "y">]><rss><channel><title>&x;</title></channel></rss>',
        b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>',
    ],
)
def test_what_cannot_be_read(data: bytes) -> None:
    with pytest.raises(Fault) as caught:
        parse(data)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize(
    ("head", "is_feed"),
    [
        (b"<rss version='2.0'>", True),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- hello -->\n<?xml-stylesheet href='x'?><rss>", True),
        (b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'>", True),
        (b"<rdf:RDF xmlns:rdf='x'>", True),
        (b"<!doctype html><html><body>&lt;rss&gt; <rss></html>", False),
        (b"<?xml version='1.0'?><opml version='2.0'>", False),
        (b"ID3\x04", False),
        (b"", False),
    ],
)
def test_what_looks_like_a_feed(head: bytes, is_feed: bool) -> None:
    assert looks_like_feed(head) is is_feed


@given(st.binary(max_size=400))
def test_any_bytes_are_a_feed_or_a_fault(data: bytes) -> None:
    for body in (data, rss(data.decode("latin-1"))):
        with contextlib.suppress(Fault):
            assert isinstance(parse(body), Feed)


def test_a_page_may_name_its_feed() -> None:
    page = b"<link rel=stylesheet href='x.css'><LINK rel='alternate' type='application/rss+xml' href='/f?a=1&amp;b=2'>"
    assert feed_in_page(page) == "/f?a=1&b=2"
    assert feed_in_page(b"<link rel='alternate' type='text/html' href='/x'>") is None
