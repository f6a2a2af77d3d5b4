"""Every limit does what it says, with values below and above its default, over each protocol that it holds for."""

import pathlib
import re
import subprocess

import client_limits  # noqa: F401: they fill the table
import guest_limits  # noqa: F401
import pytest
from limits import ROWS, Trial

TREE = pathlib.Path(__file__).parents[3]
# Flags that are no limits: they say what is served, where, by whom and how.
NO_LIMITS = {
    "--listen",
    "--protocols",
    "--proxy-protocol",
    "--forwarded-client-cert",
    "--cors-origin",
    "--workers",
    "--code-cache",
    "--pid-file",
    "--share-work",
    "--health",
    "--reflection",
    "--dir",
    "--env",
    "--arg",
    "--instance-mode",
    "--store-backend",
    "--store-path",
    "--store-durability",
    "--store-health",
    "--store-address",
    "--store-database",
    "--store-login",
    "--store-prefix",
    "--store-sentinel",
    "--store-tls",
    "--store-tls-ca",
    "--store-tls-cert",
    "--store-tls-key",
    "--store-tls-name",
    "--tls-cert",
    "--tls-key",
    "--tls-client-ca",
    "--tls-client-auth",
    "--access-policy",
    "--access-issuer",
    "--access-keys",
    "--access-audience",
    "--access-require-token",
    "--access-forward-token",
    "--access-rate",
    "--log-level",
    "--log-format",
    "--log-file",
    "--access-log-calls",
    "--access-log-slower-than",
    "--access-log-sample",
    "--access-log-file",
    "--trace-endpoint",
    "--trace-sample",
    "--trace-follow-clients",
    "--trace-service",
    "--trace-ca",
    "--trace-metadata",
    "--metrics-endpoint",
    "--metrics-interval",
    "--metrics-service",
    "--metrics-ca",
    "--metrics-metadata",
    "--admin-listen",
    "--orca-trailers",
    "--orca-service",
    "--count-methods",
    "--admin-token-file",
    "--admin-without-token",
    "--admin-try-it",
    "--permit-pings-without-calls",
    "--config",
    "--require-compatible",
    "--watch",
    "--registry-poll",
    "--registry-key",
    "--registry-credentials",
    "--registry-ca",
    "--registry-plain-http",
    "--registry-cache",
    "--help",
}
TRIALS = [(row.flag, *trial) for row in ROWS.values() if row.probe for trial in row.trials()]


@pytest.mark.parametrize("flag, side, value, over", TRIALS, ids=[f"{t[0]}={t[2]} ({t[1]}) {t[3]}" for t in TRIALS])
def test_a_limit_lets_in_what_it_says_and_no_more(serve, connect, flag, side, value, over):
    ROWS[flag].probe(Trial(flag, value, over, serve, connect))


def flags_of(text: str) -> set[str]:
    """The flags of a usage; of those that turn something on or off the former."""
    return set(re.findall(r"^\s+(--[a-z-]+)", text, re.MULTILINE))


def test_every_flag_that_is_a_limit_has_a_row(program):
    usage = subprocess.run([program, "serve", "--help"], capture_output=True, text=True, check=True, timeout=20).stdout
    assert flags_of(usage) - NO_LIMITS == set(ROWS), "a new flag needs a row in client_limits.py or guest_limits.py"


def test_defaults_lie_between_the_values_that_are_tried(program):
    usage = subprocess.run([program, "serve", "--help"], capture_output=True, text=True, check=True, timeout=20).stdout
    for row in ROWS.values():
        if row.probe is None:
            continue
        default = int(re.search(rf"^\s+{row.flag} \S.*?=(\d+)(?:\s|$)", usage, re.MULTILINE).group(1))
        assert row.below is None or row.below < default or default == 0, row.flag
        assert row.above is None or row.above > default, row.flag


def test_what_is_held_elsewhere_is_held_there():
    for row in ROWS.values():
        for place in row.elsewhere:
            file, _, name = place.partition(": ")
            assert name in (TREE / file).read_text(), f"{row.flag}: {place} is no more"
        assert row.probe or row.elsewhere, row.flag
