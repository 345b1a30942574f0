"""The guide to the settings, one table per section, written from the models so that it never lags behind.

Source: CFG-1, CFG-12.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stacks.settings import Settings
from stacks.settings.fields import allowed
from stacks.settings.problems import is_list, nested_model

FILE = Path(__file__).parent.parent / "docs" / "guides" / "settings.md"

_INTRODUCTION = """\
<!-- Written by `make schema` from the settings' models; edit those. -->

# Settings

Everything that a stack can be told stands in `Pulumi.<stack>.yaml`, under the project's namespace. All of it is
judged before anything is registered: every problem is one line that names the key, the value and what is allowed, and
all problems are told at once. Editors that know `docs/schema/stack.schema.json` (the first line of each stack file
points to it) complete keys and values.

- A stack called `dev`, `stg` or `prod`, or whose name ends in `-dev`, `-stg` or `-prod`, has the profile of that name.
- `cloud.provider`, `kubernetes.clusterName` and the project's name cannot change once the stack exists; nor can a
  cluster of OpenShift that exists become a managed one, or a managed one get another domain.
- `cloud.accountId` is the one account that the stack may touch. `123456789012` stands for "none yet": it works in the
  sandbox alone. With an account of the organisation's own, `organisation.baseDomain` and `budget.alertEmails` must not
  be placeholders (`example.com`, `your-domain.com`, `.example`, `.test`, ...) any more.
- On Azure, `cloud.subscriptionId`, `cloud.tenantId` and `kubernetes.administratorGroupIds` name what the stack may
  touch and who administers the cluster; `00000000-0000-0000-0000-000000000000` stands for "none yet" in the same way.
  The program looks into the subscription before it declares anything.
- The API server is private; `kubernetes.publicAccessCidrs` opens it in dev, to networks of /16 or smaller.
- Networks are private (RFC 1918, RFC 6598), never overlap, and hold the addresses of every node pool at its maximum.
- On OpenShift the cluster, its network, its storage classes and the buckets exist: `network` and `nodePools` describe
  them, keys that would make any of it are refused, and the program looks at the cluster before it declares anything.
  `openshift.clusterId` is the one cluster that the stack may touch. With `openshift.managed` instead, the stack makes
  an Azure Red Hat OpenShift cluster and its network; see the guide [OpenShift](openshift.md).
- In prod: three zones, a NAT gateway in each, at least three nodes, `lake.protect`.
- dev runs PostgreSQL in the cluster; stg and prod have it managed, with a standby and seven days of backups or more.
- What a cloud offers (regions, machine types, versions) is in `stacks/settings/reference`, each table with its source.
"""


def text() -> str:
    """The guide as the file holds it."""
    return "".join([_INTRODUCTION, *_tables(Settings, "", "")])


def _tables(model: type[BaseModel], heading: str, prefix: str) -> Iterator[str]:
    """A table of the model's own keys, then the tables of the objects in it."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    leaves = {key: field for key, field in fields.items() if nested_model(field) is None}
    if leaves:
        yield f"{heading}\n| key | what it is | allowed | default |\n| --- | --- | --- | --- |\n"
        yield from (_row(prefix + key, field) for key, field in leaves.items())
    for key, field in fields.items():
        nested = nested_model(field)
        if nested is not None:
            path = f"{prefix}{key}{'[]' if is_list(field) else ''}"
            yield from _tables(nested, f"\n## {path}\n\n{field.description}\n", f"{path}.")


def _row(path: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else _default(field.default)
    cells = (f"`{path}`", field.description or "", allowed(field), default)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _default(default: object) -> str:
    if default is None or default == ():
        return "none"
    if isinstance(default, tuple):
        return ", ".join(f"`{item}`" for item in default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
