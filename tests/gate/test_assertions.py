"""Every test can fail by an assertion of its own, or of a helper that it calls."""

import pytest

from tests.gate import assertions
from tests.lanes import ROOT


def test_every_test_asserts_something():
    assert list(assertions.without(ROOT / "tests", ROOT / "firmware")) == []


@pytest.mark.parametrize(
    ("body", "idle"),
    [
        ("assert x", False),
        ("x.poll()", True),
        ("with pytest.raises(ValueError):\n        x()", False),
        ("check(x)", False),
        ("look(x)", True),
        ("mock.assert_called_once_with(x)", False),
        ("deep(x)", False),
        ("x.check(x)", False),
        ("x.poll_product(x)", True),
    ],
)
def test_a_test_without_an_assertion_is_found(tmp_path, body, idle):
    helpers = "def check(x):\n    assert x\n\n\ndef look(x):\n    return x\n\n\ndef deep(x):\n    check(x)\n"
    helpers += "\n\ndef poll_product(x):\n    assert x\n"
    (tmp_path / "product").mkdir()
    (tmp_path / "product/a.py").write_text("def poll_product(x):\n    return x\n")
    (tmp_path / "support.py").write_text(helpers)
    (tmp_path / "test_a.py").write_text(f"import pytest\n\n\ndef test_it(x=1, mock=None):\n    {body}\n")
    assert list(assertions.without(tmp_path, tmp_path / "product")) == (["test_a.py::test_it"] if idle else [])
