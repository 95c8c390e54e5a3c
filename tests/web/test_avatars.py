"""The picture of oneself, from a file of any size to the places where it is shown."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from playwright.sync_api import Page, expect

from .browsers import Complaints
from .servers import ServerProcess
from .steps import enter

SIZE_OF_IT = """async () => {
    const picture = await createImageBitmap(await (await fetch('api/user/avatar/')).blob());
    return [picture.width, picture.height];
}"""


def png(width: int, height: int) -> bytes:
    """A picture without a pattern, which is small as a file whatever its size."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x20\xa0\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def choose(page: Page, file: Path) -> None:
    page.get_by_role("button", name="Your picture").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Choose a picture").click()
    chooser.value.set_files(file)


def test_a_picture_is_chosen_shown_and_removed(
    page: Page, server_process: ServerProcess, complaints: Complaints, tmp_path: Path
) -> None:
    enter(page, server_process.url)
    page.goto(f"{server_process.url}account/")
    mine = page.locator("avatar-menu person-avatar")
    expect(mine).to_have_text("A")

    (tmp_path / "none.png").write_bytes(b"no picture")
    choose(page, tmp_path / "none.png")
    expect(page.get_by_text("This is no picture that")).to_be_visible()
    expect(mine.locator("img")).to_have_count(0)

    (tmp_path / "large.png").write_bytes(png(3000, 2000))
    choose(page, tmp_path / "large.png")
    expect(mine.locator("img")).to_be_visible()
    assert page.evaluate(SIZE_OF_IT) == [384, 384]

    page.goto(f"{server_process.url}admin/?tab=people")
    line = page.get_by_role("list", name="People with an account").get_by_role("listitem")
    expect(line.locator("img")).to_be_visible()
    expect(line.locator("img")).to_have_js_property("naturalWidth", 384)  # once it is loaded

    page.goto(f"{server_process.url}account/")
    mine.click()
    page.get_by_role("menuitem", name="Remove the picture").click()
    expect(mine).to_have_text("A")
