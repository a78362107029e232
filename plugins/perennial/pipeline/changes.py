"""A change of the files that people write: what it would break, as a patch, and written so that nobody reads half of it."""

from __future__ import annotations

import difflib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from perennial.errors import Fault, PerennialError
from perennial.messages.templates import Templates
from perennial.pipeline.checking import Checked, check_project, find_faults

_READ = ("shop.yaml", "policy.yaml", "campaigns", "templates", "expectations")
_LARGEST = 262_144


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a file below the project's folder says now, and what it shall say; nothing before makes a new file."""

    file: str
    before: str | None = field(repr=False)
    after: str = field(repr=False)


def read_text(project: Path, file: str) -> str | None:
    """What a file says, its line ends as they are; nothing where there is none.

    Raises:
        PerennialError: it cannot be read as UTF-8 text.
    """
    try:
        return (project / file).read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        msg = f"{file} cannot be read as UTF-8 text. Mend it where it lies."
        raise PerennialError(msg) from None


def hash_of(text: str | None) -> str:
    """By which a form knows what it was filled from."""
    return hashlib.sha256((text or "").encode()).hexdigest()


def as_typed(text: str, before: str | None) -> str:
    """What a form sends off, with the line ends of the file, and one at its end."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    return lines.replace("\n", "\r\n") if before and "\r\n" in before else lines


def faults_of(
    project: Path, changes: Sequence[Change], known: Templates | None = None
) -> list[Fault]:
    """The mistakes that `perennial check` would find in changed files, and those that the change makes elsewhere.

    With `known`, the project's templates as they were compiled last, only those are compiled that have changed since.
    """
    return list(try_out(project, changes, known).faults)


def try_out(project: Path, changes: Sequence[Change], known: Templates | None = None) -> Checked:
    """The same, with the campaigns and the templates as they would be."""
    with changed_copy(project, changes) as copy:
        checked = check_project(copy, known)
        found = [_below(copy, fault) for fault in checked.faults]
    if not found:
        return checked
    own = {change.file for change in changes}
    old = {(f.path.name, f.message) for f in find_faults(project, known)}
    new = [
        fault
        for fault in found
        if _shown(fault.path) in own or (fault.path.name, fault.message) not in old
    ]
    return replace(checked, faults=new)


@contextmanager
def changed_copy(
    project: Path, changes: Sequence[Change], *, only: Sequence[str] = _READ
) -> Iterator[Path]:
    """A folder that says what the project would say, or some parts of it, for as long as the block lasts.

    It is only to be read: what has not changed is the project's own.
    """
    with tempfile.TemporaryDirectory(prefix="perennial-change-") as folder:
        copy = Path(folder).resolve() / "project"
        copy.mkdir()
        changed = {Path(change.file).parts[0] for change in changes}
        for name in only:
            if name in changed and (project / name).is_dir():
                shutil.copytree(project / name, copy / name, copy_function=_link)
            elif (project / name).exists():
                _link(project / name, copy / name)
        for change in changes:
            target = copy / change.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(change.after.encode())
        yield copy


def _link(source: str | Path, target: str | Path) -> None:
    """In place of a copy: to copy every file of a project takes longer than to check them all."""
    Path(target).symlink_to(Path(source).resolve())


def _below(copy: Path, fault: Fault) -> Fault:
    return replace(fault, path=fault.path.relative_to(copy)) if fault.path.is_absolute() else fault


def _shown(path: Path) -> str:
    return path.as_posix()


def patch_of(changes: Sequence[Change]) -> str:
    """The changes as `git apply` takes them, in the folder of the project."""
    return "".join(_patch(change) for change in changes if change.before != change.after)


def _patch(change: Change) -> str:
    new = change.before is None
    old, now = f"a/{change.file}", f"b/{change.file}"
    lines = difflib.unified_diff(
        _lines(change.before or ""),
        _lines(change.after),
        "/dev/null" if new else old,
        now,
    )
    body = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    mode = "new file mode 100644\n" if new else ""
    return f"diff --git {old} {now}\n{mode}{body}"


def _lines(text: str) -> list[str]:
    """Lines as git counts them: a form feed or a Unicode line separator ends none."""
    return [line + "\n" for line in text.split("\n")[:-1]] + (
        [text.rpartition("\n")[2]] if not text.endswith("\n") and text else []
    )


@contextmanager
def written(project: Path, changes: Sequence[Change]) -> Iterator[None]:
    """Lays the new texts ready, lets the block note them, and then puts each in its place at once.

    Raises:
        PerennialError: a text is too large, or the files may not be written; nothing has changed then.
    """
    ready: list[tuple[Path, Path]] = []
    try:
        for change in changes:
            target = (project / change.file).resolve()
            ready.append((_laid_ready(target, change), target))
        yield
        for source, target in ready:
            source.replace(target)
    finally:
        for source, _ in ready:
            source.unlink(missing_ok=True)


def _laid_ready(target: Path, change: Change) -> Path:
    data = change.after.encode()
    if len(data) > _LARGEST:
        msg = f"{change.file} would be larger than {_LARGEST // 1024} kB."
        raise PerennialError(msg)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        # A name that begins with a dot is no campaign and no template, whoever looks meanwhile.
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=".", suffix=".new", delete=False
        ) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path = Path(file.name)
        path.chmod(mode)
    except OSError as error:
        msg = (
            f"The Studio may not write {change.file}: {error.strerror}. Download the patch, or let"
            " the user that runs Airflow's api-server write there."
        )
        raise PerennialError(msg) from None
    return path
