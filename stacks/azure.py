"""The platform's foundation on Azure, from the network up.

Source: CLU-2, NET-1, LAKE-1, DB-1, SEC-5, SEC-6, TGT-6.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pulumi

from components.account.azure import Account
from components.budget.azure import Budget, BudgetArgs
from components.cluster.azure import Cluster, ClusterArgs
from components.cluster.node_pool import NodePool
from components.database.azure import Database, DatabaseArgs
from components.datalake.azure import DataLake, DataLakeArgs
from components.datalake.lifecycle import Lifecycle
from components.edge import LoadBalancer
from components.edge.azure_dns import DnsZone, DnsZoneArgs
from components.encryption.azure import Encryption, EncryptionArgs, KeyPurpose
from components.identity.azure import Identity, IdentityArgs
from components.logs.azure import Workspace, WorkspaceArgs
from components.naming.azure import Names
from components.network.azure import Network, NetworkArgs
from components.network.azure_flow_logs import FlowLogs, FlowLogsArgs
from components.network.azure_private_links import PrivateLinks, PrivateLinksArgs
from components.ownership import Ownership
from components.registry.azure import Registry, RegistryArgs
from components.secrets.azure import Secrets, SecretsArgs
from stacks import azure_account
from stacks.foundation import Foundation
from stacks.settings import DatabaseMode, NatGateways, Settings
from stacks.settings.reference_tables import database_classes
from stacks.vault import generated_secrets, supplied_secrets

DATABASE = "analytics"
SUPERUSER = "postgres/superuser"
BACKUP_BUCKETS = ("velero-backups", "backups")


def build(settings: Settings) -> Foundation:
    """Create the Azure foundation of a stack.

    Args:
        settings: the stack's settings; subscription and tenant are set.

    Raises:
        ValueError: the subscription or the tenant is not named.
        SettingsError: nobody can sign in there; nothing has been declared then.
    """
    account, opts = azure_account.sign_in(settings)
    return _Builder(settings, account, opts).build()


class _Builder:
    """Hands the settings to the components, and what one component makes to the next."""

    def __init__(self, settings: Settings, account: Account, opts: pulumi.ResourceOptions) -> None:
        self._settings = settings
        self._account = account
        self._opts = opts
        self._managed_database = settings.database.mode is DatabaseMode.MANAGED
        self._protect = settings.lake.protect
        self._window_days = 90 if self._protect else 7

    def build(self) -> Foundation:
        network, cluster, lake, secrets = self._network, self._cluster, self._lake, self._secrets
        registry = self._registry()
        database = self._database() if self._managed_database else None
        self._flow_logs()
        self._budget()
        return Foundation(
            provider=cluster.provider,
            ready=cluster.ready,
            control_plane_networks=network.intra_networks[1:],
            identity=self._identity(),
            lake=lake.zones,
            object_store=lake.object_store,
            secret_store=secrets.store,
            storage_classes=cluster.storage_classes,
            registry=registry.url,
            backup={name: lake.buckets[name].bucket for name in BACKUP_BUCKETS},
            database=database.endpoint if database else None,
            outputs=self._outputs(registry, database),
            secrets=secrets.names,
            acme_solver=self._acme_solver(),
            load_balancer=_load_balancer(self._account.ownership),
            dns_provider="azure",
            dns_files={"azure.json": self._dns_access()},
            cluster=cluster.resource,
            database_backups={} if self._managed_database else _database_backups(lake),
            # names of the services resolve to their private endpoints
            destination_networks=dict.fromkeys(("internet", "object-store", "vault"), network.intra_networks[:1]),
        )

    @cached_property
    def _storage(self) -> Account:
        """The account, with names as the lake's accounts shall begin."""
        return replace(self._account, names=Names(self._settings.lake.name_prefix, self._account.id))

    @cached_property
    def _workspace(self) -> Workspace:
        group = self._account.resource_group("logs", "logs", self._opts).name
        days = self._settings.kubernetes.log_retention_days
        return Workspace("logs-cluster", WorkspaceArgs("cluster", group, days, self._account), self._opts)

    @cached_property
    def _network(self) -> Network:
        network = self._settings.network
        return Network(
            "network",
            NetworkArgs(
                cidr=network.cidr,
                zones=network.zones,
                nat_per_zone=network.nat_gateways is NatGateways.PER_ZONE,
                account=self._account,
            ),
            self._opts,
        )

    @cached_property
    def _links(self) -> PrivateLinks:
        network = self._network
        args = PrivateLinksArgs(network.vnet_id, network.endpoint_subnet_id, self._account)
        return PrivateLinks("private-link", args, self._opts)

    @cached_property
    def _encryption(self) -> Encryption:
        unused = set() if self._managed_database else {KeyPurpose.DATABASE}
        return Encryption(
            "keys",
            EncryptionArgs(
                purposes=[purpose for purpose in KeyPurpose if purpose not in unused],
                deletion_window_days=self._window_days,
                protect=self._protect,
                links=self._links,
                workspace_id=self._workspace.id,
                account=self._account,
            ),
            self._opts,
        )

    @cached_property
    def _cluster(self) -> Cluster:
        kubernetes, network = self._settings.kubernetes, self._settings.network
        if network.pod_cidr is None:
            raise ValueError("network.podCidr is missing: pods have addresses of their own")
        return Cluster(
            "cluster",
            ClusterArgs(
                cluster_name=kubernetes.cluster_name,
                version=kubernetes.version,
                administrator_group_ids=kubernetes.administrator_group_ids,
                public_access_cidrs=kubernetes.public_access_cidrs,
                service_cidr=network.service_cidr,
                pod_cidr=network.pod_cidr,
                control_plane_subnet_id=self._network.control_plane_subnet_id,
                node_subnet_ids=self._network.private_subnet_ids,
                pools=[NodePool(**pool.model_dump()) for pool in self._settings.node_pools],
                secrets_key=self._encryption.key(KeyPurpose.CLUSTER),
                disk_encryption_set_id=self._encryption.disk_encryption_set_id,
                workspace_id=self._workspace.id,
                after=[self._network.ready, self._encryption.ready],
                protect=self._protect,
                account=self._account,
            ),
            self._opts,
        )

    @cached_property
    def _lake(self) -> DataLake:
        lake = self._settings.lake
        return DataLake(
            "lake",
            DataLakeArgs(
                zones={zone: Lifecycle(**rules.model_dump()) for zone, rules in lake.zones.items()},
                log_retention_days=lake.log_retention_days,
                protect=self._protect,
                key=self._encryption.key(KeyPurpose.LAKE),
                links=self._links,
                account=self._storage,
            ),
            self._opts,
        )

    @cached_property
    def _secrets(self) -> Secrets:
        settings = self._settings
        return Secrets(
            "secrets",
            SecretsArgs(
                generated=generated_secrets(settings),
                supplied=supplied_secrets(settings),
                recovery_window_days=self._window_days,
                protect=self._protect,
                links=self._links,
                workspace_id=self._workspace.id,
                account=self._account,
                renewed_on=settings.vault.renewed_on.isoformat(),
            ),
            self._opts,
        )

    @cached_property
    def _dns_zone(self) -> DnsZone:
        return DnsZone("dns", DnsZoneArgs(self._settings.organisation.base_domain, self._account), self._opts)

    def _registry(self) -> Registry:
        return Registry(
            "registry",
            RegistryArgs(
                key=self._encryption.key(KeyPurpose.REGISTRY),
                puller_principal_id=self._cluster.kubelet_principal_id,
                protect=self._protect,
                links=self._links,
                workspace_id=self._workspace.id,
                account=self._account,
            ),
            self._opts,
        )

    def _database(self) -> Database:
        database = self._settings.database
        if database.instance_class is None:
            raise ValueError("database.instanceClass is missing: a managed database needs a machine class")
        return Database(
            "database",
            DatabaseArgs(
                database=DATABASE,
                version=database.version,
                instance_class=database.instance_class,
                tier=database_classes("azure")[database.instance_class]["tier"],
                storage_gib=database.storage_gib,
                backup_retention_days=database.backup_retention_days,
                multi_zone=database.multi_zone,
                networks=self._network.intra_networks[:1],
                superuser_password=self._secrets.value(SUPERUSER, "password"),
                secret_name=self._secrets.names[SUPERUSER],
                key=self._encryption.key(KeyPurpose.DATABASE),
                links=self._links,
                workspace_id=self._workspace.id,
                protect=self._protect,
                account=self._account,
            ),
            self._opts,
        )

    def _identity(self) -> Identity:
        lake = self._lake
        return Identity(
            "identity",
            IdentityArgs(
                oidc_issuer=self._cluster.oidc_issuer,
                zones={name: bucket.id for name, bucket in lake.buckets.items() if name in lake.zones},
                buckets={
                    name: bucket.id
                    for name, bucket in {**lake.buckets, **lake.further_buckets}.items()
                    if name not in lake.zones
                },
                vault_id=self._secrets.vault_id,
                secrets=self._secrets.ids,
                dns_zone_id=self._dns_zone.id,
                account=self._account,
            ),
            self._opts,
        )

    def _flow_logs(self) -> None:
        FlowLogs(
            "flow",
            FlowLogsArgs(
                vnet_id=self._network.vnet_id,
                retention_days=self._settings.network.flow_log_retention_days,
                key=self._encryption.key(KeyPurpose.LAKE),
                links=self._links,
                workspace_id=self._workspace.id,
                protect=self._protect,
                account=self._storage,
            ),
            self._opts,
        )

    def _budget(self) -> None:
        budget = self._settings.budget
        today = datetime.now(UTC).date()
        Budget("budget", BudgetArgs(budget.monthly_limit_usd, budget.alert_emails, today, self._account), self._opts)

    def _acme_solver(self) -> dict[str, Any]:
        """By a record in Azure DNS: works for hosts that nothing answers on yet, and needs no way in from outside."""
        zone = {
            "environment": "AzurePublicCloud",
            "subscriptionID": self._account.id,
            "resourceGroupName": self._dns_zone.resource_group_name,
            "hostedZoneName": self._settings.organisation.base_domain,
        }
        return {"dns01": {"azureDNS": zone}}

    def _dns_access(self) -> str:
        """Where external-dns finds the zone; who it is, its service account says."""
        account = self._account
        return json.dumps(
            {
                "cloud": "AzurePublicCloud",
                "tenantId": account.tenant_id,
                "subscriptionId": account.id,
                "resourceGroup": self._dns_zone.resource_group_name,
                "useWorkloadIdentityExtension": True,
            },
            sort_keys=True,
        )

    def _outputs(self, registry: Registry, database: Database | None) -> Mapping[str, pulumi.Input[Any]]:
        network, cluster, lake = self._network, self._cluster, self._lake
        outputs: dict[str, pulumi.Input[Any]] = {
            "networkId": network.vnet_id,
            "clusterName": cluster.cluster_name,
            "clusterEndpoint": cluster.endpoint,
            "kubeconfig": cluster.kubeconfig,
            "lake": dict(lake.zones),
            "buckets": {name: bucket.bucket for name, bucket in lake.buckets.items()},
            "backupAccount": lake.backup_account_name,
            "invoicesTopic": lake.arrivals_topic_id,
            "registryUrl": registry.url,
            "nameServers": self._dns_zone.name_servers,
        }
        return outputs | ({"databaseHost": database.endpoint.host} if database else {})


def _load_balancer(ownership: Ownership) -> LoadBalancer:
    """AKS makes load balancers itself; they hand packets on with the client's own address."""
    tags = ",".join(f"{key}={value}" for key, value in ownership.tags("edge").items())
    return LoadBalancer(
        annotations={
            "service.beta.kubernetes.io/azure-load-balancer-internal": "false",
            "service.beta.kubernetes.io/azure-pip-tags": tags,
        }
    )


def _database_backups(lake: DataLake) -> dict[str, Any]:
    """The server's service account has an identity, so no credentials are named."""
    return {
        "destinationPath": pulumi.Output.concat(
            "https://", lake.backup_account_name, ".blob.core.windows.net/", lake.buckets["backups"].bucket, "/database"
        ),
        "azureCredentials": {"useDefaultAzureCredentials": True},
    }
