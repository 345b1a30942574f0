"""The platform's foundation on AWS, from the network up.

Source: CLU-1, NET-1, LAKE-1, DB-1, SEC-5, TGT-6.
"""

from typing import Any

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.base import Environment
from components.budget.aws import Budget, BudgetArgs
from components.cluster.aws import Cluster, ClusterArgs
from components.cluster.node_pool import NodePool
from components.database.aws import Database, DatabaseArgs
from components.datalake import S3Store
from components.datalake.aws import DataLake, DataLakeArgs
from components.datalake.lifecycle import Lifecycle
from components.edge import LoadBalancer
from components.edge.aws_load_balancer_controller import (
    AwsLoadBalancerController,
    AwsLoadBalancerControllerArgs,
    network_load_balancer,
)
from components.encryption.aws import Encryption, EncryptionArgs, KeyPurpose
from components.identity.aws import AGENT, GrantableBucket, Identity, IdentityArgs
from components.network.aws import Network, NetworkArgs
from components.network.aws_zones import zone_names
from components.registry.aws import Registry, RegistryArgs
from components.secrets.aws import Secrets, SecretsArgs
from stacks.foundation import Foundation
from stacks.settings import DatabaseMode, NatGateways, Settings
from stacks.vault import generated_secrets, supplied_secrets

DATABASE = "analytics"
SUPERUSER = "postgres/superuser"
BACKUP_BUCKETS = ("velero-backups", "backups")


def build(settings: Settings) -> Foundation:
    """Create the AWS foundation of a stack.

    Args:
        settings: the stack's settings; ``cloud.account_id`` is set.

    Raises:
        ValueError: the account is not named.
    """
    if settings.cloud.account_id is None:
        raise ValueError("cloud.accountId is missing: name the AWS account that the stack may touch")
    account = Account(id=settings.cloud.account_id, region=settings.cloud.region)
    provider = aws.Provider("aws", region=account.region, allowed_account_ids=[account.id])
    return _Builder(settings, account, provider).build()


