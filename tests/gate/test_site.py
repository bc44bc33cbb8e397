"""The static site: its sources, and the check of its links. Zensical itself is not needed here."""

import tomllib

import pytest

from host_tools.evidence.pages import site
from host_tools.places import ROOT
from tests.gate import test_links


def named(nav):
    """Yield every page that a navigation names."""
    for entry in nav:
        for value in entry.values():
            yield from [value] if isinstance(value, str) else named(value)


def test_the_site_has_every_page_and_what_each_links_to(tmp_path):
    copied = {ROOT / page for page in site.staged(tmp_path)}
    assert set(test_links.pages()) <= copied
    inside = {path.relative_to(tmp_path / "pages") for path in (tmp_path / "pages").rglob("*") if path.is_file()}
    for page in test_links.pages():
        for target in test_links.links(page):
            file = (page.parent / target.partition("#")[0]).resolve()
            assert not file.is_file() or file.relative_to(ROOT) in inside, f"{page.name} links to {target}"


def test_its_navigation_names_pages_that_are_there_and_each_once():
    project = tomllib.loads(site.CONFIGURATION.read_text(encoding="utf-8"))["project"]
    pages = list(named(project["nav"]))
    assert len(pages) == len(set(pages)) and all((ROOT / page).is_file() for page in pages)


def test_what_belongs_to_an_item_of_a_list_is_indented_by_four():
    page = "1. one\n   more\n\n       code\n2. two\n\n- three\n  more\n\ntext\n\n    code\n10. ten\n    more\n"
    wide = "1. one\n    more\n\n        code\n2. two\n\n- three\n    more\n\ntext\n\n    code\n10. ten\n    more\n"
    assert site.indented(page) == wide


def test_it_loads_nothing_from_elsewhere():
    project = tomllib.loads(site.CONFIGURATION.read_text(encoding="utf-8"))["project"]
    assert project["theme"]["font"] is False and project["use_directory_urls"] is False


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ('<a href="gone.html">', ["page.html: gone.html: no such file"]),
        ('<img src="gone.svg">', ["page.html: gone.svg: no such file"]),
        ('<a href="other.html#gone">', ["page.html: other.html#gone: no such heading"]),
        ('<a href="#gone">', ["page.html: #gone: no such heading"]),
        ('<a href="other.html#here">', []),
        ('<a href="https://example.org/gone.html">', []),
        ('<a href="folder/">', []),
    ],
)
def test_a_link_of_the_site_that_leads_nowhere_is_found(tmp_path, link, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/index.html").write_text("<p>Index")
    (tmp_path / "other.html").write_text('<h2 id="here">Here')
    (tmp_path / "page.html").write_text(link)
    assert site.broken(tmp_path) == said


def test_without_zensical_it_says_what_installs_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(site, "find_spec", lambda name: None)
    assert site.main(tmp_path / "site") == 2
    assert "`make docs` installs it" in capsys.readouterr().err
