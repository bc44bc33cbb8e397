"""Draws the fleet: one page about every board that is plugged in, with the days until each calibration is due."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape

from plotly.graph_objects import Figure

from host_tools.cryoctl import names
from host_tools.cryoctl.calibration.kinds import BY_CODE
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.devices import TOGETHER, Seen
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.report import gather
from host_tools.cryoctl.report.gather import Calibration, Found
from host_tools.cryoctl.report.page import NOTICE, SOON_D
from host_tools.toolchain import webpage

_TITLE = "Fleet of applicators"
START = webpage.start(_TITLE)  # the beginning of each page
VALID, SOON, OVERDUE, NEVER = "valid", f"due within {SOON_D} days", "overdue", "never calibrated"
_MARKS = {
    VALID: (webpage.GREEN, "circle"),
    SOON: (webpage.ORANGE, "diamond"),
    OVERDUE: (webpage.RED, "square"),
    NEVER: (webpage.GREY, "circle-open"),
}
_ROW_PX, _FRAME_PX = 46, 120
NOT_TOLD = "it did not tell its calibrations: look with `cryoctl calibrate status`"


@dataclass(frozen=True)
class Member:
    """One port of the fleet; what its board told, and why it was not asked or did not tell."""

    seen: Seen
    found: Found = field(default_factory=lambda: Found(""))
    left_out: str = ""

    @property
    def name(self) -> str:
        """Name in what is printed: the serial number, else the port."""
        return self.seen.serial or self.seen.port

    @property
    def attention(self) -> str:
        """Return what a technician should do something about, empty for a board in order."""
        said = [self.found.latched] if self.found.latched else []
        late = {each.kind for each in self.found.calibrations if status(each) in (OVERDUE, NEVER)}
        if late:
            said.append(f"calibrate {', '.join(kind.name for code, kind in BY_CODE.items() if code in late)}")
        return "; ".join(said) or self.left_out


def _named(code):
    """Return a kind as `cryoctl calibrate` calls it."""
    return BY_CODE[code].name if code in BY_CODE else code.lower()


def status(calibration: Calibration) -> str:
    """Return how a calibration stands: one of the words of the key."""
    if calibration.left_d is None:
        return NEVER
    if calibration.left_d < 0:
        return OVERDUE
    return SOON if calibration.left_d <= SOON_D else VALID


def asked(there: list[Seen]) -> list[Member]:
    """Ask each applicator that is at rest, all at the same time. Raises nothing: a port that fails says why."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(_asked, there))


def _asked(seen: Seen) -> Member:
    if seen.state not in names.QUIET:
        doing = f"it is {seen.state}: it was not asked" if seen.state in names.MODES else seen.remark
        return Member(seen, left_out=doing)
    found = Found(gather.now())
    try:
        with Device(Port(seen.port)) as device:
            gather.standing(device, found)
    except Problem as problem:
        return Member(seen, left_out=f"{problem.text}: {problem.then}")
    return Member(seen, found, "" if found.calibrations else NOT_TOLD)


def page(members: list[Member], made: str) -> str:
    """Return the page's HTML."""
    ours = [member for member in members if member.seen.serial]
    told = [member for member in ours if member.found.calibrations]
    doing = [member for member in members if member.attention and not member.left_out]
    cards = [
        ("boards", str(len(ours))),
        ("at rest, and they told everything", str(len(told))),
        ("boards that need somebody", str(len(doing))),
        ("calibrations overdue or never made", str(sum(_late(member) for member in told))),
    ]
    parts = [
        f"<h1>{_TITLE}</h1><p class='sub'>Every port of this computer; made {escape(made)}</p>",
        f"<p class='notice'>{escape(NOTICE)}</p>",
        webpage.cards(cards),
    ]
    if told:
        parts.append(webpage.section("Calibrations: days until due", webpage.plot(picture(told), "fleet")))
    rows = map(_row, sorted(members, key=lambda member: (not member.attention, member.name)))
    header = ("serial", "port", "board", "version", "state", "due date in force", "what to do")
    parts.append(webpage.section("Boards", webpage.table(header, rows, "no port was found")))
    return webpage.document(_TITLE, "".join(parts))


def _row(member):
    seen, todo = member.seen, member.attention
    cells = (seen.serial, seen.port, seen.board or seen.kind, seen.version, seen.state, member.found.due)
    return (*cells, (todo, "bad" if todo and not member.left_out else ""))


def _late(member):
    return sum(status(each) in (OVERDUE, NEVER) for each in member.found.calibrations)


def picture(members: list[Member]) -> Figure:
    """Return the picture: a row for each board, a column for each kind of calibration, the days as a number."""
    labels = _labels(members)
    cells = [(each, label) for member, label in zip(members, labels, strict=True) for each in member.found.calibrations]
    fig = Figure()
    for name, (colour, symbol) in _MARKS.items():
        mine = [(each, label) for each, label in cells if status(each) == name]
        if mine:
            fig.add_scatter(
                x=[_named(each.kind) for each, _ in mine], y=[label for _, label in mine], name=name, mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 13, "line": {"width": 2, "color": colour}},
                customdata=[f"due {each.due}" if each.due else "no record" for each, _ in mine],
                hovertemplate=f"%{{y}}, %{{x}}: {name}, %{{customdata}}<extra></extra>",
            )  # fmt: skip
    fig.add_scatter(
        x=[_named(each.kind) for each, _ in cells], y=[label for _, label in cells], mode="text", hoverinfo="skip",
        text=["" if each.left_d is None else f"\u2002{each.left_d}" for each, _ in cells], textposition="middle right",
        showlegend=False, textfont={"size": 12},
    )  # fmt: skip
    fig.update_xaxes(type="category", categoryarray=[kind.name for kind in BY_CODE.values()], tickangle=-90)
    fig.update_yaxes(type="category", categoryarray=labels[::-1])
    webpage.styled(fig, _FRAME_PX + _ROW_PX * len(members))
    fig.update_layout(margin={"l": 84, "b": 84})  # room for a serial number, and for a word that stands
    return fig


def _labels(members):
    """Return the names of the rows, short enough for a phone; a serial number that comes again is counted."""
    every = [member.seen.serial for member in members]
    return [f"{one} ({every[:n].count(one) + 1})" if every.count(one) > 1 else one for n, one in enumerate(every)]