class _Builder:
    """Hands the settings to the components, and what one component makes to the next."""

    def __init__(self, settings: Settings, account: Account, provider: aws.Provider) -> None:
        self._settings = settings
        self._account = account
        self._provider = provider
        self._opts = pulumi.ResourceOptions(provider=provider)
        self._ownership = settings.ownership
        self._cluster_name = settings.kubernetes.cluster_name
        self._managed_database = settings.database.mode is DatabaseMode.MANAGED
        self._protect = settings.lake.protect

    def build(self) -> Foundation:
        encryption = self._encryption()
        network = self._network(encryption)
        cluster = self._cluster(encryption, network)
        lake = self._lake(encryption)
        secrets = self._secrets(encryption)
        registry = self._registry(encryption)
        database = self._database(encryption, network, cluster) if self._managed_database else None
        identity = self._identity(encryption, cluster, lake, database)
        self._budget()
        return Foundation(
            provider=cluster.provider,
            ready=cluster.ready,
            control_plane_networks=network.intra_networks,
            identity=identity,
            lake=lake.zones,
            secret_store=secrets.store,
            storage_classes=cluster.storage_classes,
            registry=registry.url,
            backup={name: lake.buckets[name].bucket for name in BACKUP_BUCKETS},
            database=database.endpoint if database else None,
            outputs=_outputs(network, cluster, lake, registry, database),
            secrets=_secret_names(secrets, database),
            acme_solver=_acme_solver(self._account.region),
            load_balancer=self._load_balancer(network, cluster),
            dns_provider="aws",
            object_store=S3Store(f"s3.{self._account.region}.amazonaws.com", self._account.region),
            cluster=cluster.resource,
            database_backups={} if self._managed_database else _database_backups(lake),
            destination_networks={
                "cloud-identity": AGENT,
                # with private DNS, names of the services resolve to their endpoints
                "internet": network.endpoint_networks,
                "object-store": network.endpoint_networks,
                "vault": network.endpoint_networks,
            },
        )

    def _encryption(self) -> Encryption:
        unused = set() if self._managed_database else {KeyPurpose.DATABASE}
        return Encryption(
            "keys",
            EncryptionArgs(
                prefix=self._cluster_name,
                purposes=[purpose for purpose in KeyPurpose if purpose not in unused],
                deletion_window_days=30 if self._protect else 7,
                protect=self._protect,
                account=self._account,
                ownership=self._ownership,
            ),
            self._opts,
        )

    def _network(self, encryption: Encryption) -> Network:
        network = self._settings.network
        return Network(
            "network",
            NetworkArgs(
                cidr=network.cidr,
                zones=zone_names(self._account.region, network.zones),
                nat_per_zone=network.nat_gateways is NatGateways.PER_ZONE,
                interface_endpoints=network.interface_endpoints,
                flow_log_retention_days=network.flow_log_retention_days,
                log_key_arn=encryption.arn(KeyPurpose.LOGS),
                cluster_name=self._cluster_name,
                account=self._account,
                ownership=self._ownership,
            ),
            self._opts,
        )

    def _cluster(self, encryption: Encryption, network: Network) -> Cluster:
        kubernetes = self._settings.kubernetes
        return Cluster(
            "cluster",
            ClusterArgs(
                cluster_name=self._cluster_name,
                version=kubernetes.version,
                administrator_role_arns=kubernetes.administrator_role_arns,
                public_access_cidrs=kubernetes.public_access_cidrs,
                service_cidr=self._settings.network.service_cidr,
                control_plane_subnet_ids=network.intra_subnet_ids,
                node_subnet_ids=network.private_subnet_ids,
                pools=[NodePool(**pool.model_dump()) for pool in self._settings.node_pools],
                log_retention_days=kubernetes.log_retention_days,
                secrets_key_arn=encryption.arn(KeyPurpose.CLUSTER),
                log_key_arn=encryption.arn(KeyPurpose.LOGS),
                volume_key_arn=encryption.arn(KeyPurpose.VOLUMES),
                protect=self._protect,
                account=self._account,
                ownership=self._ownership,
            ),
            self._opts,
        )

    def _lake(self, encryption: Encryption) -> DataLake:
        lake = self._settings.lake
        return DataLake(
            "lake",
            DataLakeArgs(
                prefix=lake.name_prefix,
                zones={zone: Lifecycle(**rules.model_dump()) for zone, rules in lake.zones.items()},
                log_retention_days=lake.log_retention_days,
                protect=self._protect,
                key_arn=encryption.arn(KeyPurpose.LAKE),
                catalogue_prefix=self._cluster_name,
                account=self._account,
                ownership=self._ownership,
            ),
            self._opts,
        )

    def _secrets(self, encryption: Encryption) -> Secrets:
        settings = self._settings
        # the cloud itself makes the superuser of a database that it runs
        made_by_cloud = [SUPERUSER] if self._managed_database else []
        return Secrets(
            "secrets",
            SecretsArgs(
                prefix=self._cluster_name,
                generated=generated_secrets(settings, made_by_cloud=made_by_cloud),
                key_arn=encryption.arn(KeyPurpose.SECRETS),
                recovery_window_days=30 if self._protect else 0,
                region=self._account.region,
                ownership=self._ownership,
                renewed_on=self._settings.vault.renewed_on.isoformat(),
            ),
            self._opts,
        )

    def _registry(self, encryption: Encryption) -> Registry:
        return Registry(
            "registry",
            RegistryArgs(
                prefix=self._cluster_name,
                key_arn=encryption.arn(KeyPurpose.REGISTRY),
                protect=self._protect,
                account=self._account,
                ownership=self._ownership,
            ),
            self._opts,
        )

    def _database(self, encryption: Encryption, network: Network, cluster: Cluster) -> Database:
        database = self._settings.database
        if database.instance_class is None:
            raise ValueError("database.instanceClass is missing: a managed database needs a machine class")
        return Database(
            "database",
            DatabaseArgs(
                identifier=self._cluster_name,
                database=DATABASE,
                version=database.version,
                instance_class=database.instance_class,
                storage_gib=database.storage_gib,
                backup_retention_days=database.backup_retention_days,
                multi_zone=database.multi_zone,
                subnet_ids=network.intra_subnet_ids,
                networks=network.intra_networks,
                vpc_id=network.vpc_id,
                client_security_group_id=cluster.security_group_id,
                data_key_arn=encryption.arn(KeyPurpose.DATABASE),
                secret_key_arn=encryption.arn(KeyPurpose.SECRETS),
                log_key_arn=encryption.arn(KeyPurpose.LOGS),
                log_retention_days=self._settings.kubernetes.log_retention_days,
                protect=self._protect,
                ownership=self._ownership,
            ),
            self._opts,
        )

    def _identity(
        self, encryption: Encryption, cluster: Cluster, lake: DataLake, database: Database | None
    ) -> Identity:
        key_arn = encryption.arn(KeyPurpose.LAKE)
        buckets = {name: GrantableBucket(bucket.arn, key_arn) for name, bucket in lake.buckets.items()}
        return Identity(
            "identity",
            IdentityArgs(
                cluster_name=cluster.cluster_name,
                cluster=self._cluster_name,
                zones={name: bucket for name, bucket in buckets.items() if name in lake.zones},
                buckets={name: bucket for name, bucket in buckets.items() if name not in lake.zones},
                secret_prefix=self._cluster_name,
                secret_key_arn=encryption.arn(KeyPurpose.SECRETS),
                base_domain=self._settings.organisation.base_domain,
                account=self._account,
                ownership=self._ownership,
                further_secrets=[*self._supplied_secrets(), *([database.secret_arn] if database else [])],
            ),
            self._opts,
        )

    def _supplied_secrets(self) -> list[str]:
        """ARNs of what people put into the vault; Secrets Manager ends each with a hyphen and six characters."""
        return [
            self._account.arn("secretsmanager", f"secret:{path}-??????") for path in supplied_secrets(self._settings)
        ]

    def _load_balancer(self, network: Network, cluster: Cluster) -> LoadBalancer:
        def install(environment: Environment, certificates: pulumi.Resource) -> pulumi.Resource:
            return AwsLoadBalancerController(
                "aws-load-balancer-controller",
                AwsLoadBalancerControllerArgs(
                    environment=environment,
                    cluster_name=cluster.cluster_name,
                    cluster=self._cluster_name,
                    vpc_id=network.vpc_id,
                    certificates=certificates,
                    account=self._account,
                    ownership=self._ownership,
                ),
                pulumi.ResourceOptions(providers=[cluster.provider, self._provider]),
            ).ready

        return network_load_balancer(install)

    def _budget(self) -> None:
        budget = self._settings.budget
        Budget(
            "budget",
            BudgetArgs(
                budget_name=f"{self._cluster_name}-monthly",
                monthly_limit_usd=budget.monthly_limit_usd,
                alert_emails=budget.alert_emails,
                ownership=self._ownership,
            ),
            self._opts,
        )


