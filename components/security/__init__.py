"""What guards the platform: certificates, secrets from the vault, admission policies, rotation, audit."""

from components.security.cert_manager import INTERNAL_ISSUER, CertManager, CertManagerArgs
from components.security.external_secrets import ExternalSecretsOperator, ExternalSecretsOperatorArgs

__all__ = [
    "INTERNAL_ISSUER",
    "CertManager",
    "CertManagerArgs",
    "ExternalSecretsOperator",
    "ExternalSecretsOperatorArgs",
]
