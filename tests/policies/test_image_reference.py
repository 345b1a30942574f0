"""Image references, over generated ones; the seed is fixed, so every run tries the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rules.inspection.image_reference import ImageReference, is_latest, parse, problem

same_every_run = settings(derandomize=True, max_examples=100, deadline=None)

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.one_of(
    st.just("localhost"),
    st.lists(LABEL, min_size=2, max_size=4).map(".".join),
    st.just("[2001:db8::1]"),
)
REGISTRIES = st.builds("{}{}".format, HOSTS, st.sampled_from(["", ":5000", ":443"]))
COMPONENTS = st.from_regex(r"[a-z0-9]{1,6}((\.|_|__|-{1,2})[a-z0-9]{1,6}){0,2}", fullmatch=True)
NAMES = st.lists(COMPONENTS, min_size=1, max_size=3).map("/".join)
REPOSITORIES = st.one_of(NAMES, st.builds("{}/{}".format, REGISTRIES, NAMES))
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
VERSIONS = TAGS.filter(lambda tag: not is_latest(tag))
DIGESTS = st.sampled_from(["sha256", "sha512"]).flatmap(
    lambda algorithm: st.text(
        "0123456789abcdef", min_size=(size := 128 if algorithm == "sha512" else 64), max_size=size
    ).map(f"{algorithm}:{{}}".format)
)
LATEST = st.lists(st.booleans(), min_size=6, max_size=6).map(
    lambda upper: "".join(letter.upper() if flag else letter for letter, flag in zip("latest", upper, strict=True))
)


@same_every_run
@given(REPOSITORIES, st.none() | TAGS, st.none() | DIGESTS)
def test_parts_are_told_apart(repository: str, tag: str | None, digest: str | None) -> None:
    written = ImageReference(repository, tag, digest)
    assert parse(str(written)) == written


@same_every_run
@given(REPOSITORIES, VERSIONS, st.none() | DIGESTS)
def test_exact_tag_passes(repository: str, tag: str, digest: str | None) -> None:
    assert problem(str(ImageReference(repository, tag, digest))) is None


@same_every_run
@given(REPOSITORIES, DIGESTS)
def test_digest_alone_passes(repository: str, digest: str) -> None:
    assert problem(str(ImageReference(repository, None, digest))) is None


@same_every_run
@given(REPOSITORIES, LATEST, st.none() | DIGESTS)
def test_latest_is_refused_in_any_case_and_with_any_digest(repository: str, tag: str, digest: str | None) -> None:
    assert f"has the moving tag {tag}" in (problem(str(ImageReference(repository, tag, digest))) or "")


@same_every_run
@given(REGISTRIES, NAMES)
def test_port_of_a_registry_is_no_tag(registry: str, name: str) -> None:
    assert "has no tag" in (problem(f"{registry}/{name}") or "")


@same_every_run
@given(REPOSITORIES, VERSIONS, st.sampled_from([" ", "\n", "\t", "$", "{", "%", "é"]), st.integers(0, 60))
def test_foreign_characters_are_refused_anywhere(repository: str, tag: str, foreign: str, position: int) -> None:
    text = f"{repository}:{tag}"
    broken = text[:position] + foreign + text[position:]
    assert "is not an image reference" in (problem(broken) or "")


@pytest.mark.parametrize(
    "text", ["", ":1.0", "@sha256:" + "a" * 64, "App:1.0", "app:", "app:1.0:2.0", "-app:1.0", "a//b:1"]
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    assert "is not an image reference" in (problem(text) or "")
