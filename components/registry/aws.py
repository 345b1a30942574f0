"""Repositories for the images that the platform builds.

Source: A-5, A-18, SEC-16, POL-6.
"""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.ownership import Ownership
from components.registry.repositories import repository_names

_UNTAGGED_DAYS = 7
_KEPT_IMAGES = 50


@dataclass(frozen=True)
class RegistryArgs:
    """What the repositories need.

    Args:
        prefix: first part of the repositories' names.
        key_arn: KMS key that encrypts the images.
        protect: whether a repository that holds images can be deleted.
        account: where it is.
        ownership: tags.
    """

    prefix: str
    key_arn: pulumi.Input[str]
    protect: bool
    account: Account
    ownership: Ownership


class Registry(pulumi.ComponentResource):
    """One repository per image: a tag never moves, each push is scanned, old images end.

    Scanning is set per repository: the registry's own scanning configuration is one for the whole account, and two
    stacks in an account would take it from each other.

    Args:
        name: logical name.
        args: names and key.
        opts: carries the AWS provider.

    Source: A-5, A-18, SEC-16, POL-6.
    """

    url: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:registry:Registry", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        policies: list[pulumi.Resource] = []
        for image in repository_names():
            repository = aws.ecr.Repository(
                f"{name}-{image}",
                name=f"{args.prefix}/{image}",
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
                encryption_configurations=[
                    aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=args.key_arn)
                ],
                force_delete=not args.protect,
                tags=args.ownership.tags("registry"),
                opts=child,
            )
            policies.append(
                aws.ecr.LifecyclePolicy(
                    f"{name}-{image}",
                    repository=repository.name,
                    policy=json.dumps(_LIFECYCLE),
                    opts=pulumi.ResourceOptions(parent=self, depends_on=policies[-1:]),
                )
            )
        self.ready = policies[-1]
        host = f"{args.account.id}.dkr.ecr.{args.account.region}.amazonaws.com"
        self.url = pulumi.Output.from_input(f"{host}/{args.prefix}")
        self.register_outputs({"url": self.url})


_LIFECYCLE: dict[str, Any] = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "Images without a tag",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": _UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "description": "All but the newest images",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEPT_IMAGES},
            "action": {"type": "expire"},
        },
    ]
}
