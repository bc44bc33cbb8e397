"""Files that flash and report refuse, so that no user's file is lost and no board gets a damaged image."""

import struct

import pytest

from host_tools.cryoctl import log_file
from host_tools.cryoctl.adapters import uf2
from host_tools.cryoctl.log import Record
from host_tools.cryoctl.problems import Problem
from tests.cryoctl.fake_port import cryoctl


@pytest.fixture
def log_there(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(log_file.head() + log_file.line(Record("7", 1, "CLEARED", uptime_s=3), log_file.CSV))
    return path


@pytest.mark.parametrize("how", ["itself", "a link", "a hard link", "another's", "a folder"])
def test_a_report_takes_the_place_of_no_file_but_a_report(tmp_path, log_there, how):
    to = {"itself": log_there, "a folder": tmp_path}.get(how, tmp_path / "r.html")
    if how == "a link":
        to.symlink_to(log_there)
    elif how == "a hard link":
        to.hardlink_to(log_there)
    elif how == "another's":
        to.write_text("<!doctype html>\n<p>mine")
    before = log_there.read_bytes(), to.read_bytes() if to.is_file() else b""
    done = cryoctl("report", "--log", log_there, "-o", to)
    why = {"another's": "not a report: it is not overwritten", "a folder": "is not a file"}
    assert done.exit_code == 2 and why.get(how, "one of the files that the report is made from") in done.output
    assert before == (log_there.read_bytes(), to.read_bytes() if to.is_file() else b"")


def test_a_report_takes_the_place_of_an_older_one_through_a_link(tmp_path, log_there):
    real, link = tmp_path / "real.html", tmp_path / "r.html"
    link.symlink_to(real)
    for _ in range(2):
        assert cryoctl("report", "--log", log_there, "-o", link).exit_code == 0
        assert link.is_symlink() and b"Applicator, serial 7<" in real.read_bytes()[:200]
        real.write_bytes(real.read_bytes()[:300])


def block(number, of, address, size=256, family=0xE48BFF56):
    head = struct.pack("<8I", *uf2.MAGIC, 0x2000, address, size, number, of, family)
    return head + bytes(uf2.PAYLOAD_MAX) + struct.pack("<I", uf2.MAGIC_END)


@pytest.mark.parametrize(
    ("blocks", "family", "said"),
    [
        ([(0x20000000, 256)], 0xE48BFF56, "block 0 is for 0x20000000, which is not in the flash"),
        ([(0x0FFFFF00, 256)], 0xE48BFF56, "not in the flash"),
        ([(0x10FFFF80, 256)], 0xE48BFF56, "not in the flash"),
        ([(0x11FFFF80, 256)], 0xE48BFF59, "not in the flash"),
        ([(0x10000000, 256), (0x10000000, 256)], 0xE48BFF56, "block 1 of 2 is for an address that another block wrote"),
        ([(0x10000000, 256), (0x10000100, 0)], 0xE48BFF56, "block 1 of 2 is empty"),
        ([(0x10000000, 256), (0x10000200, 256)], 0xE48BFF56, "no block for address 0x10000100"),
    ],
)
def test_an_image_that_is_not_for_the_flash_alone_and_once_is_refused(blocks, family, said):
    data = b"".join(block(n, len(blocks), at, size, family) for n, (at, size) in enumerate(blocks))
    with pytest.raises(Problem, match=said):
        uf2.content(data, family)


@pytest.mark.parametrize(("family", "end"), [(0xE48BFF56, 0x11000000), (0xE48BFF59, 0x12000000)])
def test_the_last_block_of_the_flash_is_taken(family, end):
    assert uf2.content(block(0, 1, end - 256, 256, family), family) == (end - 256, bytes(256))
