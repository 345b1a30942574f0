"""Kafka and Kafka Connect of each profile, deployed once for all tests of the layer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from components.kafka import Kafka, KafkaArgs, KafkaConnect, KafkaConnectArgs
from tests.unit.components.environment import environment, gate
from tests.unit.recording import RecordingEngine, Registration, recording

STRIMZI = "kubernetes:kafka.strimzi.io/v1"


@dataclass(frozen=True)
class Events:
    """The layer of one profile, as it was registered."""

    engine: RecordingEngine

    def kind(self, kind: str, api: str = STRIMZI) -> dict[str, Registration]:
        """Objects of a kind by ``namespace/name``."""
        found = self.engine.of_type(f"{api}:{kind}")
        return {f"{item.inputs['metadata']['namespace']}/{item.inputs['metadata']['name']}": item for item in found}

    def spec(self, kind: str, name: str) -> dict[str, Any]:
        """What an object in ``integration`` asks for."""
        return self.kind(kind)[f"integration/{name}"].inputs["spec"]


def deployed(profile: str) -> Iterator[Events]:
    with recording(profile) as engine:

        def program() -> None:
            platform = environment(profile)
            kafka = Kafka("kafka", KafkaArgs(platform, gate("certificates")))
            KafkaConnect("kafka-connect", KafkaConnectArgs(platform, kafka.ready))

        engine.deploy(program)
        yield Events(engine)


@pytest.fixture(scope="package")
def dev() -> Iterator[Events]:
    """In dev."""
    yield from deployed("dev")


@pytest.fixture(scope="package")
def prod() -> Iterator[Events]:
    """In prod."""
    yield from deployed("prod")
