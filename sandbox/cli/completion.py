"""`esr-sandbox completion`."""

import click
from click.shell_completion import get_completion_class

from sandbox.cli import BROKE, Stop, group

_SHELLS = ("bash", "zsh", "fish")
_NAME = "esr-sandbox"


@click.command(
    "completion",
    epilog='Examples: eval "$(esr-sandbox completion bash)" · eval "$(esr-sandbox completion zsh)" · '
    "esr-sandbox completion fish > ~/.config/fish/completions/esr-sandbox.fish",
)
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> None:
    """Print the script with which a shell completes commands and options of esr-sandbox.

    Have bash or zsh evaluate it at its start (in ~/.bashrc or ~/.zshrc); fish reads it from its folder of completions.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise Stop(f"This version of Click completes nothing in {shell}.", BROKE)
    variable = f"_{_NAME}_COMPLETE".replace("-", "_").upper()
    click.echo(kind(group, {}, _NAME, variable).source())
