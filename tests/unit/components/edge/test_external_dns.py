"""external-dns: it makes records of this stack's hosts alone."""

from components import edge
from components.identity import Access, Grant
from tests.unit.components.environment import BASE_DOMAIN, NotedIdentity, environment
from tests.unit.recording import RecordingEngine


def test_makes_records_under_the_base_domain_and_deletes_none(engine: RecordingEngine) -> None:
    def program() -> NotedIdentity:
        stack = environment()
        edge.ExternalDns("external-dns", edge.ExternalDnsArgs(stack, "aws", "biz-automation-dev"))
        assert isinstance(stack.identity, NotedIdentity)
        return stack.identity

    identity = engine.deploy(program)
    values = engine.only("kubernetes:helm.sh/v4:Chart").inputs["values"]

    assert identity.grants == {"ingress/external-dns": [Grant("dns", Access.WRITE)]}
    assert values["serviceAccount"]["name"] == "external-dns"
    assert (values["policy"], values["domainFilters"]) == ("upsert-only", [BASE_DOMAIN])
    assert values["txtOwnerId"] == "biz-automation-dev"
    assert values["sources"] == ["service", "ingress", "gateway-httproute"]
    assert values["provider"] == {"name": "aws"}
