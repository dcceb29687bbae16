r"""Units: what stands behind a value, and whether two units go together.

Units that both sides state must agree; one that a side leaves out is none. Known units convert (5 km is 5000 m), other
words are what is counted: they agree where one side's words are among the other's ("5 hours", "5 hours ago"; not
"5 hours later" and "5 hours ago"). Percent is a unit of a hundredth, so 50 % is 0.5, and by leaving it out 50 as well;
angles' degrees are taken off before. `unit` and `units` say nothing.

    split(r"5 \text{km}")       # ("5", Unit({"length": 1}, Fraction(1000), frozenset()))
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from s1repro.grading.vocabulary import CHANGES, NOTHING, SCALES

_TABLE = """
length 1 m meter metre meters metres
length 1000 km kilometer kilometre kilometers kilometres
length 1/100 cm centimeter centimetre centimeters centimetres
length 1/1000 mm millimeter millimetre millimeters millimetres
length 1/1000000000 nm nanometer nanometers
length 1/1000000 um micrometer micrometers micron microns
length 381/1250 ft foot feet
length 127/5000 in inch inches
length 1143/1250 yd yard yards
length 201168/125 mi mile miles
time 1 s sec secs second seconds
time 60 min mins minute minutes
time 3600 h hr hrs hour hours
time 86400 day days
time 604800 week weeks
time 1/1000 ms millisecond milliseconds
month 1 month months
month 12 yr year years
mass 1 kg kilogram kilograms
mass 1/1000 g gram grams gm
mass 1/1000000 mg milligram milligrams
mass 1000 ton tons tonne tonnes
mass 45359237/100000000 lb lbs pound pounds
mass 45359237/1600000000 oz ounce ounces
volume 1 L l liter litre liters litres
volume 1/1000 mL ml milliliter millilitre milliliters millilitres
volume 3785411784/1000000000 gal gallon gallons
dollar 1 dollar dollars USD usd
dollar 1/100 cent cents
euro 1 euro euros EUR
sterling 1 sterling GBP
rupee 1 rupee rupees Rs rs INR
yen 1 yen JPY
angle 1 rad radian radians
hundredth 1 %
celsius 1 °C Celsius
fahrenheit 1 °F Fahrenheit
kelvin 1 K kelvin
newton 1 N newton newtons
joule 1 J joule joules
joule 1000 kJ kilojoule kilojoules
watt 1 W watt watts
watt 1000 kW kilowatt kilowatts
volt 1 V volt volts
ampere 1 A ampere amperes amp amps
hertz 1 Hz hertz
hertz 1000 kHz
hertz 1000000 MHz
pascal 1 Pa pascal pascals
pascal 1000 kPa
ohm 1 ohm ohms Ω
mole 1 mol mole moles
calorie 1 cal calorie calories
calorie 1000 kcal
bit 1 bit bits
bit 8 byte bytes
"""
KNOWN: dict[str, tuple[str, Fraction]] = {
    name: (line.split()[0], Fraction(line.split()[1]))
    for line in _TABLE.strip().splitlines()
    for name in line.split()[2:]
}
_SAYS = re.compile(r"\\text\{\s*(?:is|are|was|were|has|does|would|should|could|might|may|must)\b")
"""Words behind a value that say something of it are no unit."""
_COMPOSITE = {"mph": "mi/h", "kph": "km/h", "kmph": "km/h", "kmh": "km/h", "cc": "cm^3"}
_PLAIN_UNIT = re.compile(
    r"^(.*?[\d)}\]])(\s*)((?:(?:sq|square|cubic|cu)\.?\s+)?[A-Za-zΩ°%]+(?:\^?\{?[23]\}?)?"
    r"(?:\s*(?:/|per\s|\s)\s*(?:square |cubic )?[A-Za-z]+(?:\^?\{?[23]\}?)?)*)$"
)


@dataclass(frozen=True)
class Unit:
    """Powers of dimensions, how many base units this one is, and words that say what is counted or which way."""

    dimensions: Mapping[str, int] = field(default_factory=dict)
    factor: Fraction = Fraction(1)
    words: frozenset[str] = frozenset()

    @property
    def is_ratio(self) -> bool:
        """Whether dimensions cancelled out: hours per day."""
        return not self.dimensions and self.factor != 1


def agree(first: Unit | None, second: Unit | None) -> bool:
    """Whether two units do not contradict each other."""
    if first is None or second is None:
        return True
    if first.is_ratio != second.is_ratio and (first.dimensions or second.dimensions):
        return False
    dimensions = not first.dimensions or not second.dimensions or first.dimensions == second.dimensions
    words = first.words <= second.words or second.words <= first.words
    if bool(first.dimensions) != bool(second.dimensions) and first.words and second.words:
        words = first.words <= second.words or second.words <= first.words
    elif bool(first.dimensions) != bool(second.dimensions):
        words = not (first.dimensions and second.words) and not (second.dimensions and first.words)
    return dimensions and words


def split(text: str) -> tuple[str, Unit | None]:
    r"""The value and the unit behind it: set in `\text`, or known, or none."""
    found = re.match(r"^(.*?\S)\s*((?:\\text\{[^{}]*\}\s*(?:\^\s*\{?\s*-?\d\s*\}?)?\s*[/.]?\s*)+)$", text, re.S)
    if found and not re.search(r"\\text\{", found.group(1)) and not _SAYS.match(found.group(2)):
        unit = named(re.sub(r"\\text\{([^{}]*)\}", r" \1 ", found.group(2)))
        if unit is not None:
            return found.group(1).strip(), unit
    found = _PLAIN_UNIT.match(text)
    if found and "\\text" not in text:
        value, space, words = found.groups()
        known = all(part in KNOWN or part in _COMPOSITE for part in re.findall(r"[A-Za-zΩ°%]+", _spelt(words)))
        letters = re.findall(r"[A-Za-z]+", words)
        plain = "\\" not in text or all(len(part) > 1 for part in letters)
        if known and ((len(words) > 1 and (space or len(letters[0]) > 1)) or (space and plain)):
            unit = named(words)
            if unit is not None:
                return value, unit
    return text, None


def named(words: str) -> Unit | None:
    """The unit that these words name; None where they are no unit (they change the value, or hold a number)."""
    words = _spelt(words)
    dimensions: dict[str, int] = {}
    factor, rest = Fraction(1), set[str]()
    sign = 1
    for part in re.findall(r"[A-Za-zΩ°%'-]+\s*(?:\^?\s*\{?-?[1-9]\}?)?|/|\S", words):
        if part in ("/",):
            sign = -1
            continue
        match = re.fullmatch(r"([A-Za-zΩ°%'-]+)\s*(?:\^?\s*\{?(-?[1-9])\}?)?", part)
        if not match:
            if part in ".,()·*\\":
                continue
            return None
        name, power = match.group(1), sign * int(match.group(2) or 1)
        name = name if name in KNOWN else name.lower()
        if name in KNOWN:
            dimension, scale = KNOWN[name]
            dimensions[dimension] = dimensions.get(dimension, 0) + power
            factor *= scale**power
        elif name in CHANGES or name in SCALES:
            return None
        elif name not in NOTHING:
            rest.add(name.removesuffix("s") if len(name) > 3 else name)
    if dimensions.pop("volume", 0) == 1:
        dimensions["length"], factor = dimensions.get("length", 0) + 3, factor / 1000
    if not dimensions and not rest:
        return Unit()
    return Unit({name: power for name, power in dimensions.items() if power}, factor, frozenset(rest))


def _spelt(words: str) -> str:
    """Square and cubic, per and composite units, spelt with powers and strokes."""
    words = re.sub(r"\b(?:sq|square)\.?\s+([A-Za-z]+)", r"\1^2", words)
    words = re.sub(r"\b(?:cu|cubic)\.?\s+([A-Za-z]+)", r"\1^3", words)
    words = re.sub(r"\b([A-Za-z]+)\s+squared\b", r"\1^2", words)
    words = re.sub(r"\b([A-Za-z]+)\s+cubed\b", r"\1^3", words)
    words = re.sub(r"\bper\b", "/", words)
    words = re.sub(r"\bpounds sterling\b", "sterling", words)
    words = re.sub(r"\bdegrees?\s+([CF])(?:elsius|ahrenheit)?\b", r"°\1", words)
    return re.sub(r"[A-Za-z]+", lambda match: _COMPOSITE.get(match.group().lower(), match.group()), words)
