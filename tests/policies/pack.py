"""Run the policy pack as the engine runs it: a process of its own, asked over gRPC."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

POLICIES = Path(__file__).parents[2] / "policies"
COST_CENTERS = ("cc-platform", "cc-data")


@dataclass(frozen=True)
class Violation:
    """What a policy reports."""

    policy: str
    message: str
    mandatory: bool


class Pack:
    """A running policy pack."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.stub = analyzer_pb2_grpc.AnalyzerStub(channel)

    def configure_stack(self, organisation: Mapping[str, Any], project: str = "biz-automation") -> None:
        configuration = {f"{project}:organisation": json.dumps(organisation), "aws:region": "us-east-1"}
        request = analyzer_pb2.AnalyzerStackConfigureRequest(project=project, stack="dev", config=configuration)
        self.stub.ConfigureStack(request)

    def configure(self, policy: str, **settings: Any) -> None:
        properties = struct_pb2.Struct()
        properties.update(settings)
        level = analyzer_pb2.MANDATORY
        configuration = {policy: analyzer_pb2.PolicyConfig(enforcementLevel=level, properties=properties)}
        self.stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=configuration))

    def analyze(self, resource_type: str, name: str, properties: Mapping[str, Any]) -> list[Violation]:
        content = struct_pb2.Struct()
        content.update(dict(properties))
        urn = f"urn:pulumi:dev::biz-automation::{resource_type}::{name}"
        request = analyzer_pb2.AnalyzeRequest(type=resource_type, name=name, urn=urn, properties=content)
        return [
            Violation(found.policyName, found.message, found.enforcementLevel == analyzer_pb2.MANDATORY)
            for found in self.stub.Analyze(request).diagnostics
        ]


@contextmanager
def running(directory: Path = POLICIES) -> Generator[Pack]:
    """Start the pack in a directory; its port is the first line that it prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=directory) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Pack(channel)
        finally:
            process.kill()
