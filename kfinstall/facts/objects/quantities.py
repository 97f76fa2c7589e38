"""Resource quantities: what they mean, and how they are written (k8s.io/apimachinery/pkg/api/resource/quantity.go)."""

import re
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

_NUMBER = re.compile(r"^([+-]?[0-9.]+)(([KMGTPE]i)|([numkMGTPE])|([eE][+-]?[0-9]+))?$")
_BINARY = {f"{letter}i": 1024**power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(1000),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
}
_NANO = Decimal("1e-9")
_BYTES = ("memory", "ephemeral-storage", "storage", "hugepages-")


@lru_cache(4096)
def amount(quantity: str | float) -> Decimal:
    """The number that a quantity means, rounded up to a nano unit. Raises ValueError for what is none."""
    found = _NUMBER.match(str(quantity).strip())
    if not found or found[1].count(".") > 1 or found[1].strip("+-") in {"", "."}:
        raise ValueError(quantity)
    suffix = found[2] or ""
    if suffix in _BINARY:
        scale = Decimal(_BINARY[suffix])
    elif suffix in _DECIMAL:
        scale = _DECIMAL[suffix]
    else:
        scale = Decimal(10) ** int(suffix[1:])
    return (Decimal(found[1]) * scale).quantize(_NANO, ROUND_CEILING)


def canonical(quantity: str | float) -> str:
    """As the API server writes it: no fraction, the largest suffix of its own family that keeps the value."""
    value = amount(quantity)
    found = _NUMBER.match(str(quantity).strip())
    suffix = (found[2] if found else "") or ""
    if suffix in _BINARY and abs(value) >= 1024 and value == value.to_integral_value():
        return _binary(int(value))
    exponent = suffix[:1] in {"e", "E"} and len(suffix) > 1
    return _decimal(value, exponent=exponent)


def readable(resource: str, value: Decimal) -> str:
    """An amount of a resource as a person writes it, to a few decimals: 250m, 1.995, 512Mi, 23.54Gi."""
    if resource.rpartition(".")[2].startswith(_BYTES):
        unit = max(
            (name for name, scale in _BINARY.items() if abs(value) >= scale), key=_BINARY.__getitem__, default=""
        )
        return f"{_short(value / _BINARY.get(unit, 1), 2)}{unit}"
    if value != value.to_integral_value() and abs(value) < 1:
        return f"{_short(value * 1000, 3)}m"
    return _short(value, 3)


def _short(value: Decimal, decimals: int) -> str:
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def _binary(value: int) -> str:
    if value == 0:
        return "0"
    for suffix, scale in reversed(_BINARY.items()):
        if value % scale == 0:
            return f"{value // scale}{suffix}"
    return str(value)


def _decimal(value: Decimal, *, exponent: bool) -> str:
    if value == 0:
        return "0"
    for suffix, scale in sorted(_DECIMAL.items(), key=lambda each: -each[1]):
        if value % scale == 0:
            power = f"e{scale.adjusted()}" if scale != 1 else ""
            return f"{int(value / scale)}{power if exponent else suffix}"
    return str(value)
