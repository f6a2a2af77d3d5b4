"""docs/scale.md: that its table is what the figures and the arithmetic above and below it give."""

import pathlib
import re

import pytest

PAGE = (pathlib.Path(__file__).parents[3] / "docs" / "scale.md").read_text(encoding="utf-8")
UNITS = {"s": 1, "min": 60, "h": 3600, "MiB": 1, "GiB": 1024}


def number(text: str) -> float:
    """"3.5 min" is 210, "391 MiB" 391."""
    value, _, unit = text.replace(",", "").strip().partition(" ")
    return float(value) * UNITS.get(unit, 1)


def measured(what: str) -> float:
    found = re.search(rf"^\| {re.escape(what)}[^|]*\|\s*([\d.,]+)", PAGE, re.MULTILINE)
    assert found, f"scale.md says nothing of {what!r}"
    return number(found.group(1))


def said(pattern: str) -> float:
    found = re.search(pattern, PAGE)
    assert found, f"scale.md does not say {pattern!r}"
    return number(found.group(1))


def rows() -> list[list[float]]:
    table = PAGE.partition("| machines |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[number(cell) for cell in line.strip("| ").split("|")] for line in table]


def test_the_table_is_what_the_arithmetic_gives():
    call = measured("CPU of a unary call, us") + said(r"calls of (\d+) us of CPU, of which")
    of_core = said(r"a core does ([\d,]+) a second")
    assert of_core == pytest.approx(1e6 / call, rel=0.01)
    envoy = measured("CPU of Envoy for a cheap unary call, by that of the server") * measured("CPU of a unary call, us")
    alone = said(r"after a probe, 5 s = (\d+) s")
    assert [row[0] for row in rows()] == [1, 10, 100, 1000]
    for machines, calls, cores, connections, memory, one_by_one, tenths in rows():
        assert calls == machines * 4 * of_core
        assert cores == pytest.approx(calls * envoy / 1e6, rel=0.05)
        assert connections == 10 * machines * 2
        assert memory == pytest.approx(connections * measured("memory of a connection, KiB") / 1024, rel=0.03)
        assert one_by_one == pytest.approx(alone * machines, rel=0.01)
        assert tenths == pytest.approx(alone * min(machines, 10), rel=0.01)
