"""Water on the skin: the heat that evaporation takes, and the heat that freezing gives back.

Evaporation is proportional to the heat transfer, because heat and vapour cross the same layer of gas (Lewis [K]). So it
is expressed as a lower temperature of the gas at the surface: wet skin in air behaves like dry skin in colder air.
"""

import numpy as np

LATENT_J_KG = 2.45e6  # [K] of evaporation, 20 degC
FUSION_J_KG = 334_000.0  # [K]
VAPOUR_R = 461.5  # J/(kg K) [K]
# What a cubic metre of gas takes to warm by 1 K, and Lewis' number to the power 2/3 [K].
AIR_J_M3K = 1.2 * 1005.0 * 0.90
JET_J_M3K = 2.2 * 810.0 * 0.67  # CO2 at about -30 degC, mean of jet and skin
CONVECTIVE = 0.45  # [E] share of the still air's exchange that is no radiation
JET_DRIES = 0.5  # [E] the jet's mist gives part of the vapour's heat back within the layer of gas: 0 to 1


def vapour_kg_m3(t_c):
    """Return the vapour in saturated air (Magnus [K]) over water, also below 0 degC. Takes arrays, as the others do."""
    pascal = 611.2 * np.exp(17.62 * t_c / (243.12 + t_c))
    return pascal / (VAPOUR_R * (t_c + 273.15))


def air_fall_k(surface_c, ambient_c, humidity):
    """Return by how much colder the air seems to a wet surface, K; negative where dew forms."""
    gap = vapour_kg_m3(surface_c) - humidity * vapour_kg_m3(ambient_c)
    return CONVECTIVE * LATENT_J_KG / AIR_J_M3K * gap


def jet_fall_k(surface_c):
    """Return by how much colder the dry jet seems to a wet surface, K."""
    return JET_DRIES * LATENT_J_KG / JET_J_M3K * vapour_kg_m3(surface_c)
