"""Config files of a module that calls others."""

import pathlib


def config_of(caller: pathlib.Path, targets: dict[str, str], granted: dict[str, str], called: dict[pathlib.Path, str]) -> str:
    """`targets` are addresses by name, `granted` is what of them the caller may call, `called` are other modules of the
    server, each with what else its table says."""
    lines = [f'[[target]]\nname = "{name}"\naddress = "{address}"' for name, address in targets.items()]
    lines += [f'[[module]]\npath = "{caller}"', "[module.targets]"]
    lines += [f"{name} = {what}" for name, what in granted.items()]
    lines += [f'[[module]]\npath = "{path}"\n{more}' for path, more in called.items()]
    return "\n".join(lines) + "\n"
