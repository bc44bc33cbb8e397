"""The console's page and the parser's words agree with their one table. The host computes the check sum itself."""

import binascii
import sys

import pytest

from host_tools.toolchain import console_page
from tests.firmware.console import fuzz


def test_page_and_words_are_current():
    assert console_page.main(["--check"]) == 0


def test_an_old_page_is_noticed(tmp_path, monkeypatch, capsys):
    page = tmp_path / "console.md"
    page.write_text(console_page.PAGE.read_text() + "old\n")
    monkeypatch.setattr(console_page, "PAGE", page)
    monkeypatch.setattr(console_page, "ROOT", tmp_path)
    monkeypatch.setattr(console_page, "WORDS", tmp_path / "words.py")
    assert console_page.main(["--check"]) == 1
    assert "console.md" in capsys.readouterr().err
    assert console_page.main([]) == 0
    assert console_page.main(["--check"]) == 0


def topics(*headers, module="live"):
    """Return a table of these headers."""
    return console_page.load() | {"TOPICS": (("T", module, "", ("", ""), tuple((h, "", "") for h in headers)),)}


def test_a_word_has_one_short_form_and_a_root_one_module():
    with pytest.raises(ValueError, match="STATUS"):
        console_page.nodes(topics("STATus?", "STATUs:X?"))
    table = topics("CONFigure?", module="conf")
    table["TOPICS"] += (("U", "system", "", ("", ""), (("CONF:X?", "", ""),)),)
    with pytest.raises(ValueError, match="one module"):
        console_page.roots(table)


def test_no_two_commands_are_spelled_alike():
    table = console_page.load()
    known = table["known"]()
    assert len(known) == len(set(known))


def test_the_hosts_library_has_the_same_sum():
    from cryo.console.crc import START, added

    for data in (b"", b"123456789", bytes(range(256)), b"@12 ARM:REQ"):
        assert added(START, data, 0, len(data)) == binascii.crc_hqx(data, 0xFFFF)


def test_the_fuzzers_short_form(capsys):
    found = fuzz.run(2_000, 7)
    assert sum(found.values()) == 2_000
    assert found["other"] > 100 and found["ERROR -113"] > 100


def test_the_fuzzer_names_the_line_that_breaks_a_rule(monkeypatch, capsys):
    parse = sys.modules["cryo.console.parse"]
    canonical = parse.canonical
    monkeypatch.setattr(parse, "canonical", lambda head: head[99] if head[:2] == "FO" else canonical(head))
    with pytest.raises(IndexError):
        fuzz.run(500, 7)
    assert "of seed 7: b'" in capsys.readouterr().err
