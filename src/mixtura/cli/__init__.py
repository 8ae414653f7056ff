"""The command line; each command is loaded when it is called.

Nothing here imports NumPy, so that ``mixtura --help`` answers at once.
"""

from importlib import import_module

import click

from mixtura import __version__
from mixtura.cli.failures import reported

_COMMANDS = {
    "fit": "Fit a Gaussian mixture to a table.",
    "select": "Choose the number of components.",
    "report": "Write an HTML report.",
    "predict": "Assign rows to components or classes.",
    "score": "Find the anomalies of a table.",
    "classify": "Learn classes, and classify rows.",
    "sample": "Draw rows from a model.",
    "info": "Show what a model file holds.",
    "animate": "Watch a fit, half-step by half-step.",
    "serve": "Watch EM in the browser.",
    "datasets": "List the bundled data sets.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"mixtura.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        with reported():
            return super().invoke(ctx)


@click.group(
    cls=_LazyGroup,
    epilog="Try: mixtura fit old-faithful -k 2",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="mixtura")
def main() -> None:
    """Fit mixture models and use them.

    As DATA, - is standard input. As a file to write it is refused: standard output
    is /dev/stdout.

    Exit status: 0 done, 1 data or file cannot be used, 2 wrong usage, 3 the fit
    did not converge (its results are written all the same), 130 interrupted.
    """
