"""Draws the explored machine as SVG. Places and routes are fixed here; the arrows and their words are computed."""

from host_tools.evidence.safety.states import Arrow, Machine
from host_tools.toolchain.board_check.svg import INK, MUTED, SAFETY, Drawing

Point = tuple[float, float]

WIDTH, HEIGHT = 1230, 650
NODE_W, NODE_H = 116, 44
EVERY, TREATING = "every other mode", "treating"
PLACES: dict[str, Point] = {
    "FAULT": (460, 45),
    "BOOT": (110, 160),
    "SELF_TEST": (300, 160),
    "STANDBY": (620, 160),
    "SERVICE": (330, 330),
    "READY": (620, 330),
    "COMPLETE": (620, 510),
    "ARMED": (960, 340),
    "DELIVERING": (960, 550),
    "REST": (1130, 445),
}
FRAMES = {EVERY: (30, 105, 1195, 535), TREATING: (880, 285, 325, 310)}  # x, y, width, height
# (from, to): corners of the line, where its words stand, and whether they start, end or centre there
ROUTES: dict[tuple[str, str], tuple[tuple[Point, ...], Point, str]] = {
    (EVERY, "FAULT"): (((900, 105), (900, 36), (518, 36)), (700, 30), "middle"),
    ("FAULT", "SELF_TEST"): (((402, 45), (300, 45), (300, 138)), (350, 39), "middle"),
    ("FAULT", "STANDBY"): (((518, 56), (620, 56), (620, 138)), (628, 80), "start"),
    ("BOOT", "SELF_TEST"): (((168, 160), (242, 160)), (205, 153), "middle"),
    ("SELF_TEST", "STANDBY"): (((358, 150), (562, 150)), (460, 143), "middle"),
    ("STANDBY", "SERVICE"): (((562, 172), (380, 172), (380, 308)), (386, 190), "start"),
    ("SERVICE", "STANDBY"): (((388, 330), (470, 330), (470, 212), (580, 212), (580, 182)), (476, 228), "start"),
    ("STANDBY", "READY"): (((605, 182), (605, 308)), (598, 262), "end"),
    ("READY", "STANDBY"): (((640, 308), (640, 182)), (648, 232), "start"),
    ("COMPLETE", "SERVICE"): (((562, 510), (330, 510), (330, 352)), (440, 503), "middle"),
    ("COMPLETE", "READY"): (((620, 488), (620, 352)), (613, 425), "end"),
    ("COMPLETE", "STANDBY"): (((678, 498), (770, 498), (770, 174), (678, 174)), (778, 420), "start"),
    (TREATING, "STANDBY"): (((1060, 285), (1060, 146), (678, 146)), (1068, 200), "start"),
    ("ARMED", "STANDBY"): (((930, 318), (930, 160), (678, 160)), (937, 220), "start"),
    ("READY", "ARMED"): (((678, 335), (902, 335)), (825, 328), "middle"),
    (TREATING, "COMPLETE"): (((880, 515), (678, 515)), (790, 531), "middle"),
    ("ARMED", "DELIVERING"): (((960, 362), (960, 528)), (953, 450), "end"),
    ("DELIVERING", "REST"): (((1018, 562), (1155, 562), (1155, 467)), (1085, 578), "middle"),
    ("REST", "DELIVERING"): (((1105, 467), (1105, 542), (1018, 542)), (1097, 503), "end"),
    ("REST", "ARMED"): (((1130, 423), (1130, 340), (1018, 340)), (1075, 333), "middle"),
}


class NoPlace(ValueError):
    """A mode or an arrow cannot be drawn yet; the message says where to add it."""


def _shared(arrows: list[Arrow], members: list[str], after: str) -> set[int]:
    """Return the smallest sets of conditions with which every member goes to `after`."""
    sets = [set(a.least) for name in members for a in arrows if (a.before, a.after) == (name, after)]
    return set.intersection(*sets) if len(sets) == len(members) else set()


def grouped(machine: Machine) -> dict[tuple[str, str], list[int]]:
    """Return (from, to) -> smallest sets. What all members of a frame share stands once, from the frame."""
    drawn: dict[tuple[str, str], list[int]] = {(a.before, a.after): list(a.least) for a in machine.arrows}
    others = [name for name in machine.modes if name != "FAULT"]
    for frame, members in ((EVERY, others), (TREATING, list(machine.treating))):
        for after in machine.modes:
            shared = _shared(list(machine.arrows), members, after) if after not in members else set()
            for name in members if shared else ():
                left = [one for one in drawn.get((name, after), []) if one not in shared]
                drawn[name, after] = left
            if shared and not (frame == TREATING and after == "FAULT"):
                drawn[frame, after] = sorted(shared)
    return {pair: sets for pair, sets in drawn.items() if sets}


def words(machine: Machine, sets: list[int]) -> list[str]:
    """Return the words of an arrow, one line for each way."""
    ways = [" and ".join(machine.names(one)) or "at once" for one in sets]
    return [f"{way} or" for way in ways[:-1]] + ways[-1:]


def _head(draw: Drawing, before: Point, tip: Point, stroke: str) -> None:
    x, y = tip
    if before[1] == y:
        back = -8 if x > before[0] else 8
        draw.items.append(f'<path d="M{x:g},{y:g} l{back},-4 v8 z" fill="{stroke}"/>')
    else:
        back = -8 if y > before[1] else 8
        draw.items.append(f'<path d="M{x:g},{y:g} l-4,{back} h8 z" fill="{stroke}"/>')


def draw(machine: Machine) -> str:
    """Return the SVG. Raises NoPlace when a mode or an arrow has no place here, or a route has no arrow."""
    arrows = grouped(machine)
    for missing in [name for name in machine.modes if name not in PLACES]:
        raise NoPlace(f"mode {missing} has no place: add it to PLACES of host_tools/evidence/safety/state_diagram.py")
    for before, after in arrows.keys() ^ ROUTES.keys():
        action = "add it to" if (before, after) in arrows else "the machine has no such arrow: take it out of"
        raise NoPlace(f"{before} to {after}: {action} ROUTES of host_tools/evidence/safety/state_diagram.py")
    picture = Drawing()
    for name, (x, y, w, h) in FRAMES.items():
        picture.box(x, y, w, h, stroke=MUTED, fill="none", dash="6 4")
        picture.text(x + 10, y + h - 10, name, size=12, fill=MUTED)
    for pair, sets in arrows.items():
        corners, (x, y), anchor = ROUTES[pair]
        stroke = SAFETY if pair[1] in ("FAULT", "DELIVERING") else INK
        picture.line(*corners, stroke=stroke, width=1.4)
        _head(picture, corners[-2], corners[-1], stroke)
        for index, line in enumerate(words(machine, sets)):
            picture.text(x, y + 13 * index, line, size=11, anchor=anchor, fill=stroke)
    for name in machine.modes:
        x, y = PLACES[name]
        gas = name == "DELIVERING"
        picture.box(x - NODE_W / 2, y - NODE_H / 2, NODE_W, NODE_H, stroke=SAFETY if gas else INK)
        picture.text(x, y + 5, name, size=13, anchor="middle", bold=True)
    return picture.render(WIDTH, HEIGHT, "Modes of the supervisor, drawn from the explored mode function")
