"""RDS: database instances, subnet groups and parameter groups."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names, rds_rules
from sandbox.providers.aws.cloud import Cloud, only
from sandbox.providers.aws.references import Reference, exists
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType
from sandbox.providers.aws.shapes import given, moment
from sandbox.providers.aws.tagging import TagCalls, as_properties, as_request
from sandbox.providers.stand_in import StandInError

_ENGINES = (
    "aurora-mysql", "aurora-postgresql", "mariadb", "mysql", "oracle-ee", "oracle-se2", "postgres", "sqlserver-ee",
    "sqlserver-ex", "sqlserver-se", "sqlserver-web",
)  # fmt: skip
_STORAGE_TYPES = ("standard", "gp2", "gp3", "io1", "io2")
# request field by property, where creation and modification take the same
_FIELDS = {
    "allocatedStorage": "AllocatedStorage",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "backupWindow": "PreferredBackupWindow",
    "caCertIdentifier": "CACertificateIdentifier",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "deletionProtection": "DeletionProtection",
    "engineVersion": "EngineVersion",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "instanceClass": "DBInstanceClass",
    "iops": "Iops",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "manageMasterUserPassword": "ManageMasterUserPassword",
    "masterUserSecretKmsKeyId": "MasterUserSecretKmsKeyId",
    "maxAllocatedStorage": "MaxAllocatedStorage",
    "monitoringInterval": "MonitoringInterval",
    "monitoringRoleArn": "MonitoringRoleArn",
    "multiAz": "MultiAZ",
    "parameterGroupName": "DBParameterGroupName",
    "password": "MasterUserPassword",
    "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "publiclyAccessible": "PubliclyAccessible",
    "storageThroughput": "StorageThroughput",
    "storageType": "StorageType",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds",
}
_AT_CREATION = {
    "availabilityZone": "AvailabilityZone",
    "dbName": "DBName",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
    "engine": "Engine",
    "engineLifecycleSupport": "EngineLifecycleSupport",
    "kmsKeyId": "KmsKeyId",
    "port": "Port",
    "storageEncrypted": "StorageEncrypted",
    "username": "MasterUsername",
}
# what moto takes and does not show
_UNSHOWN = frozenset(
    {
        "caCertIdentifier", "engineLifecycleSupport", "masterUserSecretKmsKeyId", "monitoringInterval",
        "monitoringRoleArn", "performanceInsightsEnabled", "performanceInsightsKmsKeyId",
        "performanceInsightsRetentionPeriod", "storageThroughput", "maxAllocatedStorage", "copyTagsToSnapshot",
    }
)  # fmt: skip
_KIND = "rds/instance"


class Instance(ResourceType):
    """Resource ``aws.rds.Instance``; its identifier is AWS's resource id, as in the provider."""

    token = "aws:rds/instance:Instance"  # noqa: S105 - a type token
    service = "rds"
    label = "RDS DB Instance"
    replaces = frozenset(
        {
            "availabilityZone", "characterSetName", "dbName", "dbSubnetGroupName", "engine", "identifierPrefix",
            "kmsKeyId", "replicateSourceDb", "snapshotIdentifier", "storageEncrypted", "timezone", "username",
        }
    )  # fmt: skip
    defaults: ClassVar = {
        "autoMinorVersionUpgrade": True,
        "backupRetentionPeriod": 0,
        "copyTagsToSnapshot": False,
        "deleteAutomatedBackups": True,
        "deletionProtection": False,
        "multiAz": False,
        "performanceInsightsEnabled": False,
        "publiclyAccessible": False,
        "skipFinalSnapshot": False,
        "storageEncrypted": False,
    }
    references = (
        Reference("dbSubnetGroupName", "DB subnet group"),
        Reference("parameterGroupName", "DB parameter group"),
        Reference("kmsKeyId", "KMS key"),
        Reference("masterUserSecretKmsKeyId", "KMS key"),
        Reference("performanceInsightsKmsKeyId", "KMS key"),
        Reference("monitoringRoleArn", "IAM role"),
        Reference("vpcSecurityGroupIds", "security group"),
    )
    automatic_name = "identifier"
    name_prefix = "identifierPrefix"
    name_length = 63
    secrets = frozenset({"password"})
    unread = frozenset(
        {
            "allowMajorVersionUpgrade", "applyImmediately", "deleteAutomatedBackups", "finalSnapshotIdentifier",
            "password", "skipFinalSnapshot",
        }
    )  # fmt: skip
    tag_calls = TagCalls("add_tags_to_resource", "remove_tags_from_resource", "ResourceName")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.DB_INSTANCE.problems("identifier", inputs.get("identifier"))
        yield from names.one_of("engine", inputs.get("engine"), _ENGINES)
        yield from names.one_of("storageType", inputs.get("storageType"), _STORAGE_TYPES)
        yield from names.within("backupRetentionPeriod", inputs.get("backupRetentionPeriod"), 0, 35)
        yield from names.within("allocatedStorage", inputs.get("allocatedStorage"), 20, 65536)
        instance_class = inputs.get("instanceClass")
        if isinstance(instance_class, str) and not re.fullmatch(r"db\.[a-z0-9-]+\.[a-z0-9]+", instance_class):
            yield "instanceClass", f"{instance_class!r} must look like db.t4g.medium"
        yield from rds_rules.required_problems(inputs)
        yield from rds_rules.password_problems(inputs)
        if inputs.get("engine") == "postgres":
            yield from rds_rules.postgresql_problems(inputs)
        if inputs.get("kmsKeyId") and inputs.get("storageEncrypted") is not True:
            yield "kmsKeyId", "needs storageEncrypted = true"
        yield from rds_rules.storage_problems(inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        client = cloud.client("rds")
        client.create_db_instance(
            DBInstanceIdentifier=inputs["identifier"],
            Tags=as_request(inputs.get("tags")),
            **given(inputs, _FIELDS | _AT_CREATION),
        )
        kept = {name: inputs[name] for name in _UNSHOWN if inputs.get(name) is not None}
        cloud.store.put(_KIND, inputs["identifier"], kept)
        return _describe(cloud, inputs["identifier"])["DbiResourceId"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        instance = _describe(cloud, known.get("identifier") or identifier)
        name = instance["DBInstanceIdentifier"]
        endpoint: dict[str, Any] = instance.get("Endpoint") or {}
        address, port = endpoint.get("Address"), endpoint.get("Port")
        version = instance["EngineVersion"]
        simple = given(
            instance, {field: prop for prop, field in (_FIELDS | _AT_CREATION).items() if prop != "password"}
        )
        return {
            **simple,
            **(cloud.store.get(_KIND, name) or {}),
            "address": address,
            "arn": instance["DBInstanceArn"],
            "dbSubnetGroupName": (instance.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
            "enabledCloudwatchLogsExports": instance.get("EnabledCloudwatchLogsExports", []),
            "endpoint": f"{address}:{port}",
            "engineVersion": known.get("engineVersion") if _is_within(known.get("engineVersion"), version) else version,
            "engineVersionActual": version,
            "hostedZoneId": "Z2R2ITUGPM61AM",
            "iamDatabaseAuthenticationEnabled": bool(instance.get("IAMDatabaseAuthenticationEnabled")),
            "identifier": name,
            "manageMasterUserPassword": True if instance.get("MasterUserSecret") else None,
            "masterUserSecrets": _secrets(instance, known),
            "parameterGroupName": next(
                (group["DBParameterGroupName"] for group in instance.get("DBParameterGroups", [])), None
            ),
            "port": port,
            "resourceId": instance["DbiResourceId"],
            "status": instance["DBInstanceStatus"],
            "tags": as_properties(instance.get("TagList")),
            "latestRestorableTime": known.get("latestRestorableTime") or moment(instance.get("LatestRestorableTime")),
            "vpcSecurityGroupIds": [group["VpcSecurityGroupId"] for group in instance.get("VpcSecurityGroups", [])],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        name = old["identifier"]
        request = given({key: self.wanted(new, key) for key in changed}, _FIELDS)
        if "enabledCloudwatchLogsExports" in changed:
            request["CloudwatchLogsExportConfiguration"] = _exports(old, new)
        if "identifier" in changed:
            request["NewDBInstanceIdentifier"] = new["identifier"]
        if request:
            cloud.client("rds").modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=True, **request)
        kept = {key: new[key] for key in _UNSHOWN if new.get(key) is not None}
        cloud.store.delete(_KIND, name)
        cloud.store.put(_KIND, new["identifier"], kept)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        name, snapshot = known["identifier"], known.get("finalSnapshotIdentifier")
        how: dict[str, Any] = {"SkipFinalSnapshot": True}
        if not known.get("skipFinalSnapshot"):
            if not snapshot:
                raise StandInError(
                    f"database {name} needs finalSnapshotIdentifier, because skipFinalSnapshot is false; give a name"
                )
            how = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": snapshot}
        cloud.client("rds").delete_db_instance(DBInstanceIdentifier=name, **how)
        cloud.store.delete(_KIND, name)


class SubnetGroup(ResourceType):
    """Resource ``aws.rds.SubnetGroup``."""

    token = "aws:rds/subnetGroup:SubnetGroup"  # noqa: S105 - a type token
    service = "rds"
    label = "RDS DB Subnet Group"
    replaces = frozenset({"name", "namePrefix"})
    defaults: ClassVar = {"description": "Managed by Pulumi"}
    references = (Reference("subnetIds", "subnet"),)
    automatic_name = "name"
    tag_calls = TagCalls("add_tags_to_resource", "remove_tags_from_resource", "ResourceName")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.DB_SUBNET_GROUP.problems("name", inputs.get("name"))

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        subnets = cloud.client("ec2").describe_subnets(SubnetIds=inputs["subnetIds"])["Subnets"]
        if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
            yield "DBSubnetGroupDoesNotCoverEnoughAZs: give subnets of at least two availability zones"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        cloud.client("rds").create_db_subnet_group(
            DBSubnetGroupName=inputs["name"],
            DBSubnetGroupDescription=self.wanted(inputs, "description"),
            SubnetIds=inputs["subnetIds"],
            Tags=as_request(inputs.get("tags")),
        )
        return inputs["name"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("rds")
        group = only(client.describe_db_subnet_groups(DBSubnetGroupName=identifier)["DBSubnetGroups"])
        arn = group["DBSubnetGroupArn"]
        return {
            "arn": arn,
            "description": group["DBSubnetGroupDescription"],
            "name": group["DBSubnetGroupName"],
            "subnetIds": [subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
            "supportedNetworkTypes": group.get("SupportedNetworkTypes", ["IPV4"]),
            "tags": as_properties(client.list_tags_for_resource(ResourceName=arn)["TagList"]),
            "vpcId": group["VpcId"],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        cloud.client("rds").modify_db_subnet_group(
            DBSubnetGroupName=identifier,
            DBSubnetGroupDescription=self.wanted(new, "description"),
            SubnetIds=new["subnetIds"],
        )
        if not exists(cloud, "DB subnet group", identifier):  # moto forgets a group that it has just changed
            self.create(cloud, new)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("rds").delete_db_subnet_group(DBSubnetGroupName=identifier)


class ParameterGroup(ResourceType):
    """Resource ``aws.rds.ParameterGroup``."""

    token = "aws:rds/parameterGroup:ParameterGroup"  # noqa: S105 - a type token
    service = "rds"
    label = "RDS DB Parameter Group"
    replaces = frozenset({"description", "family", "name", "namePrefix"})
    defaults: ClassVar = {"description": "Managed by Pulumi", "parameters": [], "skipDestroy": False}
    computed = frozenset({"parameters.applyMethod"})
    automatic_name = "name"
    unread = frozenset({"skipDestroy"})
    tag_calls = TagCalls("add_tags_to_resource", "remove_tags_from_resource", "ResourceName")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.DB_PARAMETER_GROUP.problems("name", inputs.get("name"))
        family = inputs.get("family")
        if isinstance(family, str) and not re.fullmatch(r"[a-z-]+[\d.]+", family):
            yield "family", f"{family!r} must look like postgres17"
        for parameter in inputs.get("parameters") or []:
            method = parameter.get("applyMethod") if isinstance(parameter, dict) else None
            yield from names.one_of("parameters", method, ("immediate", "pending-reboot"))

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        cloud.client("rds").create_db_parameter_group(
            DBParameterGroupName=inputs["name"],
            DBParameterGroupFamily=inputs["family"],
            Description=self.wanted(inputs, "description"),
            Tags=as_request(inputs.get("tags")),
        )
        self._set(cloud, inputs["name"], inputs)
        return inputs["name"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("rds")
        group = only(client.describe_db_parameter_groups(DBParameterGroupName=identifier)["DBParameterGroups"])
        parameters = client.describe_db_parameters(DBParameterGroupName=identifier)["Parameters"]
        arn = group["DBParameterGroupArn"]
        return {
            "arn": arn,
            "description": group["Description"],
            "family": group["DBParameterGroupFamily"],
            "name": group["DBParameterGroupName"],
            "parameters": [
                {
                    "applyMethod": item.get("ApplyMethod", "immediate"),
                    "name": item["ParameterName"],
                    "value": item.get("ParameterValue"),
                }
                for item in parameters
            ],
            "tags": as_properties(client.list_tags_for_resource(ResourceName=arn)["TagList"]),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        wanted = {parameter["name"] for parameter in new.get("parameters") or []}
        gone = [item["name"] for item in old.get("parameters") or [] if item["name"] not in wanted]
        if gone:
            # moto resets no parameter; a group of the same name has the same identifier
            cloud.client("rds").delete_db_parameter_group(DBParameterGroupName=identifier)
            self.create(cloud, new)
        else:
            self._set(cloud, identifier, new)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        if not known.get("skipDestroy"):
            cloud.client("rds").delete_db_parameter_group(DBParameterGroupName=identifier)

    @staticmethod
    def _set(cloud: Cloud, name: str, inputs: Properties) -> None:
        parameters = [
            {
                "ParameterName": item["name"],
                "ParameterValue": item["value"],
                "ApplyMethod": item.get("applyMethod") or "immediate",
            }
            for item in inputs.get("parameters") or []
        ]
        if parameters:
            cloud.client("rds").modify_db_parameter_group(DBParameterGroupName=name, Parameters=parameters)


def _describe(cloud: Cloud, name: str) -> dict[str, Any]:
    return only(cloud.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"])


def _is_within(asked: Any, actual: str) -> bool:
    """Tell whether a version is one that a shorter one stands for: ``17.5`` is within ``17``."""
    return isinstance(asked, str) and (actual == asked or actual.startswith(f"{asked}."))


def _secrets(instance: dict[str, Any], known: Properties) -> list[Properties]:
    secret = instance.get("MasterUserSecret")
    if not secret:
        return []
    key = known.get("masterUserSecretKmsKeyId") or secret.get("KmsKeyId")
    return [{"secretArn": secret["SecretArn"], "secretStatus": secret.get("SecretStatus", "active"), "kmsKeyId": key}]


def _exports(old: Properties, new: Properties) -> dict[str, list[str]]:
    before, after = (set(inputs.get("enabledCloudwatchLogsExports") or []) for inputs in (old, new))
    return {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}


TYPES = (Instance(), SubnetGroup(), ParameterGroup())
