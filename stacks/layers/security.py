"""Monitors' definitions, the vault, certificates, and what guards the cluster."""

from dataclasses import replace
from datetime import UTC, datetime

from components import base, security
from components.secrets import inventory
from stacks import renewal
from stacks.layers.assembly import Assembly
from stacks.settings import StoreScope


def guard(assembly: Assembly) -> None:
    """What everything above asks for: monitors, secrets and certificates come first."""
    renewal.remind(assembly.settings.vault.renewed_on, datetime.now(UTC).date())
    if assembly.foundation.monitoring is not None:
        # the cluster knows them from the start
        assembly.environment = replace(assembly.environment, monitors=assembly.foundation.ready)
    elif assembly.on.prometheus:
        _monitors(assembly)
    if assembly.on.external_secrets:
        _vault(assembly)
    environment, opts = assembly.environment, assembly.opts
    if assembly.on.cert_manager and assembly.settings.edge.acme_email:
        args = security.CertManagerArgs(environment, assembly.settings.edge.acme_email, assembly.foundation.acme_solver)
        assembly.certificates = security.CertManager("cert-manager", args, opts).ready
    if assembly.on.reloader:
        security.Reloader("reloader", security.ReloaderArgs(environment), opts)
    if assembly.on.gatekeeper:
        security.Gatekeeper("gatekeeper", security.GatekeeperArgs(environment), opts)


def _monitors(assembly: Assembly) -> None:
    """The definitions of monitors: nearly every chart has one."""
    definitions = base.PlatformChart(
        "prometheus-operator-crds",
        base.PlatformChartArgs(
            environment=assembly.environment,
            chart="prometheus-operator-crds",
            namespace=assembly.environment.namespaces["observability"],
            values={},
            component="observability",
        ),
        assembly.opts,
    )
    assembly.environment = replace(assembly.environment, monitors=definitions.ready)


def _vault(assembly: Assembly) -> None:
    supplied = {path: path for path, row in inventory().items() if row.supplied}
    operator = security.ExternalSecretsOperator(
        "external-secrets",
        security.ExternalSecretsOperatorArgs(
            assembly.environment,
            assembly.foundation.secret_store,
            {**supplied, **assembly.foundation.secrets},
            store_per_namespace=assembly.settings.vault.store_scope is StoreScope.NAMESPACE,
        ),
        assembly.opts,
    )
    assembly.environment = replace(assembly.environment, secrets=operator.store)
