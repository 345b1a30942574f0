"""Where settings come from, what a message never shows, and that nothing crashes the loader. Source: CFG-1."""

import json

import pulumi
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stacks.settings import Settings, SettingsError
from tests.unit.settings.configuration import PROJECT, STACKS, as_handed_over, load_from, patch, stack_values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
LEAVES = [
    "profile",
    "cloud.provider",
    "cloud.region",
    "kubernetes.version",
    "network.cidr",
    "network.zones",
    "network.peeredCidrs",
    "nodePools",
    "nodePools.0",
    "nodePools.0.maxSize",
    "organisation.costCenters",
    "lake.raw",
    "database",
    "budget.alertEmails",
    "components",
]


def problems_of(config: dict[str, str], secret_keys: list[str] | None = None) -> tuple[str, ...]:
    """Messages of settings that must be refused."""
    with pytest.raises(SettingsError) as error:
        load_from(config, "dev", secret_keys)
    return error.value.problems


def test_the_committed_stacks_load_and_differ_where_the_profiles_say() -> None:
    dev, stg, prod = (load_from(as_handed_over(stack_values(stack)), stack) for stack in STACKS)

    assert [stack.profile for stack in (dev, stg, prod)] == list(STACKS)
    assert [stack.kubernetes.cluster_name for stack in (dev, stg, prod)] == [f"{PROJECT}-{name}" for name in STACKS]
    assert {(stack.cloud.provider, stack.cloud.region) for stack in (dev, stg, prod)} == {("aws", "us-east-1")}
    assert [stack.network.zones for stack in (dev, stg, prod)] == [2, 3, 3]
    assert [stack.network.nat_gateways for stack in (dev, stg, prod)] == ["single", "single", "per-zone"]
    assert [stack.lake.protect for stack in (dev, stg, prod)] == [False, True, True]
    assert dev.node_pools[0].max_size < stg.node_pools[0].max_size < prod.node_pools[0].max_size
    assert [pool.instance_type for pool in dev.node_pools] == ["m5.xlarge"]
    networks = [stack.network.cidr for stack in (dev, stg, prod)]
    assert not any(one.overlaps(other) for one in networks for other in networks if one is not other)


def test_ownership_names_cost_centre_owner_environment_and_data_class() -> None:
    tags = load_from(as_handed_over(stack_values("prod")), "prod").ownership.tags("network")

    assert tags["cost-center"] == "cc-platform"
    assert tags["owner"] == "platform-team"
    assert tags["environment"] == "prod"
    assert tags["data-class"] == "confidential"


def test_settings_cannot_be_changed() -> None:
    loaded = load_from(as_handed_over(stack_values("dev")), "dev")

    with pytest.raises(ValueError, match="frozen"):
        loaded.network.zones = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_a_host_may_hand_the_configuration_over_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    config = as_handed_over(stack_values("dev") | {"networks": {}})
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config))

    assert problems_of({}) == (f'{PROJECT}:networks: unknown key; did you mean "network"?',)


def test_keys_of_other_projects_and_providers_are_not_ours() -> None:
    config = as_handed_over(stack_values("dev")) | {"aws:region": "eu-west-1", "other:profile": "prod"}

    assert load_from(config, "dev").cloud.region == "us-east-1"


def test_the_error_ends_the_run_without_a_traceback() -> None:
    assert issubclass(SettingsError, pulumi.RunError)


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("cloud.region", "AKIAIOSFODNN7EXAMPLE"),
        ("cloud.region", "wJalrXUtnFEMI7K7MDENGbPxRfiCYEXAMPLEKEY"),
        ("organisation.baseDomain", "https://admin:hunter2@example.com"),
        ("organisation.owner", "-----BEGIN PRIVATE KEY-----"),
        ("organisation.owner", "ghp_0123456789"),
        ("budget.alertEmails.0", "eyJhbGciOiJIUzI1NiJ9"),
    ],
)
def test_what_looks_like_a_secret_is_never_shown(path: str, secret: str) -> None:
    problems = problems_of(as_handed_over(patch(stack_values("dev"), {path: secret}, [])))

    assert len(problems) == 1
    assert secret not in problems[0]
    assert "[hidden]" in problems[0]


def test_an_encrypted_value_is_never_shown() -> None:
    config = as_handed_over(patch(stack_values("dev"), {"cloud.region": "correct-horse"}, []))

    (problem,) = problems_of(config, [f"{PROJECT}:cloud"])

    assert problem.startswith(f"{PROJECT}:cloud.region: [hidden] is not allowed; allowed: a region of aws (")
    assert "correct-horse" not in problem


def test_an_encrypted_section_loads() -> None:
    config = as_handed_over(stack_values("dev"))

    assert load_from(config, "dev", [f"{PROJECT}:budget"]).budget.monthly_limit_usd == 1200


def test_a_key_that_looks_like_a_secret_is_never_shown() -> None:
    (problem,) = problems_of(as_handed_over(stack_values("dev") | {"AKIAIOSFODNN7EXAMPLE": {}}))

    assert "AKIA" not in problem


def test_letters_of_every_language_are_shown_as_they_are() -> None:
    (problem,) = problems_of(as_handed_over(patch(stack_values("dev"), {"cloud.region": "España"}, [])))

    assert '"España" is not allowed' in problem


def test_a_long_value_is_cut_and_stays_on_one_line() -> None:
    (problem,) = problems_of(as_handed_over(patch(stack_values("dev"), {"organisation.owner": "a\n" * 500}, [])))

    assert "\n" not in problem
    assert len(problem) < 300


def test_an_empty_configuration_names_every_required_section() -> None:
    required = [field.alias for field in Settings.model_fields.values() if field.is_required()]

    problems = problems_of({})

    assert [problem.split(": missing;")[0] for problem in problems] == [f"{PROJECT}:{key}" for key in required]


def refused(config: dict[str, str]) -> tuple[str, ...] | None:
    """Messages of settings that may be refused; None when they load."""
    try:
        load_from(config, "dev")
    except SettingsError as error:
        return error.problems
    return None


@settings(derandomize=True, deadline=None, max_examples=150)
@given(path=st.sampled_from(LEAVES), value=JSON)
@example(path="components", value={"two\nlines": True})
def test_no_value_anywhere_crashes_the_loader(path: str, value: object) -> None:
    problems = refused(as_handed_over(patch(stack_values("dev"), {path: value}, [])))

    assert problems != ()
    assert all(problem.startswith(f"{PROJECT}:") and problem.isprintable() for problem in problems or ())


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    texts=st.dictionaries(st.sampled_from([*stack_values("dev"), "odd"]), st.text(max_size=30) | JSON.map(json.dumps))
)
def test_no_text_anywhere_crashes_the_loader(texts: dict[str, str]) -> None:
    config = as_handed_over(stack_values("dev")) | {f"{PROJECT}:{key}": text for key, text in texts.items()}

    assert refused(config) != ()
