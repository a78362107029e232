"""Who lets a campaign's plan leave: why somebody is asked, who has answered, and what voids an answer."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from perennial.bootstrap import Installation

if TYPE_CHECKING:
    from perennial.ledger.values import AuditEntry
    from perennial.pipeline.approving import Approvals
    from perennial.pipeline.releasing import LookedAt
    from perennial.validation.verdicts import Finding, Verdict


class ApprovalSteps(Installation):
    """Asking and answering. An answer holds for one plan, with the words and rules that it goes out with."""

    def judge_audience(self, campaign: str, day: date) -> Verdict:
        """Holds a campaign's audience against its past; `held` means that a person approves first."""
        from perennial.pipeline.judging_audience import judge_audience

        return judge_audience(
            self.engine,
            day,
            self.campaign(campaign),
            suites=self.settings.project / "expectations",
            permissions=self.ledger.permissions_table(),
        )

    def looked_at(self, campaign: str, day: date) -> LookedAt:
        """A day's plan as it is now, with the words and rules that it would go out with.

        Raises:
            MissingPartition: there is no plan for that day.
        """
        from perennial.pipeline.fingerprint import fingerprint
        from perennial.pipeline.plan_reading import plan_hash
        from perennial.pipeline.releasing import LookedAt

        return LookedAt(
            campaign=campaign,
            day=day,
            plan_hash=plan_hash(self.engine, campaign, day),
            fingerprint=fingerprint(self.settings.project, self.campaign(campaign)),
        )

    def approvals(self, campaign: str, day: date) -> Approvals:
        """How many people have to let the day's plan leave as it is now, who has, and why they are asked.

        Raises:
            MissingPartition: there is no plan for that day.
        """
        from perennial.pipeline.approving import approvals_of, messages_in, why_asked

        rule = self.campaign(campaign).approval.with_limit(self.settings.approve_above)
        holds = self._held_for(campaign, day)
        messages = messages_in(self.engine, campaign, day)
        needed = max(rule.needed(messages), 1 if holds else 0)
        limit = rule.two_above if needed > 1 else rule.above
        return approvals_of(
            self.ledger,
            self.looked_at(campaign, day),
            needed=needed,
            why=why_asked(messages=messages, needed=needed, limit=limit, holds=holds),
        )

    def holds(self, campaign: str, day: date, *, plan_hash: str) -> list[Finding]:
        """What the checks found that holds a plan back; empty when nothing does, it was approved or has begun."""
        from perennial.pipeline.approving import given_for

        looked_at = self.looked_at(campaign, day)
        if looked_at.plan_hash == plan_hash and given_for(self.ledger, looked_at):
            return []
        return self._held_for(campaign, day)

    def approve(
        self,
        campaign: str,
        day: date,
        *,
        plan_hash: str,
        by: str,
        reason: str,
        seen: str | None = None,
    ) -> AuditEntry:
        """Writes down that a person lets exactly this plan leave. Later days learn from its audience, if it was held.

        Args:
            campaign: Its name.
            day: The day that is planned.
            plan_hash: Of the plan that was looked at.
            by: Who approves.
            reason: Why; it is kept.
            seen: The subject of what was looked at, where it is known: other words or rules are then refused.

        Raises:
            SettingsError: the reason is missing or too long.
            PlanError: what was looked at is no longer what would leave.
        """
        from perennial.pipeline.approving import approve_plan, refuse_unlooked_at
        from perennial.pipeline.dispatching import check_plan
        from perennial.pipeline.judging_audience import trust_audience
        from perennial.pipeline.releasing import Grounds

        check_plan(self.engine, campaign, day, plan_hash)
        approvals = self.approvals(campaign, day)
        refuse_unlooked_at(approvals.looked_at, seen)
        holds = self._held_for(campaign, day)
        entry = approve_plan(
            self.ledger, approvals, Grounds(by=by, reason=reason, at=self.now()), holds
        )
        if holds:
            trust_audience(self.engine.lake, day, campaign)
        return entry

    def reject(self, campaign: str, day: date, *, by: str, reason: str) -> None:
        """Writes down that a person does not let the day's plan leave, and why.

        Raises:
            SettingsError: the reason is missing or too long.
        """
        from perennial.model.words import AuditAction
        from perennial.pipeline.releasing import sound_reason

        self.ledger.note_audit(
            AuditAction.REJECTED,
            actor=by,
            subject=self.looked_at(campaign, day).subject,
            reason=sound_reason(reason),
            at=self.now(),
        )

    def _held_for(self, campaign: str, day: date) -> list[Finding]:
        """What the checks found; a campaign whose dispatch has begun is not held any more."""
        from perennial.pipeline.judging_audience import read_audience_verdict

        if self.ledger.dispatch_begun(campaign, day):
            return []
        verdict = read_audience_verdict(self.engine.lake, day, campaign)
        return (verdict or self.judge_audience(campaign, day)).holds

    def approved_plan(self, campaign: str, day: date) -> LookedAt | None:
        """The plan that is about to be made anew, if it was approved and may differ a little."""
        from perennial.pipeline.approving import given_for, remember_plan

        if not self.campaign(campaign).approval.drift or not remember_plan(
            self.engine, campaign, day
        ):
            return None
        looked_at = self.looked_at(campaign, day)
        return looked_at if given_for(self.ledger, looked_at) else None

    def carry_over(self, before: LookedAt) -> None:
        """Lets what was approved stand for the plan that was made anew since, if it differs by no more than it may."""
        from perennial.pipeline.approving import carry_over, drift_since

        campaign, day = before.campaign, before.day
        carry_over(
            self.engine,
            self.ledger,
            before,
            self.looked_at(campaign, day),
            drift=drift_since(self.engine, campaign, day),
            most=self.campaign(campaign).approval.drift,
            at=self.now(),
        )
