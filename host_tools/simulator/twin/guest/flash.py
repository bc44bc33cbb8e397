"""The virtual board's flash: blocks of a file of the host, for MicroPython's littlefs. Erased bytes are 0xFF."""

BLOCK_SIZE = 4096

_COUNT = 4  # ioctl
_SIZE = 5
_ERASE = 6


class Flash:
    """A block device over the file at `path`. The file must exist, and its length must be a multiple of BLOCK_SIZE.

    Every write reaches the host's system at once: after this process dies, the file is as after a power cut.
    """

    def __init__(self, path):
        self._file = open(path, "r+b")
        self._count = self._file.seek(0, 2) // BLOCK_SIZE
        self._erased = b"\xff" * BLOCK_SIZE

    def readblocks(self, block, buffer, offset=0):
        """Fill buffer."""
        self._file.seek(block * BLOCK_SIZE + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        """Write blocks that were erased before."""
        self._file.seek(block * BLOCK_SIZE + offset)
        self._file.write(buffer)

    def ioctl(self, request, argument):
        """Return the size, or erase a block."""
        if request == _COUNT:
            return self._count
        if request == _SIZE:
            return BLOCK_SIZE
        if request == _ERASE:
            self.writeblocks(argument, self._erased)
        return 0
