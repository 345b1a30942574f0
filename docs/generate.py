"""Writes one page per component from its docstring, arguments and outputs: ``python docs/generate.py [--check]``.

The code is read, not imported, so that no cloud SDK is loaded and a page never depends on the machine.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "components"
HEADER = "<!-- Written by `make docs` from the component's docstring; edit that. -->\n\n"


def component_classes() -> Iterator[griffe.Class]:
    """Every ComponentResource of the ``components`` package, in module order."""
    package = griffe.load("components", search_paths=[str(ROOT)], docstring_parser="google", submodules=True)
    modules = [package]
    while modules:
        module = modules.pop(0)
        modules.extend(member for _, member in sorted(module.modules.items()))
        for item in module.classes.values():
            if not item.is_alias and any("ComponentResource" in str(base) for base in item.bases):
                yield item


def page(component: griffe.Class) -> str:
    """The Markdown page of one component."""
    parts = [HEADER, f"# {component.name}\n\n", f"`{component.module.path}`\n\n", *_docstring(component)]
    arguments = _arguments_class(component)
    if arguments is not None:
        documented = _attribute_texts(arguments)
        parts.append("## Arguments\n\n| name | type | default | meaning |\n| --- | --- | --- | --- |\n")
        parts.extend(
            f"| `{name}` | `{_cell(attribute.annotation)}` | {_default(attribute)} | {documented.get(name, '')} |\n"
            for name, attribute in arguments.attributes.items()
            if "instance-attribute" in attribute.labels or "class-attribute" in attribute.labels
        )
    outputs = [a for a in component.attributes.values() if a.annotation is not None and not a.name.startswith("_")]
    if outputs:
        texts = _attribute_texts(component)
        parts.append("\n## Outputs\n\n| name | type | meaning |\n| --- | --- | --- |\n")
        parts.extend(f"| `{a.name}` | `{_cell(a.annotation)}` | {texts.get(a.name, '')} |\n" for a in outputs)
    return "".join(parts)


def _docstring(component: griffe.Class) -> Iterator[str]:
    if component.docstring is None:
        return
    for section in component.docstring.parsed:
        match section:
            case griffe.DocstringSectionText():
                yield f"{section.value}\n\n"
            case griffe.DocstringSectionParameters():
                yield "".join(f"- `{item.name}`: {_line(item.description)}\n" for item in section.value) + "\n"
            case griffe.DocstringSectionRaises():
                yield (
                    "".join(f"- Raises `{item.annotation}`: {_line(item.description)}\n" for item in section.value)
                    + "\n"
                )
            case _:
                continue


def _arguments_class(component: griffe.Class) -> griffe.Class | None:
    constructor = component.functions.get("__init__")
    annotation = (
        str(constructor.parameters["args"].annotation) if constructor and "args" in constructor.parameters else ""
    )
    return component.module.classes.get(annotation)


def _attribute_texts(owner: griffe.Class) -> dict[str, str]:
    texts = {name: _line(a.docstring.value) for name, a in owner.attributes.items() if a.docstring is not None}
    if owner.docstring is not None:
        for section in owner.docstring.parsed:
            if isinstance(section, griffe.DocstringSectionAttributes | griffe.DocstringSectionParameters):
                texts |= {item.name: _line(item.description) for item in section.value}
    return texts


def _default(attribute: griffe.Attribute) -> str:
    return "required" if attribute.value is None else f"`{_cell(attribute.value)}`"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")


def _line(text: str) -> str:
    return _cell(" ".join(text.split()))


def main(check: bool) -> int:
    """Writes the pages, or with ``check`` says which are out of date; returns the exit status."""
    wanted = {f"{'-'.join(c.module.path.split('.')[1:])}-{c.name}.md".lower(): page(c) for c in component_classes()}
    index = "".join(f"- [{name.removesuffix('.md')}]({name})\n" for name in sorted(wanted))
    wanted["index.md"] = f"{HEADER}# Components\n\n{index}"
    stale = sorted(
        {name for name, text in wanted.items() if not (PAGES / name).is_file() or (PAGES / name).read_text() != text}
        | {path.name for path in PAGES.glob("*.md") if path.name not in wanted}
    )
    if check:
        for name in stale:
            print(f"docs/components/{name} is out of date: run `make docs` and commit the result.")
        return 1 if stale else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (PAGES / name).write_text(wanted[name])
        else:
            (PAGES / name).unlink()
    print(f"{len(wanted)} pages, {len(stale)} changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
