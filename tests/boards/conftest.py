"""Makes copies of board folders, for tests that change them."""

import shutil
import tomllib
from pathlib import Path

import pytest

from host_tools.places import BOARDS


@pytest.fixture
def copied(tmp_path):
    """Copies a board's folder to a place beside the shared bill of materials, under another name if one is given."""

    def copy(name, to=None):
        shutil.copy(BOARDS / "applicator_bom.toml", tmp_path)
        like = tomllib.loads((BOARDS / name / "board.toml").read_text()).get("like")
        if like:  # the board whose files it shares
            shutil.copytree(BOARDS / name / like, tmp_path / Path(like).name, dirs_exist_ok=True)
        return shutil.copytree(BOARDS / name, tmp_path / (to or name))

    return copy
