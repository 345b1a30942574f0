"""Names of Azure resources. Source: TGT-6."""

import re

import pytest

from components.naming.azure import Names, longest_stem, name_rules

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
STEM = "biz-automation-production-of-a-long-name"


@pytest.mark.parametrize("kind", [kind for kind, rule in name_rules().items() if rule.cut])
def test_names_that_are_cut_keep_length_alphabet_and_end(kind: str) -> None:
    rule, names = name_rules()[kind], Names(STEM, SUBSCRIPTION)
    name = names.name(kind, "keys")
    assert len(name) <= rule.longest
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*" if rule.hyphens else r"[a-z][a-z0-9]*", name)
    assert name.endswith(names.suffix) is rule.globally_unique


def test_names_that_are_unique_in_the_world_differ_by_subscription_and_stem() -> None:
    suffixes = {
        Names(stem, subscription).suffix
        for stem in ("dev", "stg")
        for subscription in (SUBSCRIPTION, SUBSCRIPTION[::-1])
    }
    assert len(suffixes) == 4
    assert Names("dev", SUBSCRIPTION).suffix in suffixes, "the same stack has the same name in every run"


def test_a_stem_that_is_too_long_for_a_storage_account_is_refused() -> None:
    room = longest_stem("storageAccount", "backup")
    assert len(Names("a" * room, SUBSCRIPTION).name("storageAccount", "backup")) == 24
    with pytest.raises(ValueError, match=rf"too long for the name of a storageAccount \(backup\): at most {room}"):
        Names("a" * (room + 1), SUBSCRIPTION).name("storageAccount", "backup")


def test_hyphens_do_not_count_where_there_are_none() -> None:
    assert Names("biz-dev", SUBSCRIPTION).name("storageAccount", "lake").startswith("bizdevlake")
