"""The platform of each committed stack, as a whole. Source: TGT-6, POL-2, CFG-7."""

import re
from typing import Any

import pytest

from components.base import allowances
from components.charts import RESTART, charts_of
from stacks.settings import ComponentSettings
from stacks.settings.namespace_model import NamespaceSettings
from stacks.settings.reference_tables import component_hosts
from tests.unit.platform import CHART, Deployment, deploy, settings_of
from tests.unit.recording import RecordingEngine
from tests.unit.settings.configuration import STACKS
from tests.unit.stacks.conftest import PlatformOf

# what keeps its state in PostgreSQL
APPLICATIONS = frozenset(
    {"workflows:Airflow", "workflows:Camunda", "workflows:Flowable", "workflows:Kestra", "mlops:Mlflow"}
)
SECRET = re.compile(r"'secret(KeyRef|Ref|Name)'")
WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"})


@pytest.fixture(scope="module", params=STACKS)
def platform(request: pytest.FixtureRequest, platform_of: PlatformOf) -> Deployment:
    return platform_of(request.param)


def test_every_object_says_what_it_is_and_who_pays(platform: Deployment) -> None:
    ownership = platform.settings.ownership
    parts = {f"app.kubernetes.io/{part}" for part in ("name", "instance", "component", "part-of", "managed-by")}
    expected = {"cost-center": ownership.cost_center, "environment": ownership.environment}
    # a chart is no object; its objects are labelled when an engine renders them
    objects = [item for item in platform.objects if item.type != CHART]
    labelled = [item.inputs["metadata"]["labels"] for item in objects]
    labelled += [
        item.inputs["spec"]["template"]["metadata"]["labels"]
        for item in objects
        if "template" in item.inputs.get("spec", {}) and item.type.rpartition(":")[2] in WORKLOADS
    ]
    assert len(labelled) > 100
    for labels in labelled:
        assert expected.items() <= labels.items()
        assert parts <= labels.keys()


def test_what_reads_a_secret_is_restarted_when_it_changes(platform: Deployment) -> None:
    """Source: SEC-11."""
    workloads = {**platform.of_kind("Deployment"), **platform.of_kind("StatefulSet")}
    # a database takes its password over once, when it is made
    del workloads["ml/mysql"]
    reading = {name for name, inputs in workloads.items() if SECRET.search(repr(inputs["spec"]["template"]))}
    restarted = {name for name, inputs in workloads.items() if RESTART.items() <= annotations(inputs).items()}
    assert len(reading) > 5
    assert restarted == reading != workloads.keys()


def annotations(inputs: dict[str, Any]) -> dict[str, str]:
    """What an object has as annotations."""
    return inputs["metadata"].get("annotations") or {}


def test_every_chart_that_a_mirror_must_have_is_rendered(platform: Deployment) -> None:
    """But for the gateway that is not chosen, what the cloud brings, what a managed database saves. Source: TGT-6."""
    needed = set(charts_of(platform.settings.components_on))
    rendered = {item.inputs["chart"].rpartition("/")[2] for item in platform.engine.of_type(CHART)}
    assert rendered <= needed
    saved = {"cloudnative-pg", "plugin-barman-cloud"} if platform.settings.database.mode == "managed" else set[str]()
    assert needed - rendered == {"ingress-nginx", "aws-load-balancer-controller"} | saved


def test_only_what_lives_in_a_namespace_ends_with_one(platform: Deployment) -> None:
    assert platform.taken_for_gone == []


def test_names_are_the_same_in_every_stack(platform: Deployment) -> None:
    """Source: A-51: one cluster per stack, the environment is a label."""
    names = [item.name for item in platform.objects if "letsencrypt-prod" not in item.name]
    assert not [name for name in names if platform.settings.profile in name.split("-")]


def test_one_provider_makes_everything(platform: Deployment) -> None:
    provider = platform.engine.only("pulumi:providers:kubernetes")
    assert {item.provider.partition("::cluster::")[0] for item in platform.objects} == {
        platform.objects[0].provider.partition("::cluster::")[0]
    }
    assert all(item.provider.startswith(provider.urn) for item in platform.objects)


def test_no_resource_waits_for_a_component(platform: Deployment) -> None:
    # a chart is made by its provider, and waiting for it is waiting for one resource
    components = {item.urn for item in platform.engine.registrations if not item.custom and item.type != CHART}
    assert components
    assert [item.name for item in platform.engine.registrations if components & set(item.dependencies)] == []


def test_exports_what_the_foundation_exports_and_more(platform: Deployment) -> None:
    assert {"clusterName", "namespaces", "healthzAddress", "kestraAddress", "airflowAddress"} <= set(platform.outputs)


def test_public_hosts_are_those_that_the_settings_are_judged_by(platform: Deployment) -> None:
    """Source: NET-5: `component-hosts.yaml` is what finds a host that is used twice."""
    routes = platform.of_kind("HTTPRoute").values()
    listed = {label for switch in platform.settings.components_on for label in component_hosts().get(switch, [])}

    published = {host for route in routes for host in route["spec"].get("hostnames", [])}

    assert published == {f"{label}.{platform.settings.organisation.base_domain}" for label in listed}


def test_applications_of_the_database_wait_for_the_schema(platform: Deployment) -> None:
    """Source: DB-3..DB-10."""
    (schema,) = (
        item.urn
        for item in platform.objects
        if item.type.endswith(":Job") and platform.top(item) == "database:Migrations"
    )
    pods = [item for item in platform.objects if item.type in {CHART, "kubernetes:apps/v1:Deployment"}]
    applications = [item for item in pods if platform.top(item) in APPLICATIONS]

    assert {platform.top(item) for item in applications} == APPLICATIONS
    assert [item.name for item in applications if schema not in item.dependencies] == []


def test_quotas_are_the_profiles_but_for_what_the_stack_says(engine: RecordingEngine) -> None:
    """Source: CLU-16, A-30."""
    profile, given = allowances("dev"), NamespaceSettings(name="workflows", cpu_requests=9, storage_gib=7)
    settings = settings_of("dev").model_copy(update={"components": ComponentSettings(), "namespaces": (given,)})

    quotas = deploy(engine, settings).of_kind("ResourceQuota")
    hard = {name.partition("/")[0]: quota["spec"]["hard"] for name, quota in quotas.items()}

    assert (hard["workflows"]["requests.cpu"], hard["workflows"]["requests.storage"]) == ("9", "7Gi")
    assert hard["workflows"]["pods"] == str(profile["workflows"].pods)
    assert hard["data"]["requests.cpu"] == str(profile["data"].cpu_requests)


def test_a_component_that_is_off_is_not_there(engine: RecordingEngine) -> None:
    settings = settings_of("dev")
    off = settings.model_copy(update={"components": ComponentSettings(healthz=False)})
    platform = deploy(engine, off)
    assert not platform.of_kind("Deployment")
    assert "healthzAddress" not in platform.outputs


def test_a_first_preview_survives_what_it_cannot_know(engine: RecordingEngine) -> None:
    engine.preview = True
    platform = deploy(engine, settings_of("prod"))
    assert platform.of_kind("Deployment")
