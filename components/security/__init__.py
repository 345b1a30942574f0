"""What guards the platform: certificates, secrets from the vault, admission policies, rotation, audit."""

from components.security.cert_manager import INTERNAL_ISSUER, CertManager, CertManagerArgs
from components.security.external_secrets import ExternalSecretsOperator, ExternalSecretsOperatorArgs
from components.security.gatekeeper import EXEMPT_NAMESPACES, Gatekeeper, GatekeeperArgs
from components.security.reloader import Reloader, ReloaderArgs

__all__ = [
    "EXEMPT_NAMESPACES",
    "INTERNAL_ISSUER",
    "CertManager",
    "CertManagerArgs",
    "ExternalSecretsOperator",
    "ExternalSecretsOperatorArgs",
    "Gatekeeper",
    "GatekeeperArgs",
    "Reloader",
    "ReloaderArgs",
]
