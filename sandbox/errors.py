"""The one kind of failure that the sandbox's commands show to their user."""


class SandboxError(Exception):
    """What went wrong and how to mend it, in one sentence."""
