"""Logs, events, messages, databases and budgets: what the stand-in says and what AWS has."""

import json
from typing import Any

import pytest

from sandbox.providers.stand_in import StandInError
from tests.sandbox.aws.documents import ACCOUNT, allow, key_policy, policy, trust
from tests.sandbox.aws.driver import AwsDriver, Made

TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"


def subnet_pair(aws: AwsDriver) -> tuple[Made, list[str]]:
    vpc = aws.create("aws:ec2/vpc:Vpc", "main", cidrBlock="10.0.0.0/16")
    subnets = [
        aws.create(
            "aws:ec2/subnet:Subnet",
            zone,
            vpcId=vpc.id,
            cidrBlock=f"10.0.{number}.0/24",
            availabilityZone=f"us-east-1{zone}",
        )
        for number, zone in enumerate("ab")
    ]
    return vpc, [subnet.id for subnet in subnets]


def test_a_log_group(aws: AwsDriver) -> None:
    key = aws.create("aws:kms/key:Key", "logs", policy=key_policy("logs.us-east-1.amazonaws.com"))
    group = aws.create(
        "aws:cloudwatch/logGroup:LogGroup", "logs", name="/test/logs", retentionInDays=30, kmsKeyId=key["arn"]
    )
    aws.update(group, retentionInDays=60, tags={"a": "b"})
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix="/test/logs")["logGroups"][0]
    assert (found["retentionInDays"], found["kmsKeyId"]) == (60, key["arn"])
    aws.create(
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        "events",
        policyName="events",
        policyDocument=policy(
            allow("logs:PutLogEvents", f"{group['arn']}:*", Principal={"Service": "events.amazonaws.com"})
        ),
    )
    aws.destroy()


def test_a_log_group_whose_key_lets_nobody_log(aws: AwsDriver) -> None:
    key = aws.create("aws:kms/key:Key", "closed", policy=key_policy())
    with pytest.raises(StandInError, match=r"let logs\.us-east-1\.amazonaws\.com use it in the key's policy"):
        aws.create("aws:cloudwatch/logGroup:LogGroup", "closed", kmsKeyId=key["arn"])
    group = aws.create("aws:cloudwatch/logGroup:LogGroup", "plain")
    with pytest.raises(StandInError, match="not allowed to be used with log groups"):
        aws.update(group, kmsKeyId=key["arn"])
    aws.update(key, policy=key_policy("logs.us-east-1.amazonaws.com"))
    aws.update(group, kmsKeyId=key["arn"])


def test_events_reach_a_topic_and_a_queue(aws: AwsDriver) -> None:
    topic = aws.create("aws:sns/topic:Topic", "arrivals", displayName="arrivals")
    queue = aws.create("aws:sqs/queue:Queue", "arrivals", visibilityTimeoutSeconds=60)
    dead = json.dumps({"deadLetterTargetArn": queue["arn"], "maxReceiveCount": 3})
    aws.create("aws:sqs/queue:Queue", "work", redrivePolicy=dead)
    publish = allow("sns:Publish", topic["arn"], Principal={"Service": "events.amazonaws.com"})
    aws.create(TOPIC_POLICY, "publish", arn=topic["arn"], policy=policy(publish))
    send = allow("sqs:SendMessage", queue["arn"], Principal={"Service": "sns.amazonaws.com"})
    aws.create("aws:sqs/queuePolicy:QueuePolicy", "send", queueUrl=queue.id, policy=policy(send))
    subscription = aws.create(
        "aws:sns/topicSubscription:TopicSubscription",
        "queue",
        topic=topic["arn"],
        protocol="sqs",
        endpoint=queue["arn"],
        rawMessageDelivery=True,
    )
    role = aws.create("aws:iam/role:Role", "events", assumeRolePolicy=trust("events.amazonaws.com"))
    rule = aws.create(
        "aws:cloudwatch/eventRule:EventRule", "pdf", eventPattern=json.dumps({"source": ["aws.s3"]}), description="d"
    )
    target = aws.create(
        "aws:cloudwatch/eventTarget:EventTarget",
        "topic",
        rule=rule["name"],
        arn=topic["arn"],
        roleArn=role["arn"],
        retryPolicy={"maximumRetryAttempts": 3},
    )
    aws.client("sns").publish(TopicArn=topic["arn"], Message="hello")
    messages = aws.client("sqs").receive_message(QueueUrl=queue.id)["Messages"]
    assert [message["Body"] for message in messages] == ["hello"]
    aws.update(topic, displayName="changed", tags={"a": "b"})
    aws.update(queue, visibilityTimeoutSeconds=None, tags={"a": "b"})
    aws.update(subscription, rawMessageDelivery=False)
    aws.update(rule, description="changed", state="DISABLED")
    aws.update(target, retryPolicy=None)
    assert aws.client("events").describe_rule(Name=rule["name"])["State"] == "DISABLED"
    aws.destroy(staying=(TOPIC_POLICY,))


