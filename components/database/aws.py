"""PostgreSQL run by Amazon RDS.

Source: DB-1, DB-8, A-35, A-43.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.database.managed import ManagedDatabase
from components.ownership import Ownership

_PORT = 5432
_LOG_EXPORTS = ("postgresql", "upgrade")
_SUPERUSER = "postgres"


@dataclass(frozen=True)
class DatabaseArgs:
    """What a database needs.

    Args:
        identifier: its name in AWS, and in its address.
        database: the database that the applications use.
        version: PostgreSQL major version; AWS applies minor versions in the maintenance window.
        instance_class: e.g. ``db.m7g.large``.
        storage_gib: storage to start with; it grows by itself up to four times that.
        backup_retention_days: days back to which any moment can be restored.
        multi_zone: whether a second zone holds a standby.
        subnet_ids: subnets without a way out, in two zones at least.
        networks: their addresses.
        vpc_id: the network.
        client_security_group_id: whose members may connect.
        data_key_arn: KMS key of the data.
        secret_key_arn: KMS key of the superuser's credentials.
        log_key_arn: KMS key of the logs.
        log_retention_days: days that the logs are kept.
        protect: whether AWS and the engine refuse to delete it; if not, it goes without a last snapshot.
        ownership: tags.
    """

    identifier: str
    database: str
    version: str
    instance_class: str
    storage_gib: int
    backup_retention_days: int
    multi_zone: bool
    subnet_ids: Sequence[pulumi.Input[str]]
    networks: Sequence[IPv4Network]
    vpc_id: pulumi.Input[str]
    client_security_group_id: pulumi.Input[str]
    data_key_arn: pulumi.Input[str]
    secret_key_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]
    log_retention_days: int
    protect: bool
    ownership: Ownership


class Database(pulumi.ComponentResource):
    """Encrypted PostgreSQL out of the internet's reach, TLS only, restorable to any moment.

    RDS itself makes and rotates the superuser's password; no program and no state ever holds it.

    Args:
        name: logical name.
        args: size and place.
        opts: carries the AWS provider.

    Source: DB-1, DB-8, A-35, A-43.
    """

    endpoint: ManagedDatabase
    secret_arn: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:database:Database", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = args.ownership.tags("database", Name=args.identifier)
        instance = self._instance(self._security_group(), self._parameters(), self._subnet_group(), self._logs())
        self.secret_arn = instance.master_user_secrets.apply(_secret_arn)
        self.endpoint = ManagedDatabase(
            host=instance.address,
            port=instance.port,
            name=args.database,
            networks=args.networks,
            secret_name=self.secret_arn,
        )
        self.ready = instance
        self.register_outputs({"host": self.endpoint.host})

    def _security_group(self) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            f"{self._name}-group",
            vpc_id=self._args.vpc_id,
            description="PostgreSQL from the nodes and pods of the cluster",
            tags=self._tags,
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-clients",
            security_group_id=group.id,
            description="PostgreSQL from the cluster",
            referenced_security_group_id=self._args.client_security_group_id,
            ip_protocol="tcp",
            from_port=_PORT,
            to_port=_PORT,
            tags=self._tags,
            opts=self._child,
        )
        return group

    def _subnet_group(self) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(
            f"{self._name}-subnets",
            description=f"Subnets of {self._args.identifier}",
            subnet_ids=list(self._args.subnet_ids),
            tags=self._tags,
            opts=self._child,
        )

    def _parameters(self) -> aws.rds.ParameterGroup:
        settings = {
            "rds.force_ssl": "1",
            "ssl_min_protocol_version": "TLSv1.2",
            "log_connections": "1",
            "log_disconnections": "1",
            "log_min_duration_statement": "1000",
        }
        return aws.rds.ParameterGroup(
            f"{self._name}-parameters",
            family=f"postgres{self._args.version}",
            description=f"Parameters of {self._args.identifier}",
            parameters=[aws.rds.ParameterGroupParameterArgs(name=key, value=value) for key, value in settings.items()],
            tags=self._tags,
            opts=self._child,
        )

    def _logs(self) -> list[pulumi.Resource]:
        """Made before RDS would make them: encrypted, and with an end."""
        return [
            aws.cloudwatch.LogGroup(
                f"{self._name}-{export}",
                name=f"/aws/rds/instance/{self._args.identifier}/{export}",
                retention_in_days=self._args.log_retention_days,
                kms_key_id=self._args.log_key_arn,
                tags=self._tags,
                opts=self._child,
            )
            for export in _LOG_EXPORTS
        ]

    def _instance(
        self,
        group: aws.ec2.SecurityGroup,
        parameters: aws.rds.ParameterGroup,
        subnets: aws.rds.SubnetGroup,
        logs: Sequence[pulumi.Resource],
    ) -> aws.rds.Instance:
        args = self._args
        return aws.rds.Instance(
            self._name,
            identifier=args.identifier,
            engine="postgres",
            engine_version=args.version,
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            auto_minor_version_upgrade=True,
            instance_class=args.instance_class,
            db_name=args.database,
            port=_PORT,
            username=_SUPERUSER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.secret_key_arn,
            storage_type="gp3",
            allocated_storage=args.storage_gib,
            max_allocated_storage=args.storage_gib * 4,
            storage_encrypted=True,
            kms_key_id=args.data_key_arn,
            multi_az=args.multi_zone,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[group.id],
            publicly_accessible=False,
            parameter_group_name=parameters.name,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            backup_retention_period=args.backup_retention_days,
            backup_window="01:00-01:30",
            maintenance_window="sun:03:00-sun:04:00",
            copy_tags_to_snapshot=True,
            delete_automated_backups=not args.protect,
            deletion_protection=args.protect,
            skip_final_snapshot=not args.protect,
            final_snapshot_identifier=f"{args.identifier}-final" if args.protect else None,
            enabled_cloudwatch_logs_exports=list(_LOG_EXPORTS),
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.data_key_arn,
            tags=self._tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(logs),
                protect=args.protect,
                retain_on_delete=args.protect,
                custom_timeouts=pulumi.CustomTimeouts(create="60m", update="120m", delete="60m"),
            ),
        )


def _secret_arn(secrets: Sequence[aws.rds.outputs.InstanceMasterUserSecret]) -> str:
    arns = [secret.secret_arn for secret in secrets if secret.secret_arn]
    if not arns:
        raise ValueError("RDS made no secret for the superuser; look at the instance's state in AWS")
    return arns[0]
