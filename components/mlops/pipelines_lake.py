"""How Kubeflow Pipelines gets at the lake: its servers, the launcher of the steps, and Argo's archive of their logs.

Where the cloud knows service accounts, each part is known by its own. Elsewhere the servers find keys among their
variables, and whatever runs or shows a step reads those of the steps' account.

Source: MLOPS-1, MLOPS-7; docs/adr/0028.
"""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.datalake import ACCESS_KEY, SECRET_KEY, S3Store
from components.identity import Credentials


def archive(store: S3Store, bucket: pulumi.Input[str], logs: str, keys: Credentials | None) -> dict[str, Any]:
    """Where Argo keeps the logs of steps, as values of its chart.

    Args:
        store: the lake's API.
        bucket: that they are in.
        logs: their names in it, as Argo writes templates.
        keys: of the steps' account; None: the cloud knows it.
    """
    repository = {
        "endpoint": store.host,
        "region": store.region,
        "bucket": bucket,
        "insecure": False,
        "useSDKCreds": keys is None,
        "keyFormat": logs,
    }
    if keys is None:
        return repository
    authority = _authority(keys)
    return {
        **repository,
        "accessKeySecret": _key(keys, ACCESS_KEY),
        "secretKeySecret": _key(keys, SECRET_KEY),
        **({"caSecret": _key(keys, authority)} if authority else {}),
    }


def launcher(store: S3Store, root: pulumi.Input[str], keys: Credentials | None) -> dict[str, pulumi.Input[str]]:
    """What steps read of where their artefacts go.

    Args:
        store: the lake's API.
        root: address that artefacts are below.
        keys: of the steps' account; None: the cloud knows it.
    """
    if keys is None:
        return {"defaultPipelineRoot": root}
    secret = {"secretName": keys.secret, "accessKeyKey": ACCESS_KEY, "secretKeyKey": SECRET_KEY}
    default = {
        "endpoint": f"https://{store.host}",
        "region": store.region,
        "forcePathStyle": store.path_style,
        "credentials": {"fromEnv": False, "secretRef": secret},
    }
    # JSON is YAML
    return {"defaultPipelineRoot": root, "providers": json.dumps({"s3": {"default": default}}, sort_keys=True)}


def authority_of_steps(keys: Credentials | None) -> Mapping[str, str]:
    """Variables by which the API server gives steps the authority of the store's certificate; mostly none."""
    authority = _authority(keys) if keys else None
    if keys is None or authority is None:
        return {}
    return {"CABUNDLE_SECRET_NAME": keys.secret, "CABUNDLE_KEY_NAME": authority}


def reads_keys(keys: Credentials | None) -> list[kubernetes.rbac.v1.PolicyRuleArgsDict]:
    """Rule of who runs or shows steps: that one Secret, by its name."""
    if keys is None:
        return []
    return [{"api_groups": [""], "resources": ["secrets"], "resource_names": [keys.secret], "verbs": ["get"]}]


def _authority(keys: Credentials) -> str | None:
    return next(iter(keys.files), None)


def _key(keys: Credentials, name: str) -> dict[str, str]:
    return {"name": keys.secret, "key": name}
