"""`docs/formats/journal.md` says what the golden file holds, and names every kind, event and file."""

import re
import struct
from pathlib import Path
from zlib import crc32

from hookline.journal import files, records
from hookline.journal.frames import FORMAT, MAX_LENGTH, Kind

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "formats" / "journal.md").read_text(encoding="utf-8")
GOLDEN = ROOT / "core" / "tests" / "journal" / "golden" / f"format-{FORMAT}.journal"


def test_the_table_is_that_of_the_golden_file():
    data, offset, rows = GOLDEN.read_bytes(), 0, []
    while offset < len(data):
        length, crc = struct.unpack_from("<II", data, offset)
        assert crc == crc32(data[offset + 8 : offset + 8 + length])
        rows.append((str(len(rows)), str(offset), str(length), f"{crc:08x}", str(data[offset + 8])))
        offset += 8 + length
    assert re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| ([0-9a-f]{8}) \| (\d) \|", PAGE, re.MULTILINE) == rows


def test_the_page_names_every_kind_and_event():
    kinds = dict(re.findall(r"^\| (\d) \| ([a-z]+) \|", PAGE, re.MULTILINE))
    assert kinds == {str(int(kind)): kind.name.lower() for kind in Kind}
    for event in records._EVENTS:
        assert f"| {event} |" in PAGE
    assert MAX_LENGTH == 2**30


def test_the_page_names_every_file():
    for suffix in (files.SUFFIX, files.REFUSED_SUFFIX, files.NOT_STORED_SUFFIX):
        assert re.search(rf"WRITER_ID\S*{re.escape(suffix)} ", PAGE), suffix
