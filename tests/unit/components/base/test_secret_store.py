"""ExternalSecrets: what they read, what they make, and what they refuse. Source: SEC-5..8, A-7."""

from typing import Any

import pytest

from components.base import ExternalSecret, ExternalSecretArgs, SecretKey
from tests.unit.components.environment import environment
from tests.unit.recording import RecordingEngine

KIND = "kubernetes:external-secrets.io/v1:ExternalSecret"
COOKIE = {"cookie": SecretKey("sso/cookie", "secret")}


def made(engine: RecordingEngine, keys: dict[str, SecretKey], **further: Any) -> dict[str, Any]:
    """Deploy one and give its inputs."""

    def program() -> None:
        around = environment()
        args = ExternalSecretArgs(around, around.namespaces["data"], keys, "security", **further)
        ExternalSecret("credentials", args)

    engine.deploy(program)
    return engine.only(KIND).inputs


def test_reads_one_property_of_a_secret_under_the_vaults_own_name(engine: RecordingEngine) -> None:
    assert made(engine, COOKIE)["spec"]["data"] == [
        {"secretKey": "cookie", "remoteRef": {"key": "biz/sso/cookie", "property": "secret"}}
    ]


def test_reads_the_whole_of_a_plain_text(engine: RecordingEngine) -> None:
    """Source: SEC-7: the vault holds a token, not an object with one."""
    spec = made(engine, {"token": SecretKey("sso/client", None)})["spec"]
    assert spec["data"] == [{"secretKey": "token", "remoteRef": {"key": "sso/client"}}]


def test_owns_a_secret_of_its_own_name_and_asks_again_every_hour(engine: RecordingEngine) -> None:
    """Source: SEC-7, SEC-11."""
    inputs = made(engine, COOKIE)
    target = inputs["spec"]["target"]

    assert (inputs["metadata"]["namespace"], inputs["metadata"]["name"]) == ("data", "credentials")
    assert (target["name"], target["creationPolicy"]) == ("credentials", "Owner")
    assert inputs["spec"]["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "vault"}
    assert inputs["spec"]["refreshInterval"] == "1h"
    assert "data" not in target["template"]


def test_the_secret_says_what_it_is_and_may_have_further_labels(engine: RecordingEngine) -> None:
    """Reloader finds the platform's Secrets by their label."""
    labels = made(engine, COOKIE, labels={"cnpg.io/reload": "true"})["spec"]["target"]["template"]["metadata"]["labels"]

    assert labels["app.kubernetes.io/part-of"] == "biz-automation"
    assert labels["cnpg.io/reload"] == "true"


def test_a_template_makes_other_keys_of_it(engine: RecordingEngine) -> None:
    template = made(engine, COOKIE, template={"url": "https://{{ .cookie }}"})["spec"]["target"]["template"]
    assert (template["engineVersion"], template["data"]) == ("v2", {"url": "https://{{ .cookie }}"})


def test_waits_for_the_store_and_ends_with_its_namespace(engine: RecordingEngine) -> None:
    made(engine, COOKIE)
    registration = engine.only(KIND)

    assert any(urn.endswith("::store") for urn in registration.dependencies)
    assert registration.deleted_with.endswith("Namespace::data")


def test_a_secret_that_nobody_declares_is_refused_by_name(engine: RecordingEngine) -> None:
    with pytest.raises(KeyError, match="no secret is called sso/unknown"):
        made(engine, {"cookie": SecretKey("sso/unknown")})
