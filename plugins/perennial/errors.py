"""Everything that Perennial refuses to do, as one tree.

PerennialError
├── SettingsError           the installation is not configured
├── DefinitionError         files that people write are wrong; carries every fault found
│   ├── CampaignError       campaigns/*.yaml
│   ├── TemplateError       templates/**
│   ├── SuiteError          expectations/*.json
│   ├── ShopError           shop.yaml
│   └── PolicyError         policy.yaml
├── SourceError             the shop could not be read
│   └── KeyRefused          its API takes no key of ours; asking again makes it worse
├── LakeError               a partition could not be read or published
│   └── MissingPartition    the night has not been that far
├── NightStopped            last night's data failed a check that stops the night
├── RenderError             one message could not be rendered
├── UnknownPerson           nothing is held about that customer
├── ErasureError            somebody could not be forgotten yet
├── PlanError               a plan cannot be made or is not the one that was approved
├── LedgerError             the ledger cannot be written or is not the one we know
├── DeliveryError           a provider cannot be used at all; the run stops, nothing is burnt
│   ├── RunInterrupted      somebody asked the run to end; run it again to go on
│   └── RestoredLedger      the ledger is older than what was sent; nothing is sent until it is reconciled
└── AccountingError         somebody in the audience is unaccounted for

The docstring of an error is its default message. Texts never hold personal data: keys and counts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class PerennialError(Exception):
    """Perennial could not go on."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class SettingsError(PerennialError):
    """The settings are incomplete or contradict each other."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One mistake in a file that a person wrote, with the place and what to do about it."""

    path: Path
    message: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(p) for p in (self.path, self.line, self.column) if p is not None)
        return f"{place}: {self.message}" + (f" {self.hint}" if self.hint else "")


class DefinitionError(PerennialError):
    """A file that people write is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class CampaignError(DefinitionError):
    """A campaign file is wrong."""


class TemplateError(DefinitionError):
    """A message template is wrong."""


class SuiteError(DefinitionError):
    """An expectation suite is wrong."""


class ShopError(DefinitionError):
    """shop.yaml is wrong."""


class PolicyError(DefinitionError):
    """policy.yaml is wrong."""


class SourceError(PerennialError):
    """The shop's data could not be read."""


class KeyRefused(SourceError):
    """The API of the shop refuses the key. It is not tried again: some block whoever keeps asking."""


class LakeError(PerennialError):
    """A partition of the lake could not be read or published."""


class MissingPartition(LakeError):
    """The lake has no partition for that day. Run the night first: `perennial night --day D`."""


class NightStopped(PerennialError):
    """The night was stopped: its data failed a check. Nothing downstream runs, nothing is sent."""


class RenderError(PerennialError):
    """A message could not be rendered."""


class UnknownPerson(PerennialError):
    """Nothing is held about a customer of that id."""


class ErasureError(PerennialError):
    """Somebody could not be forgotten yet."""


class PlanError(PerennialError):
    """The plan cannot be made, or it is not the plan that was approved."""


class LedgerError(PerennialError):
    """The ledger cannot be read or written."""


class DeliveryError(PerennialError):
    """The provider cannot be used; the run stops and nothing more is claimed."""


class RunInterrupted(DeliveryError):
    """Somebody asked the run to end. Nothing is lost; run it again to go on."""


class RestoredLedger(DeliveryError):
    """The ledger is older than what was sent. Nothing is sent until it is reconciled: perennial reconcile."""


class AccountingError(PerennialError):
    """The accounts of a run do not add up."""
