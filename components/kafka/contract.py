"""What everybody who talks to Kafka counts on: names, address, and how a client signs on.

Source: KAFKA-1, KAFKA-4, CLU-7.
"""

from collections.abc import Mapping

NAMESPACE = "integration"
CLUSTER = "events"
API_VERSION = "kafka.strimzi.io/v1"
# of the topics' and users' cluster: the operators look for it
CLUSTER_LABEL = {"strimzi.io/cluster": CLUSTER}
VERSION = "4.3.1"
METADATA_VERSION = "4.3-IV0"
LISTENER, PORT = "secure", 9093
BOOTSTRAP = f"{CLUSTER}-kafka-bootstrap.{NAMESPACE}.svc.cluster.local:{PORT}"
SASL_MECHANISM = "SCRAM-SHA-512"
# what a client may know without being one; a ConfigMap beside the cluster has it as well
PUBLIC_PROPERTIES: Mapping[str, str] = {
    "bootstrap.servers": BOOTSTRAP,
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": SASL_MECHANISM,
}
# Secret in each client's namespace whose `ca.crt` is what brokers' certificates are checked against
CLIENT = "kafka-client"


def credentials(user: str) -> str:
    """Name of the Secret that holds a user's credentials, in each namespace where the user's clients run."""
    return f"kafka-{user}"


def vault_path(user: str) -> str:
    """Path of a user's password in the vault (``components/secrets/secrets.yaml``)."""
    return f"kafka/{user}"


def client_properties(user: str) -> Mapping[str, str]:
    """A client's configuration, in the templates of External Secrets: every key is one of the Secret's."""
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return {
        **PUBLIC_PROPERTIES,
        "username": user,
        "password": "{{ .password }}",
        "sasl.jaas.config": f'{login} required username="{user}" password="{{{{ .password }}}}";',
    }
