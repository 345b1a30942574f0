"""A stand-in as the engine sees it: every request here goes over gRPC."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import grpc
import grpc.aio
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2
from typing_extensions import override

from sandbox.providers.servicer import StandInServicer
from sandbox.providers.stand_in import (
    UNKNOWN,
    Failures,
    InitializationError,
    ReadResult,
    ResourceDiff,
    ResourceReference,
    StandIn,
    StandInError,
    ThrottledError,
    compare,
)
from sandbox.providers.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_STRING

URN = "urn:pulumi:dev::project::pkg:m:Parent$shop:index/crate:Crate::box"


class Shop(StandIn):
    """Keeps crates in a dictionary; what a crate's `trouble` names, happens to it."""

    name: ClassVar[str] = "shop"

    def __init__(self) -> None:
        super().__init__()
        self.crates: dict[str, dict[str, Any]] = {}
        self.throttled = 0
        self.seen: list[ResourceReference] = []

    @override
    def check_resource(
        self, resource: ResourceReference, old: dict[str, Any], new: dict[str, Any], /
    ) -> tuple[dict[str, Any], Failures]:
        self.seen.append(resource)
        failures = [("size", "size is 0 and must be positive.")] if new.get("size") == 0 else []
        return {"label": f"crate-{self.random_suffix(resource)}", **new}, failures

    @override
    def diff_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        new: dict[str, Any],
        /,
    ) -> ResourceDiff:
        diff = compare(old_inputs, new, replacing={"wood"})
        return ResourceDiff((*diff.changed, "weight"), diff.replaces) if old_outputs.get("weight") == 9 else diff

    @override
    def create_resource(
        self, resource: ResourceReference, inputs: dict[str, Any], /, *, preview: bool, timeout: float
    ) -> tuple[str, dict[str, Any]]:
        if preview:
            return "", {**inputs, "weight": UNKNOWN}
        match inputs.get("trouble"):
            case "refused":
                raise StandInError("The shop is closed.")
            case "throttled" if self.throttled < 2:
                self.throttled += 1
                raise ThrottledError("Slow down.")
            case "broken":
                raise LookupError("shelf 7")
            case "unready":
                raise InitializationError("crate-9", {**inputs, "weight": 2}, ["The lid is open."])
            case "forgetful":
                return "crate-8", {"weight": UNKNOWN}
            case _:
                self.crates["crate-1"] = inputs
                return "crate-1", {**inputs, "weight": 2, "timeout": timeout, "key": "k"}

    @override
    def read_resource(
        self, resource: ResourceReference, resource_id: str, inputs: dict[str, Any], outputs: dict[str, Any], /
    ) -> ReadResult | None:
        crate = self.crates.get(resource_id)
        return ReadResult(resource_id, crate, {**crate, "weight": 3}) if crate else None

    @override
    def update_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        inputs: dict[str, Any],
        /,
        *,
        preview: bool,
        timeout: float,
    ) -> dict[str, Any]:
        return {**inputs, "before": old_inputs["size"], "weight": UNKNOWN if preview else 4}

    @override
    def delete_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        /,
        *,
        timeout: float,
    ) -> None:
        del self.crates[resource_id]

    @override
    def invoke_function(self, token: str, arguments: dict[str, Any], /) -> dict[str, Any]:
        return {"price": 2 * arguments["pieces"]} if token == "shop:index:price" else super().invoke_function(token, {})

    @override
    def secret_outputs(self, type_token: str, /) -> frozenset[str]:
        return frozenset({"key"}) if type_token == "shop:index/crate:Crate" else frozenset()


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def engine(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    monkeypatch.setenv("SANDBOX_DIRECTORY", str(tmp_path))
    loop = asyncio.new_event_loop()
    address: list[str] = []

    async def start() -> grpc.aio.Server:
        server = grpc.aio.server()
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(StandInServicer(shop, "1.2.3", ""), server)
        address.append(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        await server.start()
        return server

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    with grpc.insecure_channel(address[0]) as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    asyncio.run_coroutine_threadsafe(server.stop(None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def wire(**properties: Any) -> struct_pb2.Struct:
    return json_format.ParseDict(properties, struct_pb2.Struct())


def plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(struct)


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}


def create(engine: provider_pb2_grpc.ResourceProviderStub, **properties: Any) -> provider_pb2.CreateResponse:
    return engine.Create(provider_pb2.CreateRequest(urn=URN, properties=wire(**properties)))


def refusal(error: pytest.ExceptionInfo[grpc.RpcError]) -> tuple[grpc.StatusCode, str]:
    call = error.value
    assert isinstance(call, grpc.Call)
    return call.code(), call.details() or ""


def test_the_engine_may_send_unknowns_and_secrets(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    answer = engine.Handshake(provider_pb2.ProviderHandshakeRequest())
    configured = engine.Configure(provider_pb2.ConfigureRequest())

    assert (answer.accept_secrets, answer.accept_resources, answer.accept_outputs) == (True, True, True)
    assert configured.supportsPreview
    assert engine.GetPluginInfo(empty_pb2.Empty()).version == "1.2.3"


def test_check_fills_in_a_name_and_names_what_is_wrong(
    engine: provider_pb2_grpc.ResourceProviderStub, shop: Shop
) -> None:
    request = provider_pb2.CheckRequest(
        urn=URN, randomSeed=b"1", news=wire(size=0, wood=secret("oak"), tag=UNKNOWN_STRING)
    )
    answer = engine.Check(request)

    assert [(failure.property, failure.reason) for failure in answer.failures] == [
        ("size", "size is 0 and must be positive.")
    ]
    assert plain(answer.inputs)["wood"] == secret("oak")
    assert plain(answer.inputs)["tag"] == UNKNOWN_STRING
    assert plain(answer.inputs)["label"] == plain(engine.Check(request).inputs)["label"]
    assert (shop.seen[0].type, shop.seen[0].name) == ("shop:index/crate:Crate", "box")


def test_create_keeps_secrets_and_marks_the_types_own(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    answer = create(engine, size=1, wood=secret("oak"))

    outputs = plain(answer.properties)
    assert answer.id == "crate-1"
    assert outputs["wood"] == secret("oak")
    assert outputs["key"] == secret("k")
    assert (outputs["weight"], outputs["timeout"]) == (2, 600)


def test_a_preview_creates_nothing_and_tells_what_it_cannot_know(
    engine: provider_pb2_grpc.ResourceProviderStub, shop: Shop
) -> None:
    answer = engine.Create(provider_pb2.CreateRequest(urn=URN, properties=wire(size=UNKNOWN_STRING), preview=True))

    assert answer.id == ""
    assert plain(answer.properties) == {"size": UNKNOWN_STRING, "weight": UNKNOWN_STRING}
    assert shop.crates == {}


def test_diff_names_the_leaves_and_what_replaces(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    old = wire(size=1, wood="oak", tags={"a": "1", "b/c": "2"}, lids=["x"])
    new = wire(size=1, wood="ash", tags={"a": "2", "d": "4"}, lids=["x", "y"])
    answer = engine.Diff(provider_pb2.DiffRequest(id="crate-1", urn=URN, old_inputs=old, olds=old, news=new))

    kinds = {path: provider_pb2.PropertyDiff.Kind.Name(item.kind) for path, item in answer.detailedDiff.items()}
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.replaces) == ["wood"]
    assert kinds == {
        "wood": "UPDATE_REPLACE",
        "tags.a": "UPDATE",
        'tags["b/c"]': "DELETE",
        "tags.d": "ADD",
        "lids[1]": "ADD",
    }


def test_diff_of_equal_inputs_shows_drift_in_outputs_only(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    def diff(weight: int) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            id="crate-1", urn=URN, old_inputs=wire(size=1), olds=wire(size=1, weight=weight), news=wire(size=1)
        )
        return engine.Diff(request)

    assert diff(2).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert not diff(2).detailedDiff
    assert not diff(9).detailedDiff["weight"].inputDiff


def test_read_returns_inputs_too_and_keeps_secrets(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    create(engine, size=1, wood="oak")
    request = provider_pb2.ReadRequest(
        id="crate-1", urn=URN, inputs=wire(wood=secret("elm")), properties=wire(wood=secret("elm"))
    )
    answer = engine.Read(request)

    assert plain(answer.inputs) == {"size": 1, "wood": secret("oak")}
    assert plain(answer.properties) == {"size": 1, "wood": secret("oak"), "weight": 3}


def test_read_of_what_is_gone_returns_no_id(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert engine.Read(provider_pb2.ReadRequest(id="crate-7", urn=URN)).id == ""


def test_update_sees_the_old_inputs(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    request = provider_pb2.UpdateRequest(id="crate-1", urn=URN, old_inputs=wire(size=1), news=wire(size=2))

    assert plain(engine.Update(request).properties) == {"size": 2, "before": 1, "weight": 4}


def test_delete_reaches_the_stand_in(engine: provider_pb2_grpc.ResourceProviderStub, shop: Shop) -> None:
    create(engine, size=1)
    engine.Delete(provider_pb2.DeleteRequest(id="crate-1", urn=URN))

    assert shop.crates == {}


def test_functions_answer_and_unknown_ones_are_named(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    def invoke(token: str, **arguments: Any) -> dict[str, Any]:
        answer = engine.Invoke(provider_pb2.InvokeRequest(tok=token, args=wire(**arguments)))
        return plain(getattr(answer, "return"))

    assert invoke("shop:index:price", pieces=2) == {"price": 4}
    assert invoke("shop:index:price", pieces=secret(2)) == {"price": secret(4)}
    with pytest.raises(grpc.RpcError) as error:
        invoke("shop:index:rent")
    assert refusal(error)[1] == "The shop stand-in does not know the function shop:index:rent; add it to the sandbox."


def test_a_refusal_is_one_sentence_after_which_the_state_is_known(
    engine: provider_pb2_grpc.ResourceProviderStub,
) -> None:
    with pytest.raises(grpc.RpcError) as error:
        create(engine, trouble="refused")

    assert refusal(error) == (grpc.StatusCode.FAILED_PRECONDITION, "The shop is closed.")


def test_a_defect_of_the_stand_in_is_one_sentence_and_its_traceback_is_in_the_log(
    engine: provider_pb2_grpc.ResourceProviderStub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(grpc.RpcError) as error:
        create(engine, trouble="broken")

    message = (
        f"The shop stand-in failed at the create of box: LookupError: shelf 7 (see {tmp_path}/logs/provider-shop.log)"
    )
    assert refusal(error) == (grpc.StatusCode.ABORTED, message)
    assert "Traceback" in caplog.text


def test_a_throttled_operation_is_tried_again(engine: provider_pb2_grpc.ResourceProviderStub, shop: Shop) -> None:
    assert create(engine, trouble="throttled").id == "crate-1"
    assert shop.throttled == 2


def test_a_resource_that_is_not_ready_is_kept_with_id_and_outputs(
    engine: provider_pb2_grpc.ResourceProviderStub,
) -> None:
    with pytest.raises(grpc.RpcError) as error:
        create(engine, trouble="unready", wood=secret("oak"))

    assert isinstance(error.value, grpc.Call)
    metadata: dict[str, str | bytes] = {item.key: item.value for item in error.value.trailing_metadata()}
    details = metadata["grpc-status-details-bin"]
    assert isinstance(details, bytes)
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(details).details[0].Unpack(failed)
    assert (failed.id, list(failed.reasons)) == ("crate-9", ["The lid is open."])
    assert plain(failed.properties) == {"trouble": "unready", "wood": secret("oak"), "weight": 2}


def test_unknown_outputs_of_a_real_create_are_refused(engine: provider_pb2_grpc.ResourceProviderStub) -> None:
    with pytest.raises(grpc.RpcError) as error:
        create(engine, trouble="forgetful")

    assert refusal(error)[1] == "The shop stand-in left outputs unknown: weight."


def test_cancel_wakes_whoever_waits(engine: provider_pb2_grpc.ResourceProviderStub, shop: Shop) -> None:
    engine.Cancel(empty_pb2.Empty())

    assert shop.cancelled.is_set()


@pytest.fixture
def plan_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "faults.json"
    monkeypatch.setenv("SANDBOX_FAULTS", str(path))
    return path


def plan(path: Path, **fault: Any) -> None:
    path.write_text(json.dumps([{"provider": "shop", "operation": "create", **fault}]))


def test_the_nth_create_fails_and_previews_do_not_count(
    engine: provider_pb2_grpc.ResourceProviderStub, plan_faults: Path
) -> None:
    plan(plan_faults, fault="fail", nth=2, type="shop:index/crate:Crate")

    engine.Create(provider_pb2.CreateRequest(urn=URN, properties=wire(size=1), preview=True))
    assert create(engine, size=1).id == "crate-1"
    with pytest.raises(grpc.RpcError) as error:
        create(engine, size=1)
    assert "refused the create of shop:index/crate:Crate (planned in $SANDBOX_FAULTS)" in refusal(error)[1]
    assert create(engine, size=1).id == "crate-1"


def test_one_throttle_is_survived_and_endless_ones_reach_the_user(
    engine: provider_pb2_grpc.ResourceProviderStub, plan_faults: Path
) -> None:
    plan(plan_faults, fault="throttle", nth=1)
    assert create(engine, size=1).id == "crate-1"

    plan(plan_faults, fault="throttle")
    with pytest.raises(grpc.RpcError) as error:
        create(engine, size=1)
    assert refusal(error)[1].startswith("ThrottlingException: rate exceeded")


def test_a_delay_ends_when_the_engine_cancels(
    engine: provider_pb2_grpc.ResourceProviderStub, plan_faults: Path
) -> None:
    plan(plan_faults, fault="delay", seconds=3600)

    late = engine.Create.future(provider_pb2.CreateRequest(urn=URN, properties=wire(size=1)))
    engine.Cancel(empty_pb2.Empty())

    assert late.result(timeout=30).id == "crate-1"


@pytest.mark.parametrize("fault", [{"fault": "explode"}, {"fault": "fail", "operation": "eat"}, {"faults": "fail"}])
def test_a_plan_that_cannot_be_read_is_refused(
    engine: provider_pb2_grpc.ResourceProviderStub, plan_faults: Path, fault: dict[str, Any]
) -> None:
    plan(plan_faults, **fault)

    with pytest.raises(grpc.RpcError) as error:
        create(engine, size=1)
    assert "which is not a list of faults" in refusal(error)[1]


def test_faults_of_other_providers_and_types_pass(
    engine: provider_pb2_grpc.ResourceProviderStub, plan_faults: Path
) -> None:
    plan(plan_faults, fault="die", provider="aws")
    assert create(engine, size=1).id == "crate-1"

    plan(plan_faults, fault="die", type="shop:index/barrel:Barrel")
    assert create(engine, size=1).id == "crate-1"
