"""Editing campaigns and their words: by whom and why, checked, kept as versions, and never under a run that is sending.

A campaign may ask that a second person agrees to each change: it is then kept as a proposed change, and the files stay as
they are until somebody else has approved it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from perennial.campaigns.definition import Campaign
from perennial.campaigns.reading import load_sound_campaigns
from perennial.errors import DefinitionError, PerennialError, SettingsError
from perennial.ledger.store import Ledger
from perennial.ledger.versions import FileVersion
from perennial.messages.templates import Templates
from perennial.model.words import MessageState, VersionState
from perennial.pipeline.changes import Change, faults_of, hash_of, read_text, written

_CHANNELS = ("email", "sms")
_UNDECIDED = (MessageState.CLAIMED, MessageState.DISPATCHING, MessageState.RETRYABLE)


@dataclass(frozen=True, kw_only=True)
class ProposedChange:
    """A version that waits for a second person. `change` is what it would do; `void`: the file has changed since."""

    version: FileVersion
    change: Change
    campaigns: Sequence[str]
    void: bool


@dataclass(frozen=True, kw_only=True)
class Editor:
    """Changes the files of a project; `today` is the day where the shop is.

    `known` tells the project's templates as they were compiled last, so that only what has changed is compiled again.
    """

    project: Path
    ledger: Ledger
    now: Callable[[], datetime]
    today: date
    read_only: bool = False
    known: Callable[[], Templates | None] = lambda: None

    def files_of(self, campaign: str) -> list[str]:
        """A campaign's file, and those that hold its words, by path below the project's folder.

        Raises:
            SettingsError: there is no such campaign.
        """
        own = f"campaigns/{campaign}.yaml"
        if own not in _below(self.project, self.project.glob("campaigns/*.yaml")):
            msg = f"There is no campaign {campaign!r}."
            raise SettingsError(msg)
        return [own, *(f for name in self._templates_of(campaign) for f in self._words_of(name))]

    def asking(self, file: str) -> list[str]:
        """The campaigns, as their files are now, that ask a second person about a change of this file."""
        return asking(self._sound(), file)

    def save(self, changes: Sequence[Change], *, by: str, reason: str) -> bool:
        """Puts new texts in the place of files, each as a version, all or none; says whether they count now.

        Where a campaign asks for it, they are kept as proposed changes instead, and count once a second person approves.

        Raises:
            DefinitionError: names every mistake of the new texts.
            PerennialError: the files are shown only, have changed meanwhile, cannot be written, or are being sent
                from.
            LedgerError: it does not say who or why.
        """
        self._refuse_unsound(changes)
        with _alone(self.project):
            for change in changes:
                self._refuse_changed(change)
            if any(self.asking(change.file) for change in changes):
                for change in changes:
                    self._propose(change, by=by, reason=reason)
                return False
            self._refuse_while_sending(changes)
            with written(self.project, changes):
                for change in changes:
                    self.ledger.keep_version(
                        change.file,
                        change.before,
                        change.after,
                        author=by,
                        reason=reason.strip(),
                        at=self.now(),
                    )
        return True

    def change(self, file: str, text: str, seen: str) -> Change:
        """The change of a file whose text had the hash `seen` when it was shown.

        Raises:
            PerennialError: it has changed meanwhile.
        """
        before = read_text(self.project, file)
        if hash_of(before) != seen:
            raise PerennialError(_changed(file))
        return Change(file=file, before=before, after=text)

    def versions(self, file: str) -> Sequence[FileVersion]:
        """Every version of a file that the Studio saved or proposed, the newest first."""
        return self.ledger.versions_of(file)

    def roll_back(self, file: str, number: int, *, seen: str, by: str, reason: str) -> bool:
        """Makes an older version the newest; what it takes the place of stays a version. Says whether it counts now.

        Raises:
            PerennialError: there is no such version, it never counted, or it cannot be saved; see `save`.
        """
        found = [v for v in self.versions(file) if v.number == number]
        if not found or found[0].state is not VersionState.SAVED:
            msg = f"{file} has no version {number} that was ever saved."
            raise PerennialError(msg)
        return self.save([self.change(file, found[0].content, seen)], by=by, reason=reason)

    def proposed_changes(self) -> list[ProposedChange]:
        """Every change that waits for a second person, the oldest first."""
        versions = self.ledger.proposed_versions()
        sound = self._sound() if versions else ()
        return [self._proposed_change(version, sound) for version in versions]

    def proposed_change(self, id_: int) -> ProposedChange:
        """One change that waits for a second person.

        Raises:
            PerennialError: it does not wait, or there is none.
        """
        version = self.ledger.version(id_)
        if version is None or version.state is not VersionState.PROPOSED:
            msg = "Nobody waits for this answer any more: somebody has given it, or the file has changed."
            raise PerennialError(msg)
        return self._proposed_change(version, self._sound())

    def approve(self, id_: int, *, by: str, reason: str) -> ProposedChange:
        """Lets a proposed change count from now on, as a second person says.

        Raises:
            DefinitionError: names every mistake that it would make by now.
            PerennialError: it does not wait any more, its file has changed since, is being sent from, or cannot be
                written.
            LedgerError: its author approves, or it does not say who or why.
        """
        proposed = self.proposed_change(id_)
        if not proposed.void:
            self._refuse_unsound([proposed.change])
        with _alone(self.project):
            proposed = self.proposed_change(id_)
            if proposed.void:
                self.ledger.void_version(id_, by=by, at=self.now())
                file = proposed.version.file
                msg = f"{file} has changed since this was proposed, so it cannot be approved any more. Propose it anew."
                raise PerennialError(msg)
            self._refuse_while_sending([proposed.change])
            with written(self.project, [proposed.change]):
                self.ledger.approve_version(id_, by=by, reason=reason.strip(), at=self.now())
        return proposed

    def reject(self, id_: int, *, by: str, reason: str) -> ProposedChange:
        """Puts a proposed change aside; its author may take it back so.

        Raises:
            PerennialError: it does not wait any more.
            LedgerError: it does not say who or why.
        """
        proposed = self.proposed_change(id_)
        self.ledger.reject_version(id_, by=by, reason=reason.strip(), at=self.now())
        return proposed

    def _propose(self, change: Change, *, by: str, reason: str) -> None:
        self.ledger.propose_version(
            change.file,
            change.before,
            change.after,
            made_from=hash_of(change.before),
            author=by,
            reason=reason.strip(),
            at=self.now(),
        )

    def _proposed_change(self, version: FileVersion, sound: Sequence[Campaign]) -> ProposedChange:
        before = read_text(self.project, version.file)
        return ProposedChange(
            version=version,
            change=Change(file=version.file, before=before, after=version.content),
            campaigns=[c.name for c in sound if _is_of(version.file, c)],
            void=hash_of(before) != version.made_from,
        )

    def _sound(self) -> Sequence[Campaign]:
        return load_sound_campaigns(self.project / "campaigns")[0]

    def _templates_of(self, campaign: str) -> list[str]:
        steps = [step for c in self._sound() if c.name == campaign for step in c.steps]
        return list(dict.fromkeys(step.template for step in steps))

    def _words_of(self, template: str) -> list[str]:
        folders = (self.project / "templates" / channel / template for channel in _CHANNELS)
        files = (f for folder in folders for f in folder.glob("*") if f.suffix in {".mjml", ".txt"})
        return sorted(_below(self.project, files))

    def _refuse_unsound(self, changes: Sequence[Change]) -> None:
        if self.read_only:
            msg = "Campaigns are changed by pull request here. Download the patch."
            raise PerennialError(msg)
        if faults := faults_of(self.project, changes, self.known()):
            raise DefinitionError(faults)

    def _refuse_changed(self, change: Change) -> None:
        if read_text(self.project, change.file) != change.before:
            raise PerennialError(_changed(change.file))

    def _refuse_while_sending(self, changes: Sequence[Change]) -> None:
        """A run that has begun goes on from the files, so they stay as they are until its messages have left."""
        files = {change.file for change in changes}
        since = self.today - timedelta(days=1)
        for plan in self.ledger.plans_between(since, self.today):
            name = plan.campaign
            if not files & set(self._own_files(name)):
                continue
            standing = self.ledger.standing(name, plan.day)
            left = standing.total - sum(standing.states.get(s, 0) for s in _UNDECIDED)
            waiting = plan.counts["send"] - left
            if waiting > 0 and self.ledger.dispatch_begun(name, plan.day):
                msg = (
                    f"{name} is sending its messages of {plan.day}: {waiting} have yet to leave, and a run that has"
                    " begun is never changed. Save when they have left, or download the patch."
                )
                raise PerennialError(msg)

    def _own_files(self, campaign: str) -> list[str]:
        try:
            return self.files_of(campaign)
        except SettingsError:
            return []


def asking(campaigns: Sequence[Campaign], file: str) -> list[str]:
    """Which of some campaigns ask a second person about a change of a file."""
    return [c.name for c in campaigns if c.approval.changes and _is_of(file, c)]


def _is_of(file: str, campaign: Campaign) -> bool:
    """Whether a file is a campaign's own, or holds words of one of its messages."""
    if file == f"campaigns/{campaign.name}.yaml":
        return True
    place, *folders = file.split("/")[:-1]
    return place == "templates" and folders[1:] in [[step.template] for step in campaign.steps]


def _changed(file: str) -> str:
    return f"{file} has changed since this page was opened. Open it again and change it there."


def _below(project: Path, paths: Iterator[Path]) -> list[str]:
    return [path.relative_to(project).as_posix() for path in paths]


@contextmanager
def _alone(project: Path) -> Iterator[None]:
    """One writer at a time: others on this machine wait for their turn."""
    folder = os.open(project, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
