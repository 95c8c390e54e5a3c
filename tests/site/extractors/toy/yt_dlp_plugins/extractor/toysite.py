"""A site of its own for yt-dlp, so that channels and lists are tested without a network.

``http://toy.invalid/channel`` has four items of the test site at ``?at=URL``; ``/item/N`` is one of them, and
``/item/N?list=x`` is one that is also in a list; ``/raise/NAME`` raises what builtins call so.
"""

import builtins
import os
import signal
from urllib.parse import parse_qs, urlsplit

from yt_dlp.extractor.common import InfoExtractor


class ToySiteItemIE(InfoExtractor):
    _VALID_URL = r"https?://toy\.invalid/item/(?P<id>\w+)"

    def _real_extract(self, url):
        item_id = self._match_id(url)
        query = parse_qs(urlsplit(url).query)
        if "list" in query and not self.get_param("noplaylist"):
            return self.url_result(f"http://toy.invalid/channel?at={query['at'][0]}")
        extension = {"evil": "desktop", "odd": "../../x"}.get(item_id, "webm")
        return {
            "id": item_id,
            "title": f"Item {item_id}\u202e/../",
            "formats": [
                {"format_id": "film", "url": f"{query['at'][0]}/media/tone.mp4", "ext": "mp4", "height": 64},
                {"format_id": "sound", "url": f"{query['at'][0]}/media/tone.webm", "ext": extension, "vcodec": "none"},
            ],
            "thumbnail": f"{query['at'][0]}/media/cover.jpg",
            "channel": "Toys",
            "artists": ["Ann", "Ben"],
            "timestamp": 1767225600,
            "duration": 4,
            "is_live": item_id == "live",
        }


class ToySiteChannelIE(InfoExtractor):
    _VALID_URL = r"https?://toy\.invalid/(?P<id>channel)"

    def _real_extract(self, url):
        at = parse_qs(urlsplit(url).query)["at"][0]
        entries = [
            self.url_result(f"http://toy.invalid/item/{n}?at={at}", ToySiteItemIE, str(n), f"Item {n}")
            for n in range(4)
        ]
        entries.insert(1, self.url_result("http://toy.invalid/item/9", ToySiteItemIE, "9", "[Private video]"))
        return self.playlist_result(entries, "toys", "The Toys", "All of them")


class ToySiteRaiseIE(InfoExtractor):
    _VALID_URL = r"https?://toy\.invalid/raise/(?P<id>\w+)"

    def _real_extract(self, url):
        name = self._match_id(url)
        if name == "killed":
            os.kill(os.getpid(), signal.SIGSEGV)
        raise getattr(builtins, name)("on purpose")
