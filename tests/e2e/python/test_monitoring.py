"""Rules and dashboard of deploy/monitoring: sound by promtool, and about metrics that there are."""

import json
import os
import pathlib
import re
import subprocess

import pytest
import yaml
from admin import metrics

LIMIT = 60
MONITORING = pathlib.Path(__file__).parents[3] / "deploy" / "monitoring"
PROMTOOL = os.environ.get("WASM_GRPC_TEST_PROMTOOL")
OURS = re.compile(r"\b((?:grpc_server|wasm_grpc|process)_[a-z_]+)\b")


def promtool(*arguments) -> None:
    if PROMTOOL is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run([PROMTOOL, *arguments], cwd=MONITORING, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_rules():
    promtool("check", "rules", "rules.yaml")


def test_the_rules_do_what_their_tests_say():
    promtool("test", "rules", "rules_test.yaml")


def test_each_alert_has_a_test_and_says_what_to_do():
    rules = [rule for group in yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"] for rule in group["rules"]]
    alerts = {rule["alert"]: rule for rule in rules if "alert" in rule}
    tests = yaml.safe_load((MONITORING / "rules_test.yaml").read_text())["tests"]
    raised = {one["alertname"] for test in tests for one in test.get("alert_rule_test", []) if one["exp_alerts"]}
    assert raised == set(alerts)
    for name, rule in alerts.items():
        assert rule["labels"]["severity"] in ("critical", "warning"), name
        assert rule["annotations"]["summary"] and rule["annotations"]["description"], name


def expressions() -> dict[str, list[str]]:
    """What rules and dashboard ask Prometheus, by where it stands."""
    rules = yaml.safe_load((MONITORING / "rules.yaml").read_text())
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    return {
        "rules": [rule["expr"] for group in rules["groups"] for rule in group["rules"]],
        "dashboard": [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])],
    }


@pytest.mark.parametrize("where", ["rules", "dashboard"])
def test_they_ask_for_metrics_that_a_server_has(serve, where):
    server = serve("greeter", "http", "--admin-listen", "127.0.0.1:0")
    there = {name.partition("{")[0] for name in metrics(server)}
    asked = {name for expression in expressions()[where] for name in OURS.findall(expression)}
    assert len(asked) > 5
    assert asked <= there, f"no server has {sorted(asked - there)}"


def test_the_panels_of_the_dashboard_have_places_of_their_own():
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
