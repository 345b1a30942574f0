"""Image references: ``[registry/]repository[:tag][@digest]``.

Source: POL-3, POL-6.
"""

import re
from dataclasses import dataclass

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<repository>(?:{_HOST}(?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?"
    r"(?:@(?P<digest>(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})))?",
    re.ASCII,
)


@dataclass(frozen=True)
class ImageReference:
    """The parts of an image reference.

    Args:
        repository: registry and name.
        tag: the tag; absent when none is given.
        digest: algorithm and value; absent when none is given.
    """

    repository: str
    tag: str | None
    digest: str | None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> ImageReference:
    """Split an image reference.

    Raises:
        ValueError: the text is no image reference.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}" is not an image reference such as registry.example.com/team/app:1.4.2')
    return ImageReference(match["repository"], match["tag"], match["digest"])


def problem(text: str) -> str | None:
    """What is wrong with an image, as the end of a sentence with the mend; None: it names one version exactly."""
    try:
        reference = parse(text)
    except ValueError as error:
        return f"{error}; write repository:tag or repository@digest"
    mend = f"write {reference.repository}:<tag> with an exact tag, or {reference.repository}@<digest>"
    if reference.tag and is_latest(reference.tag):
        return f'"{text}" has the moving tag {reference.tag}; {mend}'
    if not reference.tag and not reference.digest:
        return f'"{text}" has no tag, which means latest; {mend}'
    return None


def is_latest(tag: str) -> bool:
    """Whether a tag is the moving one, in any letter case."""
    return tag.casefold() == "latest"
