from typing import Any

import pulumi
import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from sandbox.providers.values import (
    NOT_SECRET,
    OUTPUT_SIGNATURE,
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_SENTINELS,
    contains_unknown,
    from_wire,
    same,
    to_wire,
)

scalars = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=8) | st.just(UNKNOWN)
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


def wire(value: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(value, struct_pb2.Struct())


@given(st.dictionaries(st.text(max_size=5), trees))
def test_plain_values_survive_the_round_trip(properties: dict[str, object]) -> None:
    assert from_wire(to_wire(properties)) == (properties, NOT_SECRET)


def test_every_sentinel_of_the_engine_is_unknown() -> None:
    plain, _ = from_wire(wire({"values": sorted(UNKNOWN_SENTINELS)}))

    assert plain == {"values": [UNKNOWN] * 7}
    assert contains_unknown(plain)
    assert not contains_unknown({"a": [{"b": None}]})


def test_whole_numbers_are_integers_and_fractions_are_not() -> None:
    plain, _ = from_wire(wire({"port": 80, "share": 0.5, "on": True}))

    types = {name: type(value) for name, value in plain.items()}

    assert plain == {"port": 80, "share": 0.5, "on": True}
    assert types == {"port": int, "share": float, "on": bool}


def test_a_nested_secret_is_marked_where_it_was() -> None:
    secret = {SIGNATURE_KEY: SECRET_SIGNATURE, "value": "s3cret"}

    plain, secrets = from_wire(wire({"data": {"password": secret, "user": "admin"}, "list": ["x", secret]}))
    marked = json_format.MessageToDict(to_wire({**plain, "other": "y"}, secrets))

    assert plain == {"data": {"password": "s3cret", "user": "admin"}, "list": ["x", "s3cret"]}
    assert marked["data"] == {"password": secret, "user": "admin"}
    assert marked["list"] == {SIGNATURE_KEY: SECRET_SIGNATURE, "value": ["x", "s3cret"]}
    assert marked["other"] == "y"


def test_an_output_of_another_shape_than_its_secret_input_is_secret_as_a_whole() -> None:
    secret = {SIGNATURE_KEY: SECRET_SIGNATURE, "value": "s3cret"}
    _, secrets = from_wire(wire({"policy": {"key": secret}}))

    marked = json_format.MessageToDict(to_wire({"policy": "key=s3cret"}, secrets))

    assert marked["policy"] == {SIGNATURE_KEY: SECRET_SIGNATURE, "value": "key=s3cret"}


def test_outputs_and_resource_references_become_their_values() -> None:
    plain, secrets = from_wire(
        wire(
            {
                "later": {SIGNATURE_KEY: OUTPUT_SIGNATURE},
                "hidden": {SIGNATURE_KEY: OUTPUT_SIGNATURE, "value": "v", "secret": True},
                "bucket": {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": "urn:x", "id": "bucket-1"},
                "component": {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": "urn:y"},
            }
        )
    )

    assert plain == {"later": UNKNOWN, "hidden": "v", "bucket": "bucket-1", "component": "urn:y"}
    assert secrets.keys["hidden"].whole


@pytest.mark.parametrize(
    "asset",
    [
        pulumi.StringAsset("text"),
        pulumi.FileAsset("file.txt"),
        pulumi.RemoteAsset("https://example.test/file"),
        pulumi.FileArchive("folder"),
        pulumi.RemoteArchive("https://example.test/archive.zip"),
        pulumi.AssetArchive({"a.txt": pulumi.StringAsset("a")}),
    ],
    ids=lambda asset: type(asset).__name__,
)
def test_assets_stay_assets(asset: pulumi.Asset | pulumi.Archive) -> None:
    struct = to_wire({"source": asset})

    plain, _ = from_wire(struct)

    assert type(plain["source"]) is type(asset)
    assert to_wire(plain) == struct


def test_assets_are_the_same_by_their_hash_alone() -> None:
    def asset(content_hash: str) -> object:
        return from_wire(wire({"a": {SIGNATURE_KEY: "c44067f5952c0a294b673a41bacd8c17", "hash": content_hash}}))[0]

    assert same(asset("1"), asset("1"))
    assert not same(asset("1"), asset("2"))


def test_an_unknown_is_the_same_as_nothing() -> None:
    assert not same(UNKNOWN, UNKNOWN)
    assert not same(1, True)
    assert same({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})


def test_a_value_without_representation_names_its_path() -> None:
    with pytest.raises(TypeError, match=r"spec\.ports\[0\]: a set cannot"):
        to_wire({"spec": {"ports": [{80}]}})
