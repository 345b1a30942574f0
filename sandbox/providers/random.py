"""Stand-in for the ``random`` provider: values from the operating system's generator, kept in the state only.

What it does not do: ``bcryptHash`` of passwords stays empty where the ``bcrypt`` package is not installed (the standard
library has no such hash), and a ``seed`` gives stable values, but others than the vendor's generator.
Source: the vendor's documentation of each resource.
"""

import base64
import importlib.metadata
import importlib.util
import random
import secrets
import string
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from typing_extensions import override

from sandbox.providers.schema import schema, validate
from sandbox.providers.stand_in import (
    UNKNOWN,
    Failures,
    ReadResult,
    ResourceDiff,
    ResourceReference,
    StandIn,
    StandInError,
    compare,
    contains_unknown,
    serve,
)

SPECIAL_CHARACTERS: Final = "!@#$%&*()-_=+[]{}<>:?"
BCRYPT_MAXIMUM_BYTES: Final = 72
_STRING_DEFAULTS: Final[Mapping[str, Any]] = {
    "lower": True,
    "upper": True,
    "number": True,
    "numeric": True,
    "special": True,
    "minLower": 0,
    "minUpper": 0,
    "minNumeric": 0,
    "minSpecial": 0,
}
_ADVERBS: Final = ("barely", "boldly", "calmly", "gladly", "kindly", "lightly", "newly", "openly", "surely", "wisely")
_ADJECTIVES: Final = (
    *("able", "amber", "brave", "bright", "calm", "clever", "eager", "fair", "gentle", "happy", "honest", "keen"),
    *("kind", "lively", "lucid", "merry", "noble", "patient", "quick", "quiet", "rapid", "sunny", "true", "warm"),
)
_ANIMALS: Final = (
    *("badger", "bear", "beaver", "bison", "crane", "dolphin", "falcon", "finch", "fox", "gecko", "heron", "ibex"),
    *("koala", "lark", "lynx", "marmot", "otter", "owl", "panda", "puffin", "robin", "seal", "tapir", "wren"),
)


def _token(name: str) -> str:
    return f"random:index/{name[0].lower()}{name[1:]}:{name}"


PASSWORD: Final = _token("RandomPassword")
BYTES: Final = _token("RandomBytes")
Generated = tuple[str, dict[str, Any]]


class RandomStandIn(StandIn):
    """Makes random values; every change of an input makes a new one."""

    name: ClassVar[str] = "random"

    @override
    def check_resource(
        self, resource: ResourceReference, old: dict[str, Any], new: dict[str, Any], /
    ) -> tuple[dict[str, Any], Failures]:
        failures = validate(resource.type, new)
        if not failures and not contains_unknown(new):
            failures = _range_failures(resource.type, {**_defaults(resource.type), **new})
        return new, failures

    @override
    def diff_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        new: dict[str, Any],
        /,
    ) -> ResourceDiff:
        return compare(old_inputs, new, replacing=old_inputs.keys() | new.keys())

    @override
    def create_resource(
        self, resource: ResourceReference, inputs: dict[str, Any], /, *, preview: bool, timeout: float
    ) -> tuple[str, dict[str, Any]]:
        given = {**_defaults(resource.type), **inputs}
        if preview:
            computed = (name for name in schema(resource.type).outputs if name not in given)
            return "", {**given, **dict.fromkeys(computed, UNKNOWN)}
        resource_id, generated = _GENERATORS[resource.type](given)
        return resource_id, {**given, **generated}

    @override
    def read_resource(
        self, resource: ResourceReference, resource_id: str, inputs: dict[str, Any], outputs: dict[str, Any], /
    ) -> ReadResult | None:
        if not outputs:
            raise StandInError(f"The random stand-in cannot import {resource.name}: its values live in the state only.")
        return ReadResult(resource_id, inputs, outputs)

    @override
    def update_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        inputs: dict[str, Any],
        /,
        *,
        preview: bool,
        timeout: float,
    ) -> dict[str, Any]:
        return {**old_outputs, **inputs}

    @override
    def delete_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        /,
        *,
        timeout: float,
    ) -> None:
        """Nothing is left outside of the state."""

    @override
    def secret_outputs(self, type_token: str, /) -> frozenset[str]:
        return {PASSWORD: frozenset({"result", "bcryptHash"}), BYTES: frozenset({"base64", "hex"})}.get(
            type_token, frozenset()
        )


def _defaults(type_token: str) -> Mapping[str, Any]:
    if type_token in {PASSWORD, _token("RandomString")}:
        return _STRING_DEFAULTS
    if type_token == _token("RandomPet"):
        return {"length": 2, "separator": "-"}
    return {}


def _range_failures(type_token: str, given: Mapping[str, Any]) -> Failures:
    name = type_token.rpartition(":")[2]
    minimum_length = {"RandomPassword": 1, "RandomString": 1, "RandomBytes": 1, "RandomId": 1}.get(name)
    size = "byteLength" if name == "RandomId" else "length"
    if minimum_length and given[size] < minimum_length:
        return [(size, f"{size} is {given[size]} and must be at least {minimum_length}.")]
    if name in {"RandomPassword", "RandomString"}:
        return _string_failures(given)
    if name == "RandomInteger" and given["min"] > given["max"]:
        return [("min", f"min is {given['min']} and must not exceed max, which is {given['max']}.")]
    return []


