"""The body of a patient of the population, and the room around it: population.py draws it."""

from dataclasses import dataclass

from host_tools.simulator.twin import foot
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.skin import AMBIENT_H_W_M2K, CORE_C, Layer
from host_tools.simulator.twin.skin2d import Skin2D


@dataclass(frozen=True)
class Body:
    """What a patient of the population has, and what lies around."""

    half_mm: float = 10.0
    probe_off_mm: float = 0.0
    eye_half_mm: float = 6.0
    ambient_c: float = 22.0
    humidity: float = 0.5
    box_k: float = 3.0
    q10: float = 2.0
    callus: tuple[float, float, float] | None = None  # mm, W/mK, MJ/m3K
    film: tuple[float, float] | None = None  # mm of water, s since it is on the skin
    cold: tuple[float, float] | None = None  # degC of the skin when its cover comes off, K by which the depth is warmer
    next_point_k: float | None = None  # K by which a second point is colder

    @property
    def points(self) -> tuple[int, ...]:
        """The numbers of the points that are treated."""
        return (1,) if self.next_point_k is None else (1, 2)

    def layered(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """Return the layers under the callus, when there is one."""
        if self.callus is None:
            return layers
        mm, k, mj = self.callus
        return (Layer("callus", mm, k, 1100.0, mj * 1e6 / 1100.0, 0.0), *layers)  # [E] 1100 kg/m3

    def skin(self, layers: tuple[Layer, ...], colder_k: float = 0.0) -> Skin2D:
        """Return the skin at rest; colder_k tells another point of the same site."""
        rest_c, over_k = self.cold or (None, 0.0)
        deep_c = CORE_C if rest_c is None else rest_c + over_k
        given = {
            "layers": self.layered(layers), "h_ambient_w_m2k": AMBIENT_H_W_M2K, "t_ambient_c": self.ambient_c,
            "half_mm": self.half_mm, "probe_off_mm": self.probe_off_mm, "eye_half_mm": self.eye_half_mm,
            "film_mm": self.film[0] if self.film else 0.0, "humidity": self.humidity, "q10": self.q10,
            "deep_c": deep_c, "rest_c": rest_c,
        }  # fmt: skip
        skin = Skin2D(**given)
        if colder_k:
            skin = Skin2D(**given | {"deep_c": deep_c - colder_k, "rest_c": skin.surface_c - colder_k})
        if self.film:
            skin.rest(self.film[1], 0.1)
            skin.lowest_c = skin.surface_c
        return skin

    def before(self, plant: Plant, layers: tuple[Layer, ...], *, tau_s: float, noise_c: float, seed: int) -> None:
        """Put the body in front of the plant's nozzle, in its room, with a probe of this lag and noise."""

        skins: list[Skin2D] = []

        def lie(skin: Skin2D, seed: int) -> None:
            if skins:
                skin.lowest_c = min(skin.lowest_c, skins[-1].lowest_c)
            skins.append(skin)
            foot.lie(plant, skin, tau_s=tau_s, noise_c=noise_c, seed=seed)

        def next_point(seed=1):
            """Put the probe on the site's other point."""
            lie(self.skin(layers, self.next_point_k or 0.0), seed)

        lie(self.skin(layers), seed)
        plant.new_skin = next_point
        foot.surround(plant, self.ambient_c, self.box_k, seed)
