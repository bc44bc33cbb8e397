"""Files that were changed at random, a short form of `python -m tests.cryoctl.mutated`."""

import pytest

from tests.cryoctl import mutated

SHORT = 150


@pytest.mark.parametrize("kind", mutated.kinds(), ids=lambda kind: kind.name)
def test_a_file_changed_at_random_is_an_error_of_one_line_or_a_right_answer(kind, tmp_path):
    for data in kind.good:
        path = tmp_path / f"good{kind.suffix}"
        path.touch(0o600)
        path.write_bytes(data)
        assert kind.right(kind.read(path), data)
    assert [said for number in range(SHORT) if (said := mutated.tried(kind, number, tmp_path))] == []


def test_a_reader_that_takes_a_changed_file_for_something_else_is_seen(tmp_path):
    kind = next(kind for kind in mutated.kinds() if kind.name == "log.jsonl")
    first = mutated.Kind(kind.name, kind.suffix, kind.good, lambda path: (kind.read(path)[0][:1], 1 << 20), kind.right)
    fails = mutated.Kind(kind.name, kind.suffix, kind.good, lambda path: 1 / 0, kind.right)
    for broken in (first, fails):
        assert any(mutated.tried(broken, number, tmp_path) for number in range(20))
