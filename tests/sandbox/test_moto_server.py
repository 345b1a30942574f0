"""The AWS stand-in keeps what it holds, over an orderly end and over a kill."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from sandbox import moto_server
from sandbox.environment import ACCESS_KEY, REGION
from sandbox.supervisor import Supervisor

pytestmark = pytest.mark.sandbox


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    Supervisor(tmp_path).stop_all()


def aws(service: str, endpoint: str) -> Any:
    session = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
    return session.client(service, endpoint_url=endpoint)  # pyright: ignore[reportCallIssue, reportArgumentType]


def fill(endpoint: str) -> dict[str, str]:
    """Make one thing of each kind that is hard to keep: keys, locks, files, references."""
    key = aws("kms", endpoint).create_key()["KeyMetadata"]["KeyId"]
    cipher = aws("kms", endpoint).encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    aws("s3", endpoint).create_bucket(Bucket="bucket")
    aws("s3", endpoint).put_object(Bucket="bucket", Key="cipher", Body=cipher)
    aws("sqs", endpoint).create_queue(QueueName="queue")
    aws("ecr", endpoint).create_repository(repositoryName="repository")
    policy = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    trust = '{"Version": "2012-10-17", "Statement": []}'
    aws("iam", endpoint).create_role(RoleName="role", AssumeRolePolicyDocument=trust)
    aws("iam", endpoint).attach_role_policy(RoleName="role", PolicyArn=policy)
    network = aws("ec2", endpoint).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return {"key": key, "network": network, "policy": policy}


def assert_filled(endpoint: str, made: dict[str, str]) -> None:
    cipher = aws("s3", endpoint).get_object(Bucket="bucket", Key="cipher")["Body"].read()
    assert aws("kms", endpoint).decrypt(CiphertextBlob=cipher)["Plaintext"] == b"secret"
    assert aws("sqs", endpoint).get_queue_url(QueueName="queue")["QueueUrl"].endswith("/queue")
    assert aws("ecr", endpoint).describe_repositories()["repositories"][0]["repositoryName"] == "repository"
    attached = aws("iam", endpoint).list_attached_role_policies(RoleName="role")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [made["policy"]]
    # what was left out of the file is there all the same
    assert aws("iam", endpoint).get_policy(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")["Policy"]
    subnet = aws("ec2", endpoint).create_subnet(VpcId=made["network"], CidrBlock="10.0.1.0/24")["Subnet"]
    aws("ec2", endpoint).delete_subnet(SubnetId=subnet["SubnetId"])


def test_an_orderly_end_loses_nothing(directory: Path) -> None:
    assert not moto_server.is_intact(directory)
    endpoint = moto_server.start(directory)
    made = fill(endpoint)
    assert moto_server.is_intact(directory)
    assert Supervisor(directory).stop(moto_server.NAME)
    assert moto_server.is_intact(directory)
    assert moto_server.start(directory) == endpoint
    assert_filled(endpoint, made)


def test_a_kill_is_noticed_and_loses_a_second_at_most(directory: Path) -> None:
    endpoint = moto_server.start(directory)
    made = fill(endpoint)
    # the stop writes the state as the periodic save does
    Supervisor(directory).stop(moto_server.NAME)
    moto_server.start(directory)
    record = Supervisor(directory).running(moto_server.NAME)
    assert record
    process = psutil.Process(record.pid)
    os.kill(record.pid, signal.SIGKILL)
    psutil.wait_procs([process], timeout=10)
    assert not moto_server.is_intact(directory)
    sentences: list[str] = []
    moto_server.start(directory, sentences.append)
    assert [sentence.split(" (log")[0] for sentence in sentences] == ["moto was found dead"]
    assert_filled(endpoint, made)


def test_changes_are_saved_while_it_runs(directory: Path) -> None:
    endpoint = moto_server.start(directory)
    (state,) = [moto_server.state_file(directory)]
    aws("s3", endpoint).create_bucket(Bucket="first")
    while not state.exists():
        # each request gives the server another moment
        aws("s3", endpoint).list_buckets()
    assert b"first" in state.read_bytes()


def test_a_state_that_cannot_be_read_is_set_aside(directory: Path) -> None:
    state = moto_server.state_file(directory)
    state.parent.mkdir(parents=True)
    state.write_bytes(b"no pickle")
    endpoint = moto_server.start(directory)
    assert aws("s3", endpoint).list_buckets()["Buckets"] == []
    assert not state.exists()
    assert state.with_suffix(".unreadable").read_bytes() == b"no pickle"
    assert "cannot be read" in Supervisor(directory).log(moto_server.NAME).read_text()
