"""Configuration, names, imports, data sources and the store."""

import json
import threading
from pathlib import Path

import pytest

from sandbox.providers.aws.provider import AwsStandIn
from sandbox.providers.stand_in import StandInError
from sandbox.providers.store import Store
from tests.sandbox.aws.documents import ACCOUNT, trust
from tests.sandbox.aws.driver import TIMEOUT, AwsDriver, reference

ROLE = "aws:iam/role:Role"
BUCKET = "aws:s3/bucket:Bucket"
TRUST = trust("ec2.amazonaws.com")


def test_a_foreign_account_is_refused(environment: str) -> None:
    assert environment
    allowed = json.dumps(["210987654321"])
    with pytest.raises(StandInError, match=f"AWS account ID not allowed: {ACCOUNT}"):
        AwsStandIn().configure_provider({"region": "us-east-1", "allowedAccountIds": allowed})
    AwsStandIn().configure_provider({"region": "us-east-1", "allowedAccountIds": json.dumps([ACCOUNT])})


def test_a_region_is_needed(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(StandInError, match="set the configuration key aws:region"):
        AwsStandIn().configure_provider({})
    with pytest.raises(StandInError, match="invalid AWS Region: Virginia"):
        AwsStandIn().configure_provider({"region": "Virginia"})


def test_default_tags_reach_every_resource(aws: AwsDriver) -> None:
    tags = json.dumps({"tags": {"owner": "platform", "environment": "dev"}})
    provider = AwsStandIn()
    provider.configure_provider({"region": "us-east-1", "defaultTags": tags})
    tagging = AwsDriver(provider, aws.made, client=aws.client)
    role = tagging.create(ROLE, "tagged", assumeRolePolicy=TRUST, tags={"owner": "data"})
    assert role["tagsAll"] == {"owner": "data", "environment": "dev"}
    found = aws.client("iam").get_role(RoleName=role["name"])["Role"]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in found} == {"owner": "data", "environment": "dev"}


def test_automatic_names_stay(aws: AwsDriver) -> None:
    role = aws.create(ROLE, "worker", assumeRolePolicy=TRUST)
    stem, _, suffix = role["name"].rpartition("-")
    assert (stem, len(suffix)) == ("worker", 7)
    assert aws.diff(role).changed == ()
    prefixed = aws.create(ROLE, "other", assumeRolePolicy=TRUST, namePrefix="chosen-")
    assert prefixed["name"].startswith("chosen-")
    long = aws.create(ROLE, "w" * 70, assumeRolePolicy=TRUST)
    assert len(long["name"]) == 64


def test_who_keeps_a_name_goes_first(aws: AwsDriver) -> None:
    named = aws.create(ROLE, "named", name="named", assumeRolePolicy=TRUST)
    automatic = aws.create(ROLE, "automatic", assumeRolePolicy=TRUST)
    assert aws.diff(named, path="/team/").delete_before_replace
    assert not aws.diff(automatic, path="/team/").delete_before_replace


def test_an_import_finds_inputs(aws: AwsDriver) -> None:
    role = aws.create(ROLE, "existing", assumeRolePolicy=TRUST, description="works", tags={"a": "b"})
    found = aws.provider.read_resource(role.reference, role.id, {}, {})
    assert found is not None
    assert found.inputs["description"] == "works"
    assert found.inputs["tags"] == {"a": "b"}
    assert "maxSessionDuration" not in found.inputs
    assert aws.provider.read_resource(role.reference, "nobody", {}, {}) is None


def test_another_region(aws: AwsDriver) -> None:
    bucket = aws.create(BUCKET, "elsewhere", region="eu-central-1")
    assert (bucket["region"], bucket["bucketRegion"]) == ("eu-central-1", "eu-central-1")
    assert aws.diff(bucket, region="us-east-1").replaces == ("region",)


def test_deleting_what_is_gone_is_no_error(aws: AwsDriver) -> None:
    role = aws.create(ROLE, "gone", assumeRolePolicy=TRUST)
    aws.client("iam").delete_role(RoleName=role["name"])
    assert not aws.exists(role)
    aws.delete(role)


def test_an_error_of_aws_names_the_resource(aws: AwsDriver) -> None:
    role = aws.create(ROLE, "taken", name="taken", assumeRolePolicy=TRUST)
    with pytest.raises(StandInError, match=r"creating IAM Role \(second\): EntityAlreadyExists: .*taken"):
        aws.provider.create_resource(reference(ROLE, "second"), role.inputs, preview=False, timeout=TIMEOUT)


def test_a_server_that_does_not_answer(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    provider = AwsStandIn()
    provider.configure_provider({"region": "us-east-1"})
    with pytest.raises(StandInError, match=r"does the sandbox run\? Start it with 'make up'"):
        provider.read_resource(reference(ROLE, "r"), "r", {}, {})


def test_data_sources(aws: AwsDriver) -> None:
    ask = aws.provider.invoke_function
    assert ask("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == ACCOUNT
    assert ask("aws:index/getRegion:getRegion", {})["region"] == "us-east-1"
    assert ask("aws:index/getPartition:getPartition", {})["partition"] == "aws"
    zones = ask("aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"})
    assert zones["names"][:2] == ["us-east-1a", "us-east-1b"]
    statement = {"actions": ["s3:GetObject"], "resources": ["*"]}
    document = json.loads(ask("aws:iam/getPolicyDocument:getPolicyDocument", {"statements": [statement]})["json"])
    assert document["Statement"] == [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]
    assert ask("aws:eks/getClusterAuth:getClusterAuth", {"name": "c"})["token"].startswith("k8s-aws-v1.")
    aws.client("ssm").put_parameter(Name="/image", Value="ami-1", Type="String", Overwrite=True)
    assert ask("aws:ssm/getParameter:getParameter", {"name": "/image"})["value"] == "ami-1"
    with pytest.raises(StandInError, match="does not know the function aws:ec2/getAmi:getAmi"):
        ask("aws:ec2/getAmi:getAmi", {})


def test_the_store_bears_many_writers(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.json")

    def write(number: int) -> None:
        store.put("kind", f"parent:{number}", {"number": number})

    writers = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(store.all("kind", "parent:")) == 20
    store.delete("kind", "parent:0")
    assert store.get("kind", "parent:0") is None
    store.delete_below("parent:")
    assert store.all("kind") == {}
