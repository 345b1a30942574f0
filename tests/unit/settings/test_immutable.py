"""What cannot change once a stack exists; that it is remembered, the engine tests show. Source: CFG-2, CFG-5."""

from stacks import immutable
from tests.unit.platform import settings_of
from tests.unit.settings.configuration import PROJECT, as_handed_over, load_from, stack_values

CREATED = {"project": PROJECT, "cloud.provider": "aws", "kubernetes.clusterName": "biz-automation-dev"}


def refusal(key: str, value: str, reason: str) -> str:
    """The message for a changed value."""
    return f'{key}: "{value}" is not allowed; allowed: "{CREATED[key]}", as the stack was created: {reason}'


def test_project_provider_and_cluster_name_are_recorded() -> None:
    settings = load_from(as_handed_over(stack_values("dev")), "dev")

    assert immutable.values(PROJECT, settings) == CREATED


def values_in(name: str) -> dict[str, str]:
    """What a stack or a case of the settings' tests keeps for life."""
    return immutable.values(PROJECT, settings_of(name))


def test_an_openshift_cluster_that_exists_is_not_made_later_nor_left() -> None:
    existing, managed = values_in("openshift-dev"), values_in("openshift-dev.ok.managed")

    reason = "another cluster is another stack: create one, move the data, then destroy this one"
    assert immutable.changes(existing, managed) == [
        f'openshift.managed: "present" is not allowed; allowed: "absent", as the stack was created: {reason}'
    ]
    assert immutable.changes(managed, existing) == [
        f'openshift.managed: "absent" is not allowed; allowed: "present", as the stack was created: {reason}'
    ]


def test_a_managed_cluster_keeps_its_domain() -> None:
    created = values_in("openshift-dev.ok.managed")

    (refused,) = immutable.changes(created, created | {"openshift.managed.domain": "other"})
    assert refused.startswith(
        'openshift.managed.domain: "other" is not allowed; allowed: "biz-automation-dev", as the '
    )


def test_an_unchanged_stack_may_go_on() -> None:
    assert immutable.changes(CREATED, CREATED) == []


def test_a_new_stack_may_be_anything() -> None:
    assert immutable.changes({}, CREATED) == []


def test_a_value_that_an_earlier_version_did_not_record_may_be_anything() -> None:
    assert immutable.changes({"cloud.provider": "aws"}, CREATED) == []


def test_each_change_is_refused_with_the_recorded_value_and_the_reason() -> None:
    current = {"project": "automation", "cloud.provider": "azure", "kubernetes.clusterName": "other"}

    assert immutable.changes(CREATED, current) == [
        refusal(
            "project",
            "automation",
            "the project's name is part of every resource's identity, so each would be created again",
        ),
        refusal(
            "cloud.provider",
            "azure",
            "another cloud is another stack: create one, move the data, then destroy this one",
        ),
        refusal(
            "kubernetes.clusterName",
            "other",
            "the cluster would be destroyed with everything in it, and a new one created",
        ),
    ]
