"""`python -m benchmarks`: run the sections, print their tables, write the page."""

import argparse
import time
from dataclasses import replace
from importlib import import_module

from benchmarks import load, machine, page
from benchmarks.size import SIZES, Size
from benchmarks.table import Table, losses

SECTIONS = (
    "iterations",
    "peak",
    "likelihood",
    "small",
    "bic_sweep",
    "scoring",
    "linear",
    "memory",
    "threads",
    "startup",
    "acceleration",
)
OPTIONAL = ("rivals",)
QUALITY = ("anomalies", "stages", "starts", "structures")


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    size = SIZES[options.size]
    facts = machine.description()
    for name, value in facts.items():
        print(f"{name}: {value}")
    tables = []
    since_start = load.watch()
    for name in options.sections:
        load.wait_for_quiet(options.patience)
        tables += _run(name, size)
    others = f"{since_start().others:.2f} CPUs"
    facts["taken by other processes during the run"] = others
    print(f"\nOther processes took {others}.")
    missed = losses(tables)
    print(f"\n{len(missed)} rows miss their bars", *missed, sep="\n")
    if options.write:
        page.write(facts, size, tables)


def _run(name: str, size: Size) -> list[Table]:
    """Run one section and print what it finds."""
    start, since_start = time.perf_counter(), load.watch()
    tables: list[Table] = import_module(f"benchmarks.{name}").tables(size)
    meanwhile = since_start()
    if meanwhile.is_notable:
        note = f"(Other processes took {meanwhile.others:.2f} CPUs meanwhile.)"
        tables = [replace(table, about=f"{table.about} {note}") for table in tables]
    for table in tables:
        print(f"\n{table.as_text()}")
    elapsed = time.perf_counter() - start
    print(f"({name}: {elapsed:.1f} s, others {meanwhile.others:.2f} CPUs)", flush=True)
    return tables


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__)
    parser.set_defaults(size="quick")
    for name, text in (
        ("tiny", "seconds: only shows that everything runs"),
        ("quick", "minutes (the default)"),
        ("full", "more rows and rounds"),
    ):
        parser.add_argument(
            f"--{name}", action="store_const", const=name, dest="size", help=text
        )
    names = ", ".join((*SECTIONS, *QUALITY))
    parser.add_argument("--only", metavar="A,B", help=f"of {names}")
    parser.add_argument(
        "--rivals",
        action="store_true",
        help="also oneDAL and mlpack, in environments made for the purpose",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="wait before each section until other processes are idle, at most so long",
    )
    parser.add_argument("--write", action="store_true", help=f"write {page.NAME}")
    options = parser.parse_args()
    sections = [*SECTIONS, *(OPTIONAL if options.rivals else ())]
    if options.only:
        sections = options.only.split(",")
    unknown = sorted(set(sections) - {*SECTIONS, *OPTIONAL, *QUALITY})
    if unknown:
        parser.error(f"there is no section {', '.join(unknown)}; there are {SECTIONS}")
    options.sections = sections
    return options


if __name__ == "__main__":
    main()
