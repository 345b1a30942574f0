"""Teams of the settings become teams of the platform. Source: ARCH-16, COST-9."""

from stacks.settings import Settings, TeamSettings
from tests.unit.platform import deploy, settings_of
from tests.unit.recording import RecordingEngine
from tests.unit.stacks.conftest import PlatformOf


def with_teams(*teams: TeamSettings) -> Settings:
    return settings_of("dev").model_copy(update={"teams": teams})


def test_each_team_has_its_namespace_quota_and_cost_center(engine: RecordingEngine) -> None:
    growth = TeamSettings(name="growth", cost_center="cc-data", cpu=3, memory_gib=12)
    finance = TeamSettings(name="finance", cost_center="cc-automation")
    platform = deploy(engine, with_teams(growth, finance))

    namespaces = platform.of_kind("Namespace")
    assert namespaces["team-growth"]["metadata"]["labels"]["cost-center"] == "cc-data"
    assert namespaces["team-finance"]["metadata"]["labels"]["cost-center"] == "cc-automation"
    quota = platform.of_kind("ResourceQuota")["team-growth/quota"]["spec"]["hard"]
    assert (quota["requests.cpu"], quota["limits.cpu"], quota["limits.memory"]) == ("3", "6", "24Gi")


def test_a_teams_namespace_waits_for_the_roles(platform_of: PlatformOf) -> None:
    engine = platform_of("dev").engine
    namespace = engine.only("kubernetes:core/v1:Namespace", "team-growth")
    (binding,) = (item for item in engine.registrations if item.name == "team-growth-viewer")
    assert any("RoleBinding" in urn for urn in namespace.dependencies)
    assert any("RoleBinding" in urn for urn in binding.dependencies)
