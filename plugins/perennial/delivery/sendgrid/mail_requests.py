"""Which emails travel together: the same words, campaign and sender, and no address twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from perennial.delivery.sendgrid.batch import Addressed, Merged, merged
from perennial.delivery.sendgrid.links import link_gaps, own_link
from perennial.delivery.sendgrid.payload import MailOptions, mail_request, personalization
from perennial.errors import RenderError
from perennial.model.message import EmailFrame, EmailMessage

# SendGrid takes 30 MB with attachments. What is longer than this takes long on the wire, too.
_MOST_BYTES = 8_000_000
# So many characters at the end of a link to unsubscribe are no other link's.
_SIGNATURE = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class MailRequest:
    """One request and those who are in it, in its order."""

    messages: Sequence[EmailMessage]
    body: bytes = field(repr=False)


def requests_of(
    messages: Iterable[EmailMessage], options: MailOptions, *, most: int
) -> tuple[list[MailRequest], list[EmailMessage]]:
    """The requests that carry these emails, at most so many in one; and those that cannot be written down."""
    return _Sorter(options, most).sort(messages)


def requests_needed(messages: Iterable[EmailMessage], *, most: int) -> int:
    """About how many requests these emails take."""
    frames = Counter(
        (message.parts.frame, message.campaign) if message.parts else message.key
        for message in messages
    )
    return sum(ceil(emails / most) for emails in frames.values())


class _Sorter:
    """Puts emails into requests, each into one."""

    def __init__(self, options: MailOptions, most: int) -> None:
        self._options = options
        self._most = most
        self._link_gaps: dict[EmailFrame, list[int]] = {}
        self._requests: list[MailRequest] = []
        self._unwritable: list[EmailMessage] = []

    def sort(
        self, messages: Iterable[EmailMessage]
    ) -> tuple[list[MailRequest], list[EmailMessage]]:
        groups: defaultdict[Hashable, list[Addressed]] = defaultdict(list)
        for message in messages:
            email = self._addressed(message) if self._most > 1 else None
            if email is None:
                self._alone(message)
            else:
                groups[_shared_by(email)].append(email)
        for group in groups.values():
            for emails in _without_repetition(group, self._most):
                self._together(emails)
        return self._requests, self._unwritable

    def _addressed(self, message: EmailMessage) -> Addressed | None:
        """The email as one of many; nothing when it has to go alone, or not at all."""
        parts = message.parts
        # SendGrid refuses a subject with a line break where it can see it.
        if parts is None or "\n" in message.subject or "\r" in message.subject:
            return None
        links = self._links(message, parts.frame, parts.html)
        if links is None:
            return None
        try:
            person = personalization(message)
        except RenderError:
            return None
        return Addressed(message=message, parts=parts, person=person, links=links)

    def _links(
        self, message: EmailMessage, frame: EmailFrame, values: Sequence[str]
    ) -> tuple[int, ...] | None:
        """The gaps with the link to unsubscribe, if it leads to nothing but what stands in gaps."""
        link = own_link(message)
        if link is None:
            return ()
        if frame not in self._link_gaps:
            self._link_gaps[frame] = link_gaps(frame.html)
        found = tuple(gap for gap in self._link_gaps[frame] if values[gap] == link)
        # The end of the link is a signature, which no frame holds: where it stands, the link stands. It holds no >,
        # so none comes about between two values.
        return found if ">".join(values).count(link[-_SIGNATURE:]) == len(found) else None

    def _alone(self, message: EmailMessage) -> None:
        try:
            body = mail_request(message, self._options)
        except RenderError:
            self._unwritable.append(message)
        else:
            self._requests.append(MailRequest(messages=(message,), body=body))

    def _together(self, emails: Sequence[Addressed]) -> None:
        if len(emails) == 1:
            self._alone(emails[0].message)
            return
        try:
            found = merged(emails, self._options)
        except RenderError:
            self._apart(emails, ())
        except UnicodeEncodeError:
            self._apart(*_divided(emails, lambda email: not _is_whole(email.message)))
        else:
            self._take(found, emails)

    def _take(self, found: Merged, emails: Sequence[Addressed]) -> None:
        if found.misfits:
            self._apart(*_divided(emails, lambda email: email.message.key in found.misfits))
        elif len(found.body) > _MOST_BYTES:
            self._together(emails[: len(emails) // 2])
            self._together(emails[len(emails) // 2 :])
        else:
            messages = [email.message for email in emails]
            self._requests.append(MailRequest(messages=messages, body=found.body))

    def _apart(self, alone: Iterable[Addressed], together: Sequence[Addressed]) -> None:
        for email in alone:
            self._alone(email.message)
        if together:
            self._together(together)


def _divided(
    emails: Iterable[Addressed], apart: Callable[[Addressed], bool]
) -> tuple[list[Addressed], list[Addressed]]:
    """Those for whom it holds, and the others."""
    sides: tuple[list[Addressed], list[Addressed]] = ([], [])
    for email in emails:
        sides[not apart(email)].append(email)
    return sides


def _shared_by(email: Addressed) -> Hashable:
    """What has to be the same for everybody in a request."""
    message = email.message
    sender = (message.from_name, message.from_address, message.reply_to)
    return (email.parts.frame, email.links, message.campaign, sender)


def _without_repetition(emails: Iterable[Addressed], most: int) -> list[list[Addressed]]:
    """The emails in as few lists as it takes: SendGrid refuses a request that names an address twice."""
    lists: list[tuple[list[Addressed], set[str]]] = []
    for email in emails:
        address = email.person["to"][0]["email"].lower()
        for chosen, addresses in reversed(lists):
            if len(chosen) < most and address not in addresses:
                break
        else:
            chosen, addresses = [], set()
            lists.append((chosen, addresses))
        chosen.append(email)
        addresses.add(address)
    return [chosen for chosen, _ in lists]


def _is_whole(message: EmailMessage) -> bool:
    """Whether every character of it can be written down."""
    try:
        f"{message.subject}{message.html}{message.text}".encode()
    except UnicodeEncodeError:
        return False
    return True
