"""Make Pulumi policies of the rules that are found in the package ``rules``."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from ..inspection.resource import Resource  # noqa: TID252 - the pack runs as rules, tests import policies.rules
from .exceptions import Exemptions, InvalidExceptionsError
from .rule import Rule

_RULES = Path(__file__).parents[1]
_PACKAGE = __name__.removesuffix(".pack.assembly")
NOTES = "exceptions"
"""Name of the advisory policy that reports what exceptions let pass."""


def rules() -> tuple[Rule, ...]:
    """Every rule of the pack, by file name: each module beside the packages states one as ``RULE``."""
    modules = sorted(module.name for module in pkgutil.iter_modules([str(_RULES)]) if not module.ispkg)
    return tuple(import_module(f"{_PACKAGE}.{module}").RULE for module in modules)


def policies(exemptions: Exemptions) -> list[Policy]:
    """One mandatory policy per rule, and an advisory one for what exceptions let pass.

    Raises:
        InvalidExceptionsError: an exception names a rule that does not exist.
    """
    found = rules()
    names = [rule.name for rule in found]
    for entry in exemptions.entries:
        if entry.rule not in names:
            raise InvalidExceptionsError(f'there is no rule "{entry.rule}"; the rules are {", ".join(names)}')
    mandatory: list[Policy] = [_mandatory(rule, exemptions) for rule in found]
    return [*mandatory, _advisory(found, exemptions)] if exemptions.entries else mandatory


def _mandatory(rule: Rule, exemptions: Exemptions) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for violation in _refused(rule, exemptions, args):
            report(violation, None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
        config_schema=PolicyConfigSchema(rule.configuration) if rule.configuration else None,
        display_name=rule.title,
        severity=rule.severity,
        framework=PolicyComplianceFramework(name="biz-automation", reference=rule.requirement),
        tags=["biz-automation"],
        remediation_steps=rule.remediation,
    )


def _refused(rule: Rule, exemptions: Exemptions, args: ResourceValidationArgs) -> Iterator[str]:
    if not rule.applies(args.resource_type) or exemptions.current(rule.name, args.resource_type, args.name):
        return
    resource = Resource(args)
    ended = exemptions.ended(rule.name, args.resource_type, args.name)
    note = f" (the exception of {ended.owner} ended on {ended.expires})" if ended else ""
    for violation in rule.check(resource):
        yield f"{resource}: {violation}{note}"


def _advisory(found: tuple[Rule, ...], exemptions: Exemptions) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for rule in found:
            current = exemptions.current(rule.name, args.resource_type, args.name)
            if current and rule.applies(args.resource_type):
                until = f'rule "{rule.name}" is off for it until {current.expires}: {current.reason} ({current.owner})'
                for violation in rule.check(Resource(args)):
                    report(f'{args.resource_type} "{args.name}": {violation} -- {until}', None)

    return ResourceValidationPolicy(
        name=NOTES,
        description="Exceptions are noted for as long as they last.",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
        display_name="Exceptions in force",
        tags=["biz-automation"],
    )
