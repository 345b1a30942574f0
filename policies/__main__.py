"""Assemble the policy pack: every rule of ``rules``, mandatory.

Source: POL-1..4.
"""

import sys

from pulumi_policy import EnforcementLevel, PolicyPack
from rules.pack import assembly, exceptions, stack_configuration

try:
    policies = assembly.policies(exceptions.load())
except exceptions.InvalidExceptionsError as error:
    sys.exit(f"policies/{exceptions.FILE.name}: {error}")

stack_configuration.receive()
PolicyPack(name="biz-automation", policies=policies, enforcement_level=EnforcementLevel.MANDATORY)
