"""The rules: every module here states one as ``RULE``; what they share is in ``inspection`` and ``pack``."""
