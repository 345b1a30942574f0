"""Rules on the charts: what a deployment would only find out midway. Source: TGT-6, CLU-9, POL-4."""

from collections.abc import Iterator
from pathlib import Path

from components.charts import BILL_OF_MATERIALS, ChartError, ChartMirror, bill_of_materials, charts_of
from stacks.settings.model import ComponentSettings, Settings
from stacks.settings.problems import Problem


def _bill_is_sound(_settings: Settings) -> Iterator[Problem]:
    try:
        charts = bill_of_materials()
    except ChartError as error:
        yield from (Problem(("charts",), problem) for problem in error.problems)
        return
    switches = {field.alias for field in ComponentSettings.model_fields.values()}
    for name, chart in charts.items():
        if chart.component not in switches:
            yield Problem(
                ("charts",), f"{BILL_OF_MATERIALS.name}: {name}.component: no switch is called {chart.component}"
            )


def _mirror_has_what_is_needed(settings: Settings) -> Iterator[Problem]:
    if settings.charts.mirror is None:
        return
    try:
        charts = charts_of(settings.components_on)
    except ChartError:
        # told by the other rule
        return
    for problem in ChartMirror(Path(settings.charts.mirror)).problems(charts):
        yield Problem(("charts", "mirror"), problem)


RULES = (_bill_is_sound, _mirror_has_what_is_needed)
