"""The platform's own resources obey the rules, in every committed stack. Source: POL-4, POL-7."""

import runpy

import pulumi
import pytest

from stacks.settings.loading import parse
from tests.policies.pack import Pack, Violation, running
from tests.unit.recording import RecordingEngine, recording
from tests.unit.settings.configuration import CHECKOUT, STACKS, as_handed_over, stack_values

CLUSTER = {
    "endpoint": "https://eks.example",
    "certificateAuthority": {"data": "Q0E="},
    "identities": [{"oidcs": [{"issuer": "https://oidc.example/id/1"}]}],
}
DATABASE = {
    "address": "db.example",
    "masterUserSecrets": [{"secretArn": "arn:aws:secretsmanager:us-east-1:1:secret:db"}],
}


def run(engine: RecordingEngine, config: dict[str, str]) -> None:
    engine.functions["pulumi:pulumi:readStackOutputs"] = lambda arguments: {"name": arguments["name"], "outputs": {}}
    engine.outputs |= {
        "aws:eks/cluster:Cluster": lambda _name, inputs: {
            **CLUSTER,
            "vpcConfig": {**inputs["vpcConfig"], "clusterSecurityGroupId": "sg-cluster"},
        },
        "aws:ec2/launchTemplate:LaunchTemplate": lambda _name, _inputs: {"latestVersion": 1},
        "random:index/randomPassword:RandomPassword": lambda _name, _inputs: {"result": "x" * 32},
        "aws:rds/instance:Instance": lambda _name, _inputs: DATABASE,
    }

    def program() -> None:
        pulumi.runtime.set_all_config(config)
        runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")

    engine.deploy(program)


def violations(pack: Pack, engine: RecordingEngine) -> list[Violation]:
    return [
        violation
        for registration in engine.registrations
        for violation in pack.analyze(registration.type, registration.name, registration.inputs)
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_committed_stack_passes(stack: str) -> None:
    values = stack_values(stack)
    settings, problems = parse(values, stack)
    assert settings is not None, problems
    with recording(stack) as engine, running() as pack:
        run(engine, as_handed_over(values))
        pack.configure_stack({"costCenters": list(settings.organisation.cost_centers)})
        assert violations(pack, engine) == []
        assert len(engine.registrations) > 200

        # the same resources do not pass where nobody may be charged: they were judged, not passed over
        pack.configure_stack({"costCenters": ["cc-of-nobody"]})
        assert len(violations(pack, engine)) > 100
