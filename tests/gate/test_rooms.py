"""The picture of the rooms agrees with the imports."""

from host_tools.evidence.pages import rooms
from host_tools.toolchain import imports


def test_the_picture_is_up_to_date():
    assert rooms.FILE.read_text(encoding="utf-8") == rooms.drawn(rooms.arrows(imports.graph())), f"run {rooms.COMMAND}"


def test_an_import_makes_an_arrow_and_a_room_of_its_own_does_not():
    graph = {
        "firmware/cryo/core/mode.py": {"firmware/cryo/limits.py", "firmware/cryo/core/flow.py"},
        "host_tools/cryoctl/main.py": {"firmware/cryo/__init__.py", "host_tools/places.py"},
        "boards/virtual/board.py": {"host_tools/simulator/twin/guest/hal.py"},
    }
    assert rooms.arrows(graph) == {("firmware/cryo/core", "figures"), ("boards", "host_tools/simulator")}


def test_another_import_gives_another_picture():
    pairs = rooms.arrows(imports.graph())
    assert rooms.drawn(pairs) != rooms.drawn(pairs | {("host_tools/toolchain", "host_tools/cryoctl")})
