"""How a command takes a change of a list: principals to add, principals to take away, or none of its own any more."""

from typing import Annotated

import typer

from ui.cli import output

PRINCIPAL = "user:NAME, group:NAME or everyone; once for each."
Allow = Annotated[list[str] | None, typer.Option("--allow", metavar="PRINCIPAL", help=f"Add to the list: {PRINCIPAL}")]
Deny = Annotated[list[str] | None, typer.Option("--deny", metavar="PRINCIPAL", help=f"Take from the list: {PRINCIPAL}")]
Inherit = Annotated[bool, typer.Option("--inherit", help="Have no list of its own.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Collection = Annotated[str, typer.Argument(metavar="COLLECTION", help="One of your collections.")]


def changed(
    before: list[str] | None, allow: list[str] | None, deny: list[str] | None, *, inherit: bool = False
) -> list[str] | None:
    """Apply the options to a list, where None inherits; a first own list begins empty.

    Raises BadParameter for a principal to take away that is not in the list, since it may be misspelt.

    >>> changed(None, ["user:bob"], None), changed(["user:bob"], None, ["user:bob"]), changed(["user:bob"], None, None)
    (['user:bob'], [], ['user:bob'])
    """
    if inherit:
        if allow or deny:
            raise typer.BadParameter("--inherit leaves no list to add to or to take from.")
        return None
    if not allow and not deny:
        return before
    missing = set(deny or ()) - set(before or ())
    if missing:
        raise typer.BadParameter(f"--deny: {output.clean(', '.join(sorted(missing)))} is not in the list.")
    return [name for name in dict.fromkeys([*(before or ()), *(allow or ())]) if name not in (deny or ())]
