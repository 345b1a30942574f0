"""Rules for names, one per kind of thing; each is what the service's documentation says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NameRule:
    """What a name may look like.

    Attributes:
        pattern: regular expression for the whole name.
        longest: most characters.
        says: the rule in words, for the message.
        shortest: fewest characters.
    """

    pattern: str
    longest: int
    says: str
    shortest: int = 1

    def problems(self, name: str, value: Any) -> Iterator[tuple[str, str]]:
        """Give the problem of one property, if it has one; what is not text is left to the schema."""
        if not isinstance(value, str):
            return
        if not self.shortest <= len(value) <= self.longest:
            yield name, f"{value!r} has {len(value)} characters; {self.shortest} to {self.longest} are allowed"
        elif not re.fullmatch(self.pattern, value):
            yield name, f"{value!r} is not a valid name: {self.says}"


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ROLE = NameRule(r"[\w+=,.@-]+", 64, "letters, digits and any of _ + = , . @ -")
POLICY = NameRule(r"[\w+=,.@-]+", 128, "letters, digits and any of _ + = , . @ -")
INSTANCE_PROFILE = POLICY
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = NameRule(
    r"(?!xn--|sthree-|amzn-s3-demo-|\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)"
    r"[a-z0-9][a-z0-9.-]*[a-z0-9]",
    63,
    "lower-case letters, digits, dots and hyphens, starting and ending with a letter or digit,"
    " no two dots in a row, not like an IP address, none of the reserved beginnings and endings",
    shortest=3,
)
# https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
EKS_CLUSTER = NameRule(r"[0-9A-Za-z][A-Za-z0-9_-]*", 100, "a letter or digit, then letters, digits, - and _")
EKS_NODE_GROUP = NameRule(r"[0-9A-Za-z][A-Za-z0-9_-]*", 63, "a letter or digit, then letters, digits, - and _")
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
SECURITY_GROUP = NameRule(
    r"(?!sg-)[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+",
    255,
    "letters, digits, spaces and any of ._-:/()#,@[]+=&;{}!$*, not starting with sg-",
)
LAUNCH_TEMPLATE = NameRule(r"[a-zA-Z0-9().\-/_]+", 128, "letters, digits and any of ( ) . - / _", shortest=3)
# https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
KMS_ALIAS = NameRule(
    r"alias/(?!aws/)[a-zA-Z0-9/_-]+", 256, "'alias/', then letters, digits, / _ and -, not starting with alias/aws/"
)
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
LOG_GROUP = NameRule(r"(?!aws/)[.\-_/#A-Za-z0-9]+", 512, "letters, digits and any of . - _ / #, not starting with aws/")
EVENT_RULE = NameRule(r"[.\-_A-Za-z0-9]+", 64, "letters, digits and any of . - _")
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
SECRET = NameRule(r"[A-Za-z0-9/_+=.@-]+", 512, "letters, digits and any of / _ + = . @ -")
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
REPOSITORY = NameRule(
    r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*",
    256,
    "lower-case letters and digits, parts joined by one of . _ - or /",
    shortest=2,
)
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
DB_INSTANCE = NameRule(
    r"(?!.*--)[a-z][a-z0-9-]*[a-z0-9]|[a-z]",
    63,
    "lower-case letters, digits and hyphens, starting with a letter, no two hyphens in a row, none at the end",
)
DB_SUBNET_GROUP = NameRule(
    r"(?!default$)[a-z0-9 ._-]+", 255, "lower-case letters, digits and any of space . _ -, not 'default'"
)
DB_PARAMETER_GROUP = NameRule(
    r"(?!.*--)(?!.*-$)[a-z][a-z0-9-]*",
    255,
    "lower-case letters, digits and hyphens, starting with a letter, no two hyphens in a row",
)
POSTGRESQL_DATABASE = NameRule(r"[A-Za-z_][A-Za-z0-9_]*", 63, "a letter or _, then letters, digits and _")
# https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-databases.html
GLUE_DATABASE = NameRule(r"[^A-Z\r\n\t]+", 255, "no upper-case letters; Athena wants lower-case letters, digits and _")
TOPIC = NameRule(r"[A-Za-z0-9_-]+(\.fifo)?", 256, "letters, digits, - and _")
QUEUE = NameRule(r"[A-Za-z0-9_-]+(\.fifo)?", 80, "letters, digits, - and _")
BUDGET = NameRule(r"(?![^:\\]*/action/)[^:\\]+", 100, "no : and no \\, and not /action/")


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give the problem of a property whose value is not one of those allowed."""
    if isinstance(value, str) and value not in allowed:
        yield name, f"{value!r} is not one of {', '.join(allowed)}"


def within(name: str, value: Any, lowest: float, highest: float) -> Iterator[tuple[str, str]]:
    """Give the problem of a number outside its range."""
    if isinstance(value, int | float) and not isinstance(value, bool) and not lowest <= value <= highest:
        yield name, f"{value} is not in the range {lowest} to {highest}"
