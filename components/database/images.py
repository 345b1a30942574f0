"""Which image is PostgreSQL at a major version.

Source: DB-1, A-35.
"""

from pathlib import Path

from components.tables import read_table

IMAGES = Path(__file__).with_name("images.yaml")
# the image's user postgres
USER = 26


def postgres_image(version: str) -> str:
    """The image of a major version, by exact tag and digest.

    Raises:
        ValueError: the table has no such version.
    """
    images = read_table(IMAGES)
    versions: dict[str, str] = images["versions"]
    if version not in versions:
        raise ValueError(f"database.version: no image of PostgreSQL {version}; {IMAGES.name} has {', '.join(versions)}")
    return f"{images['repository']}:{versions[version]}"
