"""The programs that cryoctl flash runs at the prompt, in real MicroPython on the emulated RP2040."""

import hashlib

from host_tools.cryoctl.adapters import mpremote
from host_tools.cryoctl.adapters.uf2 import content as content_of
from host_tools.cryoctl.flash import Watch, boards, files, image
from host_tools.toolchain.packing import archive
from tests.lanes import summary

ANSWER_US = 60_000_000
FAMILY = 0xE48BFF56
LOOKED_AT = 4_096  # bytes of the flash: the emulator takes a minute for an image
MODULES = {f"cryo/m{n}.mpy": bytes([n]) * (200 + n) for n in range(6)}
OTHERS = {"main.py": b"print(1)\n"}


class _Emulated:
    """The emulated board's raw prompt, with the methods that the adapter uses."""

    def __init__(self, board):
        self._board = board

    def exec(self, program):
        return self._board.exec(program, ANSWER_US).encode()


def test_an_application_is_replaced_and_the_image_in_the_flash_is_known_by_its_hash(uf2, request):
    from host_tools.simulator.emulator.rp2040 import Rp2040Board

    before = OTHERS | {"application": archive(MODULES)}
    wanted = OTHERS | {"application": archive(MODULES | {"cryo/m3.mpy": b"new" * 40})}
    board = Rp2040Board(uf2, before)
    board.boot_to_prompt()
    prompt = mpremote.Prompt(_Emulated(board), "emulated")  # pyright: ignore[reportArgumentType]
    who = prompt.who()
    request.node.user_properties.append(
        (summary.INTERPRETER, f"MicroPython {boards.dotted(who[2])}, {who[1]}, emulated")
    )
    assert boards.of_interpreter(who, None) == "rp2040_pico"
    files.put(prompt, "emulated", wanted, files.differing(prompt, wanted), Watch())  # compares all at its end
    assert prompt.sent < 300
    address, content = content_of(uf2.read_bytes(), FAMILY)
    said = prompt.run(image._FLASH_HASH.format(address, LOOKED_AT)).strip()
    assert said == hashlib.sha256(content[:LOOKED_AT]).hexdigest()
