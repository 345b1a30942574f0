"""Priority and storage classes. Source: A-57, CLU-1..2."""

import pytest

from components.base import Priority, StorageClasses, StorageClassesArgs
from components.cluster.storage_classes import StorageClassSpecification
from tests.unit.components.ownership import OWNERSHIP
from tests.unit.platform import STORAGE_CLASSES, Deployment
from tests.unit.recording import RecordingEngine


def test_priorities_are_ordered_and_one_is_the_default(dev: Deployment) -> None:
    classes = dev.of_kind("PriorityClass")
    values = [classes[priority.value]["value"] for priority in Priority]
    assert values == sorted(values, reverse=True)
    assert [name for name, item in classes.items() if item["globalDefault"]] == [Priority.STANDARD.value]
    # above this value Kubernetes keeps classes for itself
    assert max(values) < 1_000_000_000


def test_batch_work_evicts_nothing(dev: Deployment) -> None:
    policies = {name: item["preemptionPolicy"] for name, item in dev.of_kind("PriorityClass").items()}
    assert [name for name, policy in policies.items() if policy == "Never"] == [Priority.BATCH.value]


def test_volumes_are_made_where_the_pod_lands_and_can_grow(dev: Deployment) -> None:
    classes = dev.of_kind("StorageClass")
    assert set(classes) == {"standard", "retained"}
    for item in classes.values():
        assert (item["volumeBindingMode"], item["allowVolumeExpansion"]) == ("WaitForFirstConsumer", True)
        assert item["parameters"] == {"encrypted": "true"}
    assert {name: item["reclaimPolicy"] for name, item in classes.items()} == {
        "standard": "Delete",
        "retained": "Retain",
    }
    default = "storageclass.kubernetes.io/is-default-class"
    assert {name: item["metadata"]["annotations"][default] for name, item in classes.items()} == {
        "standard": "true",
        "retained": "false",
    }


@pytest.mark.parametrize(
    ("specifications", "named"),
    [
        (STORAGE_CLASSES[1:], "none"),
        ((STORAGE_CLASSES[0], StorageClassSpecification("fast", "disks.example", {}, default=True)), "standard, fast"),
    ],
)
def test_exactly_one_storage_class_is_the_default(
    engine: RecordingEngine, specifications: tuple[StorageClassSpecification, ...], named: str
) -> None:
    with pytest.raises(ValueError, match=f"exactly one must be the default; these say they are: {named}"):
        engine.deploy(lambda: StorageClasses("storage", StorageClassesArgs(specifications, OWNERSHIP)))
