"""Images that the platform builds itself.

Source: A-5, A-18.
"""

from pathlib import Path

from components.tables import read_table


def repository_names() -> list[str]:
    """Images that the platform builds."""
    return read_table(Path(__file__).with_name("repositories.yaml"))
