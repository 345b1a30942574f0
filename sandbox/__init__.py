"""The embedded cloud: builds and runs what the stacks are deployed into on a developer's machine."""