def _database_backups(lake: DataLake) -> dict[str, Any]:
    """The server's service account has a role, so no credentials are named."""
    bucket = lake.buckets["backups"].bucket
    return {
        "destinationPath": pulumi.Output.concat("s3://", bucket, "/database/"),
        "s3Credentials": {"inheritFromIAMRole": True},
    }


def _acme_solver(region: str) -> dict[str, Any]:
    """By a record in Route 53: works for hosts that nothing answers on yet, and needs no way in from outside."""
    return {"dns01": {"route53": {"region": region}}}


def _secret_names(secrets: Secrets, database: Database | None) -> dict[str, pulumi.Output[str]]:
    """Names of what the foundation put into the vault; of a database that it runs, the cloud made the superuser."""
    return {**secrets.names, **({SUPERUSER: database.secret_arn} if database else {})}


def _outputs(
    network: Network, cluster: Cluster, lake: DataLake, registry: Registry, database: Database | None
) -> dict[str, pulumi.Input[Any]]:
    outputs: dict[str, pulumi.Input[Any]] = {
        "networkId": network.vpc_id,
        "clusterName": cluster.cluster_name,
        "clusterEndpoint": cluster.endpoint,
        "kubeconfig": cluster.kubeconfig,
        "lake": dict(lake.zones),
        "buckets": {name: bucket.bucket for name, bucket in lake.buckets.items()},
        "invoicesTopic": lake.arrivals_topic_arn,
        "registryUrl": registry.url,
    }
    return outputs | ({"databaseHost": database.endpoint.host} if database else {})
