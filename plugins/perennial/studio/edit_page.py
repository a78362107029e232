"""Editing a campaign: its file and its words, checked as one types, saved as a version, or taken away as a patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from perennial.campaigns.reading import read_campaign
from perennial.errors import CampaignError, Fault, PerennialError
from perennial.pipeline.changes import Change, as_typed, changed_copy, hash_of, patch_of
from perennial.pipeline.changes import read_text as text_of
from perennial.pipeline.checking import Checked
from perennial.pipeline.counting_audience import AudienceCount, count_audience, last_features
from perennial.pipeline.editing import ProposedChange, asking
from perennial.steps.editing import campaign_in
from perennial.steps.services import Perennial
from perennial.studio.edit_fields import Field, fields_of, with_fields
from perennial.studio.edited_preview import EditedPreview, preview_of
from perennial.studio.preview_page import LONGEST_ID, WORDS
from perennial.studio.preview_shelf import Shelf
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor


@dataclass(frozen=True, kw_only=True)
class EditedFile:
    """A file as the page shows it: `seen` is the hash of what lies in the folder, `text` what stands in the form.

    `faults` is nothing before the first check. `asking` names the campaigns that ask a second person about a change of
    the file, and `waiting` holds the changes of it that wait for one.
    """

    campaign: str
    files: Sequence[str]
    file: str
    text: str = field(repr=False)
    seen: str
    read_only: bool
    fields: Sequence[Field] = ()
    faults: Sequence[Fault] | None = None
    count: AudienceCount | None = None
    reason: str = ""
    asking: Sequence[str] = ()
    waiting: Sequence[ProposedChange] = ()
    preview: EditedPreview | None = field(default=None, repr=False)

    @property
    def language(self) -> str:
        """The language of the words, as their file is named; English for what is no words."""
        stem = self.file.rpartition("/")[2].partition(".")[0]
        return stem if self.file.startswith("templates/") else "en"


def look_at_file(perennial: Perennial, campaign: str, file: str | None, shelf: Shelf) -> EditedFile:
    """A file of a campaign as it lies in the project's folder; the campaign's own unless another is asked for.

    Raises:
        SettingsError: there is no such campaign.
        HTTPException: the file is none of the campaign's.
    """
    editor = perennial.editor
    files = editor.files_of(campaign)
    chosen = _one_of(files, file)
    text = text_of(editor.project, chosen) or ""
    return _looked(perennial, shelf, campaign, files, chosen, text, hash_of(text))


def check_file(
    perennial: Perennial, campaign: str, form: Mapping[str, str], shelf: Shelf
) -> EditedFile:
    """What stands in a form, with every mistake that `perennial check` would find in it, and the message if it is asked for.

    Raises:
        PerennialError: a field cannot be put into the file.
    """
    editor = perennial.editor
    files = editor.files_of(campaign)
    file = _one_of(files, form.get("file"))
    before = text_of(editor.project, file)
    text = as_typed(form.get("text", ""), before)
    try:
        if file == files[0]:
            text = with_fields(text, form)
        tried = perennial.try_out([Change(file=file, before=before, after=text)])
    except CampaignError as error:
        tried = Checked(faults=error.faults)
    looked = _looked(perennial, shelf, campaign, files, file, text, form.get("seen", ""), tried)
    return replace(
        looked,
        faults=tried.faults,
        reason=form.get("reason", "").strip(),
        preview=_preview(perennial, tried, shelf, campaign, file, form),
    )


def _preview(  # noqa: PLR0917 - what a preview needs
    perennial: Perennial,
    tried: Checked,
    shelf: Shelf,
    campaign: str,
    file: str,
    form: Mapping[str, str],
) -> EditedPreview | None:
    if form.get("do") != "preview":
        return None
    customer = form.get("customer", "").strip() or form.get("worth", "").strip()
    if len(customer) > LONGEST_ID or not customer.isprintable():
        raise HTTPException(404, "There is no such customer.")
    return preview_of(
        perennial, tried, shelf, campaign=campaign, file=file, customer_id=customer or None
    )


def save_file(perennial: Perennial, checked: EditedFile, *, by: str) -> str:
    """Saves what was checked without a mistake; says what was done.

    Raises:
        PerennialError: it cannot be saved; says why.
    """
    editor = perennial.editor
    if text_of(editor.project, checked.file) == checked.text:
        return f"{checked.file} says so already."
    change = editor.change(checked.file, checked.text, checked.seen)
    if editor.save([change], by=by, reason=checked.reason):
        return f"{checked.file} is saved. It counts from the next plan on."
    return f"{checked.file} is proposed. It counts once a second person has approved it."


def edit_routes(room: Room, shelf: Shelf) -> list[Route]:
    """The page, its check as one types, and what its buttons do."""

    async def show(request: Request, visitor: Visitor) -> Response:
        name, file = request.path_params["name"], request.query_params.get("file")
        edited = await room.ask(lambda p: look_at_file(p, name, file, shelf))
        return room.pages.page("edit", request, visitor, edited=edited, trouble=None, **WORDS)

    async def act(request: Request, visitor: Visitor, form: FormData) -> Response:
        name, given = request.path_params["name"], _texts(form)
        checked = await room.ask(lambda p: check_file(p, name, given, shelf))
        trouble, status = None, 200
        if given.get("do") == "patch":
            return await room.ask(lambda p: _patch(p, checked))
        if given.get("do") == "save" and not checked.faults:
            try:
                said = await room.ask(lambda p: save_file(p, checked, by=visitor.name))
            except PerennialError as error:
                trouble, status = str(error), 409
            else:
                return room.back(request, f"/campaigns/{name}/versions", said=said)
        elif given.get("do") == "save":
            status = 409
        return room.pages.page(
            "edit", request, visitor, status=status, edited=checked, trouble=trouble, **WORDS
        )

    async def check(request: Request, visitor: Visitor, form: FormData) -> Response:
        name, given = request.path_params["name"], _texts(form)
        checked = await room.ask(lambda p: check_file(p, name, given, shelf))
        faults = [str(fault) for fault in checked.faults or ()]
        counted = checked.count.sentence if checked.count else ""
        shown = room.pages.html(
            "edited_preview", request, visitor, preview=checked.preview, picker=True, **WORDS
        )
        return JSONResponse({"faults": faults, "count": counted, "preview": shown})

    return [
        room.page("/campaigns/{name}/edit", show, right=Right.OPERATE),
        room.action("/campaigns/{name}/edit", act, right=Right.OPERATE),
        room.action("/campaigns/{name}/check", check, right=Right.OPERATE),
    ]


def _looked(  # noqa: PLR0917 - what a page needs
    perennial: Perennial,
    shelf: Shelf,
    campaign: str,
    files: Sequence[str],
    file: str,
    text: str,
    seen: str,
    tried: Checked | None = None,
) -> EditedFile:
    own, editor = file == files[0], perennial.editor
    return EditedFile(
        campaign=campaign,
        files=files,
        file=file,
        text=text,
        seen=seen,
        read_only=editor.read_only,
        fields=_fields(text) if own else (),
        count=_count(perennial, shelf, campaign, file, text, tried) if own else None,
        asking=asking(perennial.campaigns, file),
        waiting=[p for p in editor.proposed_changes() if p.version.file == file],
    )


def _fields(text: str) -> Sequence[Field]:
    try:
        return fields_of(text)
    except CampaignError:
        return ()


def _count(  # noqa: PLR0917 - what is counted, and in what
    perennial: Perennial, shelf: Shelf, name: str, file: str, text: str, tried: Checked | None
) -> AudienceCount | None:
    """The audience of a campaign as it is written now; nothing where it cannot be read yet."""
    if tried and tried.campaigns:
        campaign = campaign_in(tried, name)
    else:
        change = Change(file=file, before=None, after=text)
        try:
            with changed_copy(perennial.settings.project, [change], only=("campaigns",)) as copy:
                campaign = read_campaign(copy / file)
        except CampaignError:
            return None
    rules = campaign.model_dump_json(exclude={"path"}), repr(perennial.policy), perennial.shop.zone
    lake = perennial.engine.lake
    night = last_features(lake)
    known = (*rules, night, lake.stamp(night) if night else None)
    return shelf.count(
        known,
        lambda: count_audience(perennial.engine, perennial.shop, perennial.policy, campaign),
    )


def _one_of(files: Sequence[str], file: str | None) -> str:
    if file and file not in files:
        raise HTTPException(404, "This is none of the campaign's files.")
    return file or files[0]


def _patch(perennial: Perennial, checked: EditedFile) -> Response:
    before = text_of(perennial.settings.project, checked.file)
    patch = patch_of([Change(file=checked.file, before=before, after=checked.text)])
    name = f"{checked.campaign}.patch"
    return Response(
        patch.encode(),
        media_type="text/x-diff; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}