def _string_failures(given: Mapping[str, Any]) -> Failures:
    least = sum(given[name] for name in ("minLower", "minUpper", "minNumeric", "minSpecial"))
    if given["length"] < least:
        return [("length", f"length is {given['length']} and the minima of the classes need {least}.")]
    if not any(characters for characters, _ in _classes(given)):
        return [("lower", "All of lower, upper, numeric and special are false; at least one must be true.")]
    return []


def _classes(given: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the characters of each class and how many of them there must be; those of a class left out are empty."""
    special = given.get("overrideSpecial") or SPECIAL_CHARACTERS
    numeric = given["numeric"] and given["number"]
    return [
        (string.ascii_lowercase if given["lower"] else "", given["minLower"]),
        (string.ascii_uppercase if given["upper"] else "", given["minUpper"]),
        (string.digits if numeric else "", given["minNumeric"]),
        (special if given["special"] else "", given["minSpecial"]),
    ]


def _generate_string(given: Mapping[str, Any]) -> str:
    classes = _classes(given)
    needed = [secrets.choice(characters) for characters, least in classes if characters for _ in range(least)]
    alphabet = "".join(characters for characters, _ in classes)
    characters = [*needed, *(secrets.choice(alphabet) for _ in range(given["length"] - len(needed)))]
    random.SystemRandom().shuffle(characters)
    return "".join(characters)


def _random_string(given: Mapping[str, Any]) -> Generated:
    result = _generate_string(given)
    return result, {"result": result}


def _random_password(given: Mapping[str, Any]) -> Generated:
    result = _generate_string(given)
    hashed: dict[str, Any] = {}
    if importlib.util.find_spec("bcrypt"):
        bcrypt = importlib.import_module("bcrypt")
        hashed["bcryptHash"] = bcrypt.hashpw(result.encode()[:BCRYPT_MAXIMUM_BYTES], bcrypt.gensalt()).decode()
    return "none", {"result": result, **hashed}


def _random_bytes(given: Mapping[str, Any]) -> Generated:
    value = secrets.token_bytes(given["length"])
    return "none", {"base64": base64.b64encode(value).decode(), "hex": value.hex()}


def _random_id(given: Mapping[str, Any]) -> Generated:
    value = secrets.token_bytes(given["byteLength"])
    prefix = given.get("prefix", "")
    plain = base64.urlsafe_b64encode(value).decode().rstrip("=")
    return plain, {
        "b64Url": prefix + plain,
        "b64Std": prefix + base64.b64encode(value).decode(),
        "hex": prefix + value.hex(),
        "dec": prefix + str(int.from_bytes(value, "big")),
    }


def _random_uuid4(given: Mapping[str, Any]) -> Generated:
    del given
    result = str(uuid.uuid4())
    return result, {"result": result}


def _random_uuid7(given: Mapping[str, Any]) -> Generated:
    """RFC 9562: 48 bits of milliseconds, then version, variant and 74 random bits."""
    del given
    bits = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    result = str(uuid.UUID(int=bits))
    return result, {"result": result}


def _random_pet(given: Mapping[str, Any]) -> Generated:
    length = given["length"]
    words = [secrets.choice(_ADVERBS) for _ in range(length - 2)]
    words += [secrets.choice(_ADJECTIVES)] if length > 1 else []
    words.append(secrets.choice(_ANIMALS))
    prefix = [given["prefix"]] if given.get("prefix") else []
    result = given["separator"].join([*prefix, *words])
    return result, {"result": result}


def _random_integer(given: Mapping[str, Any]) -> Generated:
    result = _generator(given).randint(given["min"], given["max"])
    return str(result), {"result": result}


def _random_shuffle(given: Mapping[str, Any]) -> Generated:
    inputs: list[str] = given["inputs"]
    count = given.get("resultCount") or len(inputs)
    generator = _generator(given)
    results: list[str] = []
    while inputs and len(results) < count:
        # an element comes again only when all others have come
        results += generator.sample(inputs, len(inputs))
    return "-", {"results": results[:count]}


def _generator(given: Mapping[str, Any]) -> random.Random:
    return random.Random(given["seed"]) if given.get("seed") else random.SystemRandom()  # noqa: S311 - a seed is asked for


_GENERATORS: Final[Mapping[str, Callable[[Mapping[str, Any]], Generated]]] = {
    PASSWORD: _random_password,
    BYTES: _random_bytes,
    _token("RandomString"): _random_string,
    _token("RandomId"): _random_id,
    _token("RandomUuid"): _random_uuid4,
    _token("RandomUuid4"): _random_uuid4,
    _token("RandomUuid7"): _random_uuid7,
    _token("RandomPet"): _random_pet,
    _token("RandomInteger"): _random_integer,
    _token("RandomShuffle"): _random_shuffle,
}


if __name__ == "__main__":
    serve(RandomStandIn(), importlib.metadata.version("pulumi-random"))
