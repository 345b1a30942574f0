"""An Azure Red Hat OpenShift cluster that the stack makes.

Source: CLU-3, A-31; https://learn.microsoft.com/azure/openshift/create-cluster
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stacks.settings.base_model import SettingsModel
from stacks.settings.fields import Allowed, AzureId, InstanceType

OpenShiftVersion = Annotated[
    str,
    Field(pattern=r"^4\.[0-9]{2}\.[0-9]{1,3}$"),
    Allowed('an exact version in quotes, such as "4.20.8", that `az aro get-versions` lists for the location'),
]
# Azure Red Hat OpenShift puts `<location>.aroapp.io` behind it.
OpenShiftDomain = Annotated[
    str,
    Field(pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$"),
    Allowed("at most 30 lower-case letters, digits and inner hyphens, starting with a letter, such as platform-dev"),
]


class Visibility(StrEnum):
    """From where an address is reached: the network alone, or the internet as well. Source: NET-1."""

    PRIVATE = "private"
    PUBLIC = "public"


class ServicePrincipalSettings(SettingsModel):
    """Who the cluster is in Azure; its secret is `openshiftClientSecret`. Source: SEC-5."""

    client_id: AzureId
    """Client id of the application: `az ad sp list --display-name <name> --query '[].appId'`."""
    object_id: AzureId
    """Object id of its service principal, which is another one: `az ad sp show --id <clientId> --query id`."""


class ManagedClusterSettings(SettingsModel):
    """The Azure Red Hat OpenShift cluster to make, in `cloud.region`; its workers are `nodePools`. Source: CLU-3."""

    version: OpenShiftVersion
    """Version of OpenShift that the cluster is made with; afterwards OpenShift updates itself."""
    domain: OpenShiftDomain
    """First label of the cluster's own domain, unique in the location; cannot change once the stack exists."""
    service_principal: ServicePrincipalSettings
    """Who the cluster is in Azure."""
    resource_provider_object_id: AzureId
    """Object id, in this tenant, of the service principal of the application f1dd0a37-89c6-4e07-bcd1-ffd3d43d8875."""
    control_plane_vm_size: InstanceType = "Standard_D8s_v5"
    """VM size of the three machines of the control plane."""
    api_server_visibility: Visibility = Visibility.PRIVATE
    """From where the API server is reached; public only in dev."""
    ingress_visibility: Visibility = Visibility.PRIVATE
    """From where the router is reached; public only in dev."""
