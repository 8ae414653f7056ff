"""``mixtura datasets``: the bundled data."""

import click


@click.command("datasets", short_help="List the bundled data sets.")
def command() -> None:
    """List the bundled data sets; each name can stand for DATA."""
    from rich.console import Console

    from mixtura.cli.printing import plain_table
    from mixtura.datasets import dataset_names, describe_dataset

    table = plain_table()
    table.add_column("name", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("what")
    for name in dataset_names():
        entry = describe_dataset(name)
        size = f"{entry.n_rows} × {len(entry.columns)}"
        table.add_row(name, size, entry.description)
    Console(highlight=False).print(table)
