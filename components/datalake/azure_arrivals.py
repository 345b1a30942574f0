"""The announcement of documents that arrive in a container.

Source: LAKE-5, FLOW-UIINV-1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import eventgrid, managedidentity, storage

from components.account.azure import Account
from components.identity.azure_role import Permission, assign


@dataclass(frozen=True)
class ArrivalsArgs:
    """Which documents are announced.

    Args:
        storage_account_id: where they arrive, and where the queue is.
        storage_account_name: the same account's name.
        resource_group_name: the account's.
        container: where they arrive.
        prefix: start of the documents' names, e.g. ``incoming/``.
        suffix: end of the documents' names, e.g. ``.pdf``.
        queue_name: the queue that the announcement goes to.
        after: what stands before documents are announced.
        account: where it is.
    """

    storage_account_id: pulumi.Input[str]
    storage_account_name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    container: str
    prefix: str
    suffix: str
    queue_name: str
    after: Sequence[pulumi.Resource]
    account: Account


class Arrivals(pulumi.ComponentResource):
    """A topic of the account's events, and a queue that hears of each matching document.

    Event Grid writes as an identity of its own, which may send to this one queue. Further queues may subscribe to the
    topic without knowing each other.

    Args:
        name: logical name.
        args: which documents, and where to.
        opts: carries the Azure provider.

    Attributes:
        topic_id: resource id of the topic.
        ready: gate: documents are announced.

    Source: LAKE-5, FLOW-UIINV-1.
    """

    topic_id: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: ArrivalsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:datalake:Arrivals", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, group = args.account, args.resource_group_name
        queue = storage.Queue(
            f"{name}-queue",
            queue_name=args.queue_name,
            account_name=args.storage_account_name,
            resource_group_name=group,
            opts=child,
        )
        identity = managedidentity.UserAssignedIdentity(
            f"{name}-sender",
            resource_name_=account.names.name("identity", args.queue_name),
            resource_group_name=group,
            location=account.region,
            tags=account.ownership.tags("datalake"),
            opts=child,
        )
        sender = assign(f"{name}-sender", identity.principal_id, Permission("queue-sender", queue.id), account, child)
        topic = eventgrid.SystemTopic(
            f"{name}-topic",
            system_topic_name=account.names.name("eventTopic", "lake"),
            resource_group_name=group,
            location=account.region,
            source=args.storage_account_id,
            topic_type="Microsoft.Storage.StorageAccounts",
            identity={"type": "UserAssigned", "user_assigned_identities": identity.id.apply(_only)},
            tags=account.ownership.tags("datalake"),
            opts=child,
        )
        self.ready = eventgrid.SystemTopicEventSubscription(
            f"{name}-subscription",
            event_subscription_name=args.queue_name,
            system_topic_name=topic.name,
            resource_group_name=group,
            event_delivery_schema="CloudEventSchemaV1_0",
            # the SDK does not spell dictionaries as the API does where several types are possible
            delivery_with_resource_identity=eventgrid.DeliveryWithResourceIdentityArgs(
                identity=eventgrid.EventSubscriptionIdentityArgs(
                    type="UserAssigned", user_assigned_identity=identity.id
                ),
                destination=eventgrid.StorageQueueEventSubscriptionDestinationArgs(
                    endpoint_type="StorageQueue", resource_id=args.storage_account_id, queue_name=queue.name
                ),
            ),
            filter=eventgrid.EventSubscriptionFilterArgs(
                included_event_types=["Microsoft.Storage.BlobCreated"],
                subject_begins_with=f"/blobServices/default/containers/{args.container}/blobs/{args.prefix}",
                subject_ends_with=args.suffix,
                # a data lake tells of a file when it is made and when it is written; the second is the one that counts
                advanced_filters=[
                    eventgrid.StringNotInAdvancedFilterArgs(
                        operator_type="StringNotIn", key="data.api", values=["CreateFile"]
                    )
                ],
            ),
            retry_policy={"max_delivery_attempts": 30, "event_time_to_live_in_minutes": 1440},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[sender, *args.after]),
        )
        self.topic_id = topic.id
        self.register_outputs({"topic_id": self.topic_id})


def _only(identity_id: str) -> dict[str, eventgrid.UserIdentityPropertiesArgsDict]:
    return {identity_id: {}}
