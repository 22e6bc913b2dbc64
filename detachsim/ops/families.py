"""Which families of rows go together, and which of them have a name."""

from functools import cache

from detachsim.ops.names import NAMES


@cache
def _family_groups() -> dict[str, frozenset[str]]:
    """Return, for every name, its family and all that share a name with that one, directly or through others."""
    first: dict[str, str] = {}
    group: dict[str, set[str]] = {family: {family} for family in NAMES}
    for family, text in NAMES.items():
        for name in text.split():
            other = first.setdefault(name, family)
            if group[other] is not group[family]:
                merged = group[other] | group[family]
                for member in merged:
                    group[member] = merged
    frozen = {id(members): frozenset(members) for members in group.values()}
    return {name: frozen[id(group[family])] for name, family in first.items()}


def families_of(name: str) -> frozenset[str]:
    """Return the families that have to be there for ``name``, none for a name that no row or helper has."""
    return _family_groups().get(name, frozenset())
