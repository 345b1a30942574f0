"""Numbers of users and groups are taken out, wherever they stand; nothing else is. Source: A-31."""

import pulumi

from components.charts import without_user_ids
from tests.unit.recording import RecordingEngine


def test_numbers_go_and_the_rest_stays() -> None:
    pod = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 0, "fsGroup": 1000},
        "containers": [{"name": "one", "securityContext": {"runAsUser": 0, "readOnlyRootFilesystem": True}}],
    }
    assert without_user_ids({"spec": pod}) == {
        "spec": {
            "securityContext": {"runAsNonRoot": True},
            "containers": [{"name": "one", "securityContext": {"readOnlyRootFilesystem": True}}],
        }
    }


def test_the_sdks_spelling_counts_as_well() -> None:
    security = {"run_as_non_root": True, "run_as_user": 100, "run_as_group": None, "fs_group": 100}
    assert without_user_ids({"security_context": security}) == {"security_context": {"run_as_non_root": True}}


def test_a_rule_about_users_is_no_number() -> None:
    rule = {"runAsUser": {"type": "MustRunAsRange"}, "fsGroup": {"type": "MustRunAs"}}
    assert without_user_ids(rule) == rule


def test_what_is_not_known_yet_is_left_alone(engine: RecordingEngine) -> None:
    changed = engine.deploy(lambda: without_user_ids({"image": pulumi.Output.from_input("later"), "runAsUser": 1}))
    assert list(changed) == ["image"]
    assert isinstance(changed["image"], pulumi.Output)
