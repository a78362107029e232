"""Which messages need not be compiled anew: those whose words, and everything around them, are as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from perennial.messages.compiling import CompiledEmail, CompiledSms
from perennial.messages.files import Draft, Folder, Words
from perennial.model.shop import Shop
from perennial.model.words import Channel

Key = tuple[Channel, str, str]
"""Channel, template and locale."""

Written = tuple[tuple[str, Mapping[str, Words]], ...]
"""What the drafts of a message say, wherever they lie."""


@dataclass(frozen=True, kw_only=True)
class Origins:
    """What templates were compiled from; `around` is what any of them may use."""

    shop: Shop
    around: object = field(repr=False)
    own: Mapping[Key, Written] = field(repr=False)

    def unchanged_since(self, before: Origins) -> frozenset[Key]:
        """The messages that would be compiled to the same again."""
        if (self.shop, self.around) != (before.shop, before.around):
            return frozenset()
        keys = self.own.keys() | before.own.keys()
        same = frozenset(key for key in keys if self.own.get(key) == before.own.get(key))
        # Who takes in a file of another message changes with it; that is rare, so that all are compiled anew then.
        changed = {f"{name}/" for _, name, _ in keys - same}
        return (
            frozenset() if any(one in text for one in changed for text in self._texts()) else same
        )

    def _texts(self) -> Iterator[str]:
        for written in self.own.values():
            for body, _ in written:
                yield body
        yield repr(self.around)


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Messages that have been compiled before, and that would be compiled to the same again."""

    emails: Mapping[tuple[str, str], CompiledEmail] = field(default_factory=dict, repr=False)
    texts: Mapping[tuple[str, str], CompiledSms] = field(default_factory=dict, repr=False)


def origins_of(folder: Folder, shop: Shop) -> Origins:
    """What the emails and texts of a folder are compiled from."""
    emails = {(Channel.EMAIL, *key): _written(*pair) for key, pair in folder.emails.items()}
    texts = {(Channel.SMS, *key): _written(draft) for key, draft in folder.texts.items()}
    shared = {
        channel: {name: _written(draft) for name, draft in drafts.items()}
        for channel, drafts in folder.shared.items()
    }
    return Origins(shop=shop, around=(shared, folder.words), own={**emails, **texts})


def _written(*drafts: Draft) -> Written:
    return tuple((draft.body, draft.front) for draft in drafts)
