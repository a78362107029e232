"""Twilio's errors, by code: what it says and with which HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from perennial.emulator.answers import Answer, json_answer

MESSAGES: Mapping[int, str] = MappingProxyType(
    {
        20001: "Invalid parameter",
        20003: "Authenticate",
        20404: "The requested resource was not found",
        20429: "Too many requests",
        21211: "Invalid 'To' Phone Number",
        21212: "Invalid From Number (caller ID)",
        21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
        21602: "Message body is required.",
        21603: "A 'From' phone number is required.",
        21604: "A 'To' phone number is required.",
        21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number",
        21609: "The 'StatusCallback' URL is not a valid URL",
        21610: "Attempt to send to unsubscribed recipient",
        21611: "This 'From' number has exceeded the maximum number of queued messages",
        21612: "The 'To' phone number is not currently reachable using the 'From' phone number via SMS",
        21614: "'To' number is not a valid mobile number",
        21617: "The concatenated message body exceeds the 1600 character limit",
        21654: "ContentSid Required",
        21655: "The ContentSid is Invalid",
        21656: "The Content Variables Parameter is invalid",
        21701: "The Messaging Service does not exist",
        21910: "Invalid From and To pair. From and To should be of the same channel",
        30001: "Queue overflow",
        30003: "Unreachable destination handset",
        30004: "Message blocked",
        30005: "Unknown destination handset",
        30006: "Landline or unreachable carrier",
        30007: "Message filtered",
        30008: "Unknown error",
        30034: "US A2P 10DLC - Message from an Unregistered Number",
        30036: "Validity Period Expired",
        30450: "Message delivery blocked due to a possible SMS pumping attack",
        30610: "Message couldn't be delivered",
        30640: "Message blocked by the Compliance Toolkit: quiet hours",
        63003: "Channel could not find To address",
        63007: "Twilio could not find a Channel with the specified From address",
        63014: "Channel message blocked by user action",
        63016: "Failed to send freeform message because you are outside the allowed window",
        63017: "Account rate limit exceeded",
        63018: "Rate limit exceeded for Channel",
        63024: "Invalid message recipient",
        63027: "Template does not exist for a language and locale",
        63032: "Message cannot be sent to this user because of a limitation of WhatsApp",
        63049: "Meta chose not to deliver this WhatsApp marketing message",
        90007: "Invalid validity period value",
    }
)
_STATUSES: Mapping[int, int] = MappingProxyType(
    {20003: 401, 20404: 404, 20429: 429, 63017: 429, 63018: 429}
)


def failure(code: int) -> Answer:
    """The answer that refuses a request with this code."""
    status = _STATUSES.get(code, 400)
    data = {
        "code": code,
        "message": MESSAGES.get(code, "Message could not be sent"),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return json_answer(status, data)


def server_failure(status: int) -> Answer:
    """The answer of a service that is broken."""
    data = {
        "code": 20500,
        "message": "An internal server error has occurred",
        "more_info": "https://www.twilio.com/docs/errors/20500",
        "status": status,
    }
    return json_answer(status, data)
