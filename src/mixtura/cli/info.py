"""``mixtura info``: what a model file holds."""

from pathlib import Path

import click


@click.command("info", short_help="Show what a model file holds.")
@click.argument("model_file", metavar="MODEL")
def command(model_file: str) -> None:
    """Show the components or classes of MODEL, and how it was fitted."""
    from rich.console import Console
    from rich.markup import escape

    from mixtura.cli.model_report import show_model
    from mixtura.io.model_file import load_model, model_file_versions

    model = load_model(model_file)
    versions = model_file_versions(model_file)
    console = Console(highlight=False)
    show_model(console, Path(model_file).name, model)
    written = ", ".join(f"{name} {version}" for name, version in versions.items())
    console.print(escape(f"Written by {written}."), style="dim")
