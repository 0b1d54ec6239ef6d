"""Invented names for climbs and areas, each used once."""

from __future__ import annotations

from typing import Final

import numpy as np

_FIRST: Final = """
Amber Ancient Angry Arctic Autumn Battered Bitter Black Blind Borrowed Brass Broken Burning Calm
Cedar Chrome Clever Cold Copper Cosmic Crooked Curious Daily Damp Dizzy Distant Drifting Dusty Early
Electric Empty Endless Fading Faithful Feral Final Flying Foggy Forgotten Frozen Gentle Ghost Gilded
Giant Golden Granite Gravel Green Half Hidden Hollow Honest Humble Hungry Idle Invisible Iron Ivory
Jagged Jolly Lazy Little Lonely Loose Lost Lucky Lunar Mellow Midnight Misty Moonlit Mossy Muddy
Naked Nervous Nimble Northern Old Open Pale Paper Patient Polite Quiet Rapid Reckless Restless
Rotten Royal Rusty Salty Savage Second Secret Silent Silver Simple
"""
_SECOND: Final = """
Anchor Anvil Apron Arrow Badger Balance Bandit Barrel Beacon Bear Bishop Bramble Bridge Buffalo
Cabin Candle Canyon Captain Carpet Castle Chapel Circus Clock Cloud Cobra Comet Compass Coyote
Cradle Crow Current Dagger Dance Diesel Dragon Drum Eagle Echo Ember Engine Falcon Feather Ferry
Fever Fiddle Flame Fox Galaxy Garden Giraffe Glove Hammer Harbour Harvest Hatchet Heron Hinge
Horizon Hornet Island Jacket Jury Kettle Ladder Lantern Letter Lynx Machine Magnet Maple Mirror
Monsoon Moose Needle Oracle Orchard Otter Owl Paddle Parade Pelican Pendulum Pilot Prophet Puzzle
Quarry Radio Raven River Rocket Saddle Sermon Shadow Signal Spider Storm Thunder Tiger Trail Wagon
"""
_VARIANTS: Final = (" Sit", " Direct", " Left", " Right", " Arete", " Traverse", " Low")
_AREA_FIRST: Final = """
Alder Basalt Birch Boundary Brackish Canyon Cascade Clearwater Cougar Creekside Dogwood Eagle Fern
Glacier Granite Heron Hemlock Juniper Lakeside Larch Lichen Lookout Mill Old Osprey Pine River
Sawmill Spruce Talus Upper Lower Valley Windy
"""
_AREA_SECOND: Final = (
    *("Boulders", "Field", "Grove", "Slope", "Corner"),
    *("Bluffs", "Garden", "Forest", "Ravine", "Bench"),
)


def climb_names(count: int, rng: np.random.Generator) -> list[str]:
    """Return `count` different names."""
    return _distinct(count, [f"{a} {b}" for a in _FIRST.split() for b in _SECOND.split()], rng)


def area_names(count: int, rng: np.random.Generator) -> list[str]:
    """Return `count` different names."""
    return _distinct(count, [f"{a} {b}" for a in _AREA_FIRST.split() for b in _AREA_SECOND], rng)


def _distinct(count: int, stock: list[str], rng: np.random.Generator) -> list[str]:
    order = rng.permutation(len(stock)).tolist()
    names = [stock[k] for k in order]
    for variant in _VARIANTS:
        if len(names) >= count:
            break
        names += [stock[k] + variant for k in order]
    names += [f"{stock[k % len(stock)]} {k // len(stock) + 2}" for k in range(count - len(names))]
    return names[:count]
