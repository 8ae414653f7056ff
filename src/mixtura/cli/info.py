"""``mixtura info``: what a model file holds."""

from pathlib import Path

import click


@click.command("info", short_help="Show what a model file holds.")
@click.argument("model_file", metavar="MODEL")
def command(model_file: str) -> None:
    """Show the components of MODEL, and how it was fitted."""
    from rich.console import Console
    from rich.markup import escape

    from mixtura.cli.printing import show_components, show_fit
    from mixtura.io.model_file import load_model, model_file_versions

    model = load_model(model_file)
    versions = model_file_versions(model_file)
    n_components, n_features = model.means_.shape
    console = Console(highlight=False)
    console.print(
        f"[bold]{escape(Path(model_file).name)}[/bold]: {type(model).__name__}, "
        f"{n_components} component{'s' * (n_components != 1)}, "
        f"{n_features} column{'s' * (n_features != 1)}, "
        f"{model.covariance_type} covariance"
    )
    console.print()
    show_components(console, model)
    show_fit(console, model)
    written = ", ".join(f"{name} {version}" for name, version in versions.items())
    console.print(escape(f"Written by {written}."), style="dim")