def database(aws: AwsDriver, subnets: list[str], **more: Any) -> Made:
    key = aws.create("aws:kms/key:Key", "database", policy=key_policy())
    group = aws.create("aws:rds/subnetGroup:SubnetGroup", "database", subnetIds=subnets)
    parameters = aws.create(
        "aws:rds/parameterGroup:ParameterGroup",
        "database",
        family="postgres17",
        parameters=[{"name": "rds.force_ssl", "value": "1"}],
    )
    return aws.create(
        "aws:rds/instance:Instance",
        "database",
        identifier="orders",
        engine="postgres",
        engineVersion="17",
        instanceClass="db.t4g.medium",
        allocatedStorage=50,
        username="orders",
        manageMasterUserPassword=True,
        storageEncrypted=True,
        kmsKeyId=key["arn"],
        dbSubnetGroupName=group["name"],
        parameterGroupName=parameters["name"],
        multiAz=True,
        backupRetentionPeriod=7,
        skipFinalSnapshot=True,
        **more,
    )


def test_a_database(aws: AwsDriver) -> None:
    vpc, subnets = subnet_pair(aws)
    group = aws.create("aws:ec2/securityGroup:SecurityGroup", "database", vpcId=vpc.id)
    instance = database(aws, subnets, vpcSecurityGroupIds=[group.id], enabledCloudwatchLogsExports=["postgresql"])
    found = aws.client("rds").describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"][0]
    assert found["StorageEncrypted"]
    assert found["MultiAZ"]
    assert instance["endpoint"] == f"{instance['address']}:{instance['port']}"
    secret = instance["masterUserSecrets"][0]["secretArn"]
    assert aws.client("secretsmanager").describe_secret(SecretId=secret)["ARN"] == secret
    aws.update(instance, allocatedStorage=60, backupRetentionPeriod=14, multiAz=False, tags={"a": "b"})
    found = aws.client("rds").describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"][0]
    assert (found["AllocatedStorage"], found["BackupRetentionPeriod"], found["MultiAZ"]) == (60, 14, False)
    assert aws.diff(instance, storageEncrypted=False, kmsKeyId=None).delete_before_replace
    aws.destroy()


def test_groups_of_a_database(aws: AwsDriver) -> None:
    _, subnets = subnet_pair(aws)
    group = aws.create("aws:rds/subnetGroup:SubnetGroup", "database", subnetIds=subnets)
    parameters = aws.create("aws:rds/parameterGroup:ParameterGroup", "database", family="postgres17")
    aws.update(group, description="changed", tags={"a": "b"})
    aws.update(parameters, parameters=[{"name": "rds.force_ssl", "value": "0"}])
    answer = aws.client("rds").describe_db_parameters(DBParameterGroupName=parameters["name"])
    assert [item["ParameterValue"] for item in answer["Parameters"]] == ["0"]
    aws.update(parameters, parameters=[{"name": "log_statement", "value": "ddl"}])
    answer = aws.client("rds").describe_db_parameters(DBParameterGroupName=parameters["name"])
    assert [item["ParameterName"] for item in answer["Parameters"]] == ["log_statement"]
    aws.destroy()


def test_a_budget(aws: AwsDriver) -> None:
    alarm = {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": "ACTUAL",
        "threshold": 80,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": ["owner@example.com"],
    }
    budget = aws.create(
        "aws:budgets/budget:Budget",
        "monthly",
        budgetType="COST",
        timeUnit="MONTHLY",
        limitAmount="100",
        limitUnit="USD",
        costFilters=[{"name": "TagKeyValue", "values": ["user:environment$dev"]}],
        notifications=[alarm],
    )
    aws.update(budget, limitAmount="200", tags={"a": "b"})
    found = aws.client("budgets").describe_budget(AccountId=ACCOUNT, BudgetName=budget["name"])["Budget"]
    assert float(found["BudgetLimit"]["Amount"]) == 200
    aws.destroy()
