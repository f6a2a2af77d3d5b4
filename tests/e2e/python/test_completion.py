"""What shells complete, and what man shows: made by the program itself, of the table that its flags come from."""

import re
import shutil
import subprocess

import pytest

LIMIT = 30


@pytest.fixture(scope="module")
def printed(program):
    def printed(*arguments: str) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=LIMIT)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return printed


def completed_by_bash(script: str, *words: str) -> list[str]:
    """What is offered for the last of these words."""
    line = f"""{script}
COMP_WORDS=({" ".join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}; _wasm_grpc; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=LIMIT)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_flags_and_words(printed):
    script = printed("completion", "bash")
    assert set(completed_by_bash(script, "wasm-grpc", "")) >= {"serve", "check", "call", "list", "inspect", "new"}
    assert completed_by_bash(script, "wasm-grpc", "ser") == ["serve"]
    assert "--max-memory" in completed_by_bash(script, "wasm-grpc", "serve", "--max-m")
    assert "--no-reflection" in completed_by_bash(script, "wasm-grpc", "serve", "--no-")
    assert completed_by_bash(script, "wasm-grpc", "serve", "--log-level", "w") == ["warn"]
    assert completed_by_bash(script, "wasm-grpc", "new", "--lang", "r") == ["rust"]
    assert completed_by_bash(script, "wasm-grpc", "serve", "--code-cache", "-") == [], "files are the shell's to offer"


def test_zsh_reads_its_completion(printed):
    script = printed("completion", "zsh")
    assert "'*--log-level=[" in script and "(trace debug info warn error)'" in script
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    check = "autoload -Uz compinit && compinit -D && source /dev/stdin && print -r -- $+functions[_wasm_grpc]"
    done = subprocess.run(["zsh", "-f", "-c", check], input=script, capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "1", "")


def test_fish_completes_commands_flags_and_words(printed):
    script = printed("completion", "fish")
    assert "-l log-level -x -a 'trace debug info warn error'" in script
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")

    def offers(line: str) -> list[str]:
        asked = f"source -; complete -C '{line}'"
        done = subprocess.run(["fish", "--no-config", "-c", asked], input=script, capture_output=True, text=True, timeout=LIMIT)
        assert done.stderr == ""
        return [offer.partition("\t")[0] for offer in done.stdout.splitlines()]

    assert offers("wasm-grpc ser") == ["serve"]
    assert offers("wasm-grpc serve --log-le") == ["--log-level"]
    assert offers("wasm-grpc serve --log-level w") == ["warn"]


def test_the_manual_has_every_flag_and_every_setting(printed):
    commands, config = printed("manual", "wasm-grpc.1"), printed("manual", "wasm-grpc.toml.5")
    flags = set(re.findall(r"^\s+(?:-\w,)?(--[\w-]+)", printed("serve", "--help"), re.MULTILINE))
    assert len(flags) > 50
    for flag in flags:
        assert flag.replace("-", "\\-") in commands, f"{flag} is not in wasm-grpc(1)"
    for key in ("max\\-memory", "tls.cert", "log.level", "path", "drain\\-timeout"):
        assert f"\\fB{key}\\fR" in config, f"{key} is not in wasm-grpc.toml(5)"
    assert "](" not in config and "`" not in config, "man knows no Markdown"


def test_man_has_nothing_to_say_against_the_manual(printed):
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    for page in ("wasm-grpc.1", "wasm-grpc.toml.5"):
        command = ["groff", "-Kutf8", "-man", "-Tutf8", "-ww", "-rLL=100n"]
        done = subprocess.run(command, input=printed("manual", page), capture_output=True, text=True, timeout=LIMIT)
        assert (done.returncode, done.stderr) == (0, "")
        assert "NAME" in done.stdout


@pytest.mark.parametrize("arguments", [["completion"], ["completion", "tcsh"], ["manual", "ls.1"]])
def test_what_there_is_not_is_refused(program, arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1
