"""Namespaces with their guard rails, access, priorities, storage, ways between pods, and the reference workload."""

from dataclasses import replace
from pathlib import Path

import pulumi

from components import base
from components.charts import ChartMirror
from stacks.foundation import Foundation
from stacks.layers.assembly import Assembly, options
from stacks.settings import Profile, Settings

# Fewest and most replicas of a stateless service (A-30: chosen); from two on a disruption budget stands.
STATELESS_REPLICAS = {Profile.DEV: (2, 4), Profile.STG: (2, 6), Profile.PROD: (3, 10)}


def begin(settings: Settings, foundation: Foundation) -> Assembly:
    """The base of a platform, on which every layer stands."""
    ownership = settings.ownership
    opts = options(foundation)
    # Kubernetes gives its own Service the first address
    service = settings.network.service_cidr[1]
    control_plane = base.ControlPlane(foundation.control_plane_networks, service, foundation.system_pods)
    namespaces = _namespaces(settings, foundation, control_plane, opts)
    access = base.Access(
        "access", base.AccessArgs(list(namespaces.values()), settings.organisation.name, ownership), opts
    )
    isolation = base.IntegrationIsolationArgs(namespaces["workflows"], control_plane)
    base.IntegrationIsolation("integration-isolation", isolation, opts)
    networks = {
        **foundation.destination_networks,
        **({"database": foundation.database.networks} if foundation.database else {}),
    }
    base.Destinations("destinations", base.DestinationsArgs(namespaces, networks), opts)
    environment = base.Environment(
        profile=settings.profile.value,
        ownership=ownership,
        namespaces=namespaces,
        control_plane=control_plane,
        base_domain=settings.organisation.base_domain,
        sizes=base.sizes(settings.profile.value),
        identity=foundation.identity,
        lake=foundation.lake,
        object_store=foundation.object_store,
        storage_class=next(item.name for item in foundation.storage_classes if item.default),
        registry=foundation.registry,
        host_access=foundation.host_access,
        assigns_user_ids=foundation.assigns_user_ids,
        chart_mirror=ChartMirror(Path(settings.charts.mirror)) if settings.charts.mirror else None,
        networks=networks,
    )
    assembly = Assembly(settings, foundation, environment, access.ready, dict(foundation.outputs))
    endpoint = pulumi.Output.concat("https://", foundation.object_store.host)
    assembly.outputs |= {"namespaces": sorted(namespaces), "objectStoreEndpoint": endpoint}
    if assembly.on.healthz:
        _healthz(assembly)
    return assembly


def _namespaces(
    settings: Settings, foundation: Foundation, control_plane: base.ControlPlane, opts: pulumi.ResourceOptions
) -> dict[str, base.Namespace]:
    ownership = settings.ownership
    priorities = base.PriorityClasses("priority", base.PriorityClassesArgs(ownership), opts)
    storage = base.StorageClasses("storage", base.StorageClassesArgs(foundation.storage_classes, ownership), opts)
    # what lives in a namespace waits for it, and so for the cluster and the classes that pods and claims name
    gates = [foundation.ready, priorities.ready, *([storage.ready] if storage.ready else [])]
    version, allowances = settings.kubernetes.version, dict(base.allowances(settings.profile))
    allowances |= {each.name: replace(allowances[each.name], **each.given) for each in settings.namespaces}
    return {
        name: base.Namespace(name, base.NamespaceArgs(allowance, version, control_plane, gates, ownership), opts)
        for name, allowance in allowances.items()
    }


def _healthz(assembly: Assembly) -> None:
    settings, environment = assembly.settings, assembly.environment
    args = base.HealthzArgs(
        environment.namespaces["integration"],
        STATELESS_REPLICAS[settings.profile],
        environment.is_highly_available,
        environment.ownership,
    )
    assembly.outputs["healthzAddress"] = base.Healthz("healthz", args, assembly.opts).address
