"""Forms that a generated credential may have.

Source: SEC-10, TGT-13.
"""

import base64
from enum import StrEnum


class SecretFormat(StrEnum):
    """What consumers of a generated credential expect."""

    PASSWORD = "password"  # noqa: S105 - the form's name
    """32 letters and digits: also fits where a password stands in a URL, or where 32 bytes are asked for."""
    FERNET = "fernet"
    """A key of Python's cryptography.fernet: 32 bytes in URL-safe base64."""

    def shape(self, random: str) -> str:
        """The credential made of 32 random letters and digits.

        Args:
            random: 32 letters and digits, 190 bits of randomness.
        """
        if self is SecretFormat.FERNET:
            return base64.urlsafe_b64encode(random.encode()).decode()
        return random
