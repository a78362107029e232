"""Editing campaigns and their words: by whom and why, checked, kept as versions, and never under a run that is sending."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from perennial.campaigns.reading import load_sound_campaigns
from perennial.errors import DefinitionError, PerennialError, SettingsError
from perennial.ledger.store import Ledger
from perennial.ledger.versions import FileVersion
from perennial.messages.templates import Templates
from perennial.model.words import MessageState
from perennial.pipeline.changes import Change, faults_of, hash_of, read_text, written

_CHANNELS = ("email", "sms")
_UNDECIDED = (MessageState.CLAIMED, MessageState.DISPATCHING, MessageState.RETRYABLE)


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

    def save(self, changes: Sequence[Change], *, by: str, reason: str) -> None:
        """Puts new texts in the place of files, each as a version, all or none.

        Raises:
            DefinitionError: names every mistake of the new texts.
            PerennialError: the files are shown only, have changed meanwhile, cannot be written, or are being sent
                from.
            LedgerError: it does not say who or why.
        """
        if self.read_only:
            msg = "Campaigns are changed by pull request here. Download the patch."
            raise PerennialError(msg)
        if faults := faults_of(self.project, changes, self.known()):
            raise DefinitionError(faults)
        with _alone(self.project):
            for change in changes:
                if read_text(self.project, change.file) != change.before:
                    msg = f"{change.file} has changed since this page was opened. Open it again and change it there."
                    raise PerennialError(msg)
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

    def change(self, file: str, text: str, seen: str) -> Change:
        """The change of a file whose text had the hash `seen` when it was shown.

        Raises:
            PerennialError: it has changed meanwhile.
        """
        before = read_text(self.project, file)
        if hash_of(before) != seen:
            msg = (
                f"{file} has changed since this page was opened. Open it again and change it there."
            )
            raise PerennialError(msg)
        return Change(file=file, before=before, after=text)

    def versions(self, file: str) -> Sequence[FileVersion]:
        """Every version of a file that the Studio saved, the newest first."""
        return self.ledger.versions_of(file)

    def roll_back(self, file: str, number: int, *, seen: str, by: str, reason: str) -> None:
        """Makes an older version the newest; what it takes the place of stays a version.

        Raises:
            PerennialError: there is no such version, or it cannot be saved; see `save`.
        """
        found = [v for v in self.versions(file) if v.number == number]
        if not found:
            msg = f"{file} has no version {number}."
            raise PerennialError(msg)
        self.save([self.change(file, found[0].content, seen)], by=by, reason=reason)

    def _templates_of(self, campaign: str) -> list[str]:
        sound, _ = load_sound_campaigns(self.project / "campaigns")
        steps = [step for c in sound if c.name == campaign for step in c.steps]
        return list(dict.fromkeys(step.template for step in steps))

    def _words_of(self, template: str) -> list[str]:
        folders = (self.project / "templates" / channel / template for channel in _CHANNELS)
        files = (f for folder in folders for f in folder.glob("*") if f.suffix in {".mjml", ".txt"})
        return sorted(_below(self.project, files))

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
