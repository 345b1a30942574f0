"""The driver of stand-ins, with Azure's store as the other side, and the resources that most tests start with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.azure import arm, other_side
from tests.sandbox.driver import TIMEOUT, Driver, Made, reference

__all__ = ["CRYPTO_USER", "TIMEOUT", "AzureDriver", "Made", "reference", "role"]

GROUP = "platform"
TAGS = {"cost-center": "cc-platform"}
CRYPTO_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


def role(uuid: str) -> str:
    """Whole id of a built-in role."""
    return f"/subscriptions/{arm.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{uuid}"


@dataclass
class AzureDriver(Driver):
    """A driver of the Azure stand-in; names of types are without the package."""

    def make(self, kind: str, logical_name: str, /, **inputs: Any) -> Made:
        """Create a resource, in the group of these tests where it is in one."""
        return self.create(f"azure-native:{kind}", logical_name, **inputs)

    def rejected(self, kind: str, /, **inputs: Any) -> dict[str, str]:
        """What the stand-in refuses of inputs, by property."""
        return dict(self.check(f"azure-native:{kind}", "rejected", **inputs))

    def shown(self, made: Made) -> Mapping[str, Any]:
        """The resource as the other side has it."""
        return other_side.show(made.id)

    def group(self, name: str = GROUP, location: str = "westeurope") -> Made:
        return self.make("resources:ResourceGroup", name, resourceGroupName=name, location=location, tags=TAGS)

    def network(self) -> Made:
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        return self.make(
            "network:VirtualNetwork",
            "network",
            resourceGroupName=GROUP,
            virtualNetworkName="network",
            addressSpace=space,
        )

    def subnet(self, name: str = "nodes", prefix: str = "10.0.0.0/20", **more: Any) -> Made:
        place = {"resourceGroupName": GROUP, "virtualNetworkName": "network"}
        return self.make("network:Subnet", name, **place, subnetName=name, addressPrefix=prefix, **more)

    def identity(self, name: str = "cluster") -> Made:
        return self.make(
            "managedidentity:UserAssignedIdentity", name, resourceGroupName=GROUP, resourceName=name, tags=TAGS
        )

    def vault(self, name: str = "vault-a1b2c", **more: Any) -> Made:
        properties = {"sku": {"family": "A", "name": "standard"}, "tenantId": arm.TENANT, **more}
        return self.make("keyvault:Vault", name, resourceGroupName=GROUP, vaultName=name, properties=properties)

    def vault_key(self, vault: Made, name: str = "lake") -> Made:
        place = {"resourceGroupName": GROUP, "vaultName": vault["name"]}
        return self.make("keyvault:Key", name, **place, keyName=name, properties={"kty": "RSA", "keySize": 3072})

    def allow(self, principal: str, uuid: str, scope: str) -> Made:
        return self.make(
            "authorization:RoleAssignment",
            f"{principal}-{uuid}",
            principalId=principal,
            principalType="ServicePrincipal",
            roleDefinitionId=role(uuid),
            scope=scope,
        )

    def cluster(self, subnet: Made, identity: Made, **more: Any) -> Made:
        pool = {
            "name": "system",
            "mode": "System",
            "vmSize": "Standard_D4s_v5",
            "count": 3,
            "availabilityZones": ["1", "2", "3"],
            "vnetSubnetID": subnet.id,
        }
        inputs: dict[str, Any] = {
            "resourceGroupName": GROUP,
            "resourceName": "cluster",
            "dnsPrefix": "cluster",
            "kubernetesVersion": "1.34",
            "agentPoolProfiles": [pool],
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [identity.id]},
            "aadProfile": {"managed": True, "enableAzureRBAC": True},
            "oidcIssuerProfile": {"enabled": True},
            "securityProfile": {"workloadIdentity": {"enabled": True}},
            "disableLocalAccounts": True,
        }
        return self.make("containerservice:ManagedCluster", "cluster", **{**inputs, **more})
