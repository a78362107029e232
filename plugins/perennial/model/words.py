"""The closed choices of the trade; each member carries the sentence that people are shown."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A member of a closed list with one sentence of meaning."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class Channel(Word):
    """How a message travels."""

    EMAIL = "email", "An email."
    SMS = "sms", "A text message."
    WHATSAPP = "whatsapp", "A WhatsApp message."


class Mailbox(Word):
    """Who runs the mailbox that an email goes to, as far as its domain tells."""

    GMAIL = "gmail", "Gmail's own domains."
    OUTLOOK = "outlook", "Outlook, Hotmail, Live and MSN."
    YAHOO = "yahoo", "Yahoo and AOL."
    ICLOUD = "icloud", "Apple's iCloud."
    MAIL_RU = "mail_ru", "Mail.ru and its other domains."
    YANDEX = "yandex", "Yandex."
    OTHER = "other", "Everybody else."


class Topic(Word):
    """What a customer agrees to hear about; consent is given for a channel and a topic."""

    OFFERS = "offers", "Offers, gifts and ideas."
    LOYALTY = "loyalty", "Points, rewards and their expiry."
    FEEDBACK = "feedback", "Questions about an order."


class Pressure(Word):
    """Which frequency cap a message counts to."""

    PROMOTIONAL = "promotional", "Counts to the caps of promotional messages."
    SURVEY = "survey", "Counts to the cap of surveys."
    SERVICE = "service", "Counts to no cap: it asks whether an address is theirs."


class Outcome(Word):
    """What the plan says about one member of an audience: exactly one of these."""

    SEND = "send", "Will be written to."
    DEFER = "defer", "Not today; looked at again tomorrow while the occasion is open."
    SKIP = "skip", "Will not be written to on this occasion."
    HOLD_OUT = "hold_out", "Left out on purpose, to measure what the campaign changes."


class Reason(Word):
    """Why a member of an audience is deferred, skipped, or blocked at the claim."""

    NO_ADDRESS = "no_address", "We have no address for any channel of the campaign."
    BAD_ADDRESS = "bad_address", "The address is not well-formed or cannot receive messages."
    NO_CONSENT = "no_consent", "There is no consent for this channel and topic."
    SUPPRESSED = "suppressed", "The address is on the suppression list."
    CAPPED = "capped", "The person has received enough messages for now."
    UNENGAGED = "unengaged", "The person has not opened, clicked or ordered for a long time."
    COOLING_DOWN = "cooling_down", "The person had this campaign a short while ago."
    LOWER_PRIORITY = "lower_priority", "Another campaign has the person's turn today."
    STEP_NOT_DUE = "step_not_due", "The next step of the campaign is not due yet."
    QUIET_UNTIL_EXPIRY = "quiet_until_expiry", "Quiet hours last until the message expires."
    EXPIRED = "expired", "It is too late for this occasion."
    ALREADY_SENT = "already_sent", "The person has had every message of this occasion."
    CONVERTED = "converted", "The person has done what the message asks for."
    INCOMPLETE_DATA = "incomplete_data", "A value that the message needs is missing."
    RENDER_FAILED = "render_failed", "The message could not be rendered."
    DUPLICATE_PERSON = "duplicate_person", "Another account of the same person gets the message."
    CAMPAIGN_PAUSED = "campaign_paused", "The campaign is paused."
    CAMPAIGN_STOPPED = "campaign_stopped", "A person stopped the campaign."
    BUDGET_EXHAUSTED = "budget_exhausted", "The campaign's budget is spent."
    BRAKED = "braked", "Too many at this mailbox provider mark our emails as spam."
    WARMING_UP = "warming_up", "The sender is new: the day allows no more emails from it."
    PERSON_PAUSED = "person_paused", "The person asked for a pause."


class MessageState(Word):
    """Where one message stands in the ledger."""

    CLAIMED = "claimed", "Ours until the lease ends; nothing on the wire yet."
    DISPATCHING = "dispatching", "The request may be on the wire."
    ACCEPTED = "accepted", "The provider said yes."
    REFUSED = "refused", "The provider said no for good."
    RETRYABLE = "retryable", "Surely not processed; may be claimed again."
    IN_DOUBT = "in_doubt", "May have been processed; settled by evidence, never by sending again."


class Control(Word):
    """What people have told a campaign, or everything, to do."""

    RUN = "run", "Messages leave when they are due."
    PAUSE = "pause", "Nothing leaves for now; what is due waits, and expires as ever."
    STOP = "stop", "Nothing leaves any more; what is due is blocked."


class EventWord(Word):
    """What a provider reports about a message that it has taken on."""

    PROCESSED = "processed", "The provider is working on it."
    SENT = "sent", "It has left the provider."
    DEFERRED = "deferred", "The recipient's side asked the provider to wait."
    DELIVERED = "delivered", "It has arrived."
    DROPPED = "dropped", "The provider took it on and then did not send it."
    BOUNCED = "bounced", "The address does not exist."
    BLOCKED = "blocked", "The recipient's side did not take it this time."
    UNDELIVERED = "undelivered", "It could not be delivered."
    OPENED = "opened", "Its picture was loaded; a hint, no proof of a reader."
    CLICKED = "clicked", "One of its links was followed."
    COMPLAINED = "complained", "The recipient marked it as spam."
    UNSUBSCRIBED = "unsubscribed", "The recipient unsubscribed by way of it."


class SuppressionReason(Word):
    """Why an address must not be written to; for every customer who has it."""

    UNSUBSCRIBED = "unsubscribed", "The customer unsubscribed from a link or in the shop."
    COMPLAINED = "complained", "The customer marked a message as spam."
    HARD_BOUNCED = "hard_bounced", "The mailbox does not exist."
    STOPPED = "stopped", "The customer answered STOP."
    INVALID = "invalid", "The provider says that the address cannot receive messages."
    ERASED = "erased", "The customer asked to be forgotten."
    MANUAL = "manual", "A person of the shop put it on the list."


class Stage(Word):
    """Where a customer stands in the life of a customer."""

    PROSPECT = "prospect", "Has never ordered."
    NEW = "new", "First order within the last 30 days, and no second one yet."
    ACTIVE = "active", "Orders within the usual rhythm."
    AT_RISK = "at_risk", "Silent for longer than 1.5 times the usual gap."
    LAPSED = "lapsed", "Silent for longer than 2.3 times the usual gap."
    WON_BACK = "won_back", "Ordered within the last 30 days after a lapse."
    LOST = "lost", "No order for two years."


class ConsentState(Word):
    """What the latest entry says for a customer, channel and topic."""

    GRANTED = "granted", "The customer agreed."
    PENDING = "pending", "Somebody agreed, and has yet to confirm that the address is theirs."
    WITHDRAWN = "withdrawn", "The customer took it back."


class ConsentSource(Word):
    """How a consent, or what a customer prefers, reached us."""

    SHOP = "shop", "The shop's own records."
    PREFERENCE_PAGE = "preference_page", "The customer chose it on the preference page."
    UNSUBSCRIBE_LINK = "unsubscribe_link", "The customer followed the link to unsubscribe."
    ONE_CLICK = "one_click", "The customer's mail program unsubscribed at one click."
    DOUBLE_OPT_IN = "double_opt_in", "The customer confirmed the address by a link."
    INBOUND_TEXT = "inbound_text", "The customer answered by text message."
    IMPORT = "import", "A file that a person of the shop brought in."
    SURVEY = "survey", "The customer said so beside an answer to a survey."
    SHOP_TEAM = "shop_team", "A person of the shop wrote it down for the customer."


class PreferenceName(Word):
    """What customers tell us about themselves, beside what they agree to."""

    LANGUAGE = "language", "The language of their messages."
    BIRTH_DATE = "birth_date", "Their birth date."
    PAUSED_UNTIL = "paused_until", "Until when nothing may be sent to them."


class Actor(Word):
    """Who is behind a reported event, as far as can be told."""

    PERSON = "person", "A human being."
    MACHINE = "machine", "A scanner or a mail program, not the reader."


class SurveyScale(Word):
    """What the scores of a survey mean."""

    CSAT = "csat", "Satisfaction, 1 to 5."
    NPS = "nps", "Would recommend us, 0 to 10."


class CaseReason(Word):
    """Why the shop should get in touch with a customer."""

    LOW_SCORE = "low_score", "The customer gave a low score."


class AuditAction(Word):
    """What is written down about dealing with people's data and permissions, and about letting things go."""

    EXPORTED = "exported", "A customer's data were handed out."
    ERASED = "erased", "A customer was forgotten."
    SUPPRESSED = "suppressed", "An address was put on the suppression list."
    LIFTED = "lifted", "An address was taken off the suppression list, for one reason."
    RELEASED = "released", "What was held back was let go."
    CASE_CLOSED = "case_closed", "A customer's case was closed."
    TEST_SENT = "test_sent", "A test of a message was sent to one of the shop's own people."
    REJECTED = "rejected", "A plan or a change that waited for approval was refused."
    STARTED = "started", "A run was started by hand."
    EDITED = "edited", "A campaign's file or its words were changed."
    PROPOSED = (
        "proposed",
        "A change of a campaign's file or its words was proposed to a second person.",
    )
    VOIDED = "voided", "A proposed change fell through, because its file had changed meanwhile."


class VersionState(Word):
    """What became of a version of a file that the Studio kept."""

    SAVED = "saved", "It took the place of the file."
    PROPOSED = "proposed", "It waits for a second person's yes; the file is as it was."
    REJECTED = "rejected", "Somebody said no to it, or its author took it back."
    VOID = "void", "The file changed before anybody had answered."


LONGEST_REASON = 140
"""Signs of the reason for a release; what it lets go is written beside it, in the 255 of the audit log."""

PRESSURE_OF_TOPIC = {
    Topic.OFFERS: Pressure.PROMOTIONAL,
    Topic.LOYALTY: Pressure.PROMOTIONAL,
    Topic.FEEDBACK: Pressure.SURVEY,
}
