"""`muniment access`: who may read what, why, and how that is changed. Only a collection's owner changes it."""

from typing import Annotated

import typer

from ui.cli import output, sources
from ui.cli.principals import Allow, AsJson, Collection, Deny, Inherit, changed
from ui.cli.session import connected

app = typer.Typer(help="Who may read what: explain, list, share, document, source.", no_args_is_help=True)
app.add_typer(sources.app, name="source")
User = Annotated[str | None, typer.Option("--user", metavar="USER", help="About whom; about you if absent.")]
DocumentId = Annotated[str, typer.Argument(metavar="DOCUMENT_ID", help="As `muniment documents` lists it.")]


@app.command()
def explain(
    document_id: Annotated[str, typer.Option("--document", metavar="DOCUMENT_ID", help="As `muniment documents` lists it.")],
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Say why a user may or may not read a document; about others for the owner of its collection and administrators."""
    with connected() as client:
        told = client.explain_access(document_id, user)
    if as_json:
        output.write_json(told)
        return
    output.write(f"{told['user']} {'may' if told['may_read'] else 'may not'} read {told['document_id']}.\n")
    output.write("".join(f"- {reason}\n" for reason in told["reasons"]))


@app.command("list")
def list_access(user: User = None, as_json: AsJson = False) -> None:
    """List what a user may read: of others what lies in your collections, and for administrators all."""
    with connected() as client:
        listed = client.access_list(user)
    if as_json:
        output.write_json(listed)
        return
    rows = ((d["document_id"], f"{d['owner']}/{d['collection']}", d["source"]) for d in listed["documents"])
    output.write_table(("document", "collection", "source"), rows)


@app.command()
def share(collection: Collection, allow: Allow = None, deny: Deny = None, as_json: AsJson = False) -> None:
    """Share a collection, or stop sharing it; without an option, print whom it is shared with."""
    with connected() as client:
        before = client.collection_access(collection)
        after = changed(before, allow, deny) or []
        allowed = client.share_collection(collection, after) if after != before else before
    if as_json:
        output.write_json({"allowed": allowed})
    else:
        output.write_table(("allowed",), ((principal,) for principal in allowed))


@app.command()
def document(
    document_id: DocumentId,
    *,
    allow: Allow = None,
    deny: Deny = None,
    inherit: Inherit = False,
    source: Annotated[
        str | None, typer.Option("--source", metavar="SOURCE", help="The source it belongs to; '' for none; as it was if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a document a list of its own, which counts instead of its source's and its collection's, or have it inherit."""
    with connected() as client:
        before = client.document_access(document_id)
        allowed = changed(before["allowed"], allow, deny, inherit=inherit)
        source = before["source"] if source is None else source or None
        is_same = before == {"allowed": allowed, "source": source}
        access = before if is_same else client.set_document_access(document_id, allowed=allowed, source=source)
    if as_json:
        output.write_json(access)
        return
    listed = "inherits" if access["allowed"] is None else ", ".join(access["allowed"]) or "its owner alone"
    output.write_table(("allowed", "source"), [(listed, access["source"])])
