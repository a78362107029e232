"""What the doctor looks at: a closed list, each with what to do when it is not well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Level(StrEnum):
    """How a finding stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that is looked at. `well` says what holds when it is well, `cure` what to do when it is not."""

    id: str
    well: str
    cure: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found. `says` holds figures and names of settings, never an address or a secret."""

    check: str
    level: Level
    says: str

    @property
    def cure(self) -> str:
        """What to do; nothing where all is well."""
        return "" if self.level is Level.OK else CHECKS[self.check].cure


def _listed(*checks: Check) -> Mapping[str, Check]:
    return MappingProxyType({check.id: check for check in checks})


CHECKS: Mapping[str, Check] = _listed(
    Check(
        id="settings.read",
        well="The environment, and Airflow's connections where settings name them, make whole settings.",
        cure="Correct the variables that the finding names; `docs/reference/settings.md` says what each takes.",
    ),
    Check(
        id="settings.secret",
        well="The secret is not the demo's, and not easily guessed.",
        cure="Before the first message, set PERENNIAL_SECRET to 32 or more random characters, such as those of"
        ' `python3 -c "import secrets; print(secrets.token_hex(32))"`. After the first message never change it: links'
        " and suppressed addresses hang on it.",
    ),
    Check(
        id="settings.transports",
        well="Each channel that a campaign uses has something that carries it.",
        cure="Set PERENNIAL_EMAIL_TRANSPORT, PERENNIAL_SMS_TRANSPORT or PERENNIAL_WHATSAPP_TRANSPORT, or take the channel"
        " out of the campaigns.",
    ),
    Check(
        id="settings.certificates",
        well="Certificates of servers are verified, and nothing leaves this machine in the clear.",
        cure="Install your system's root certificates where there are none. Add"
        " `?sslmode=verify-full` to PERENNIAL_LEDGER_URL for a database on another machine, keep"
        " PERENNIAL_SMTP_STARTTLS on, and give https addresses.",
    ),
    Check(
        id="files.checked",
        well="shop.yaml, policy.yaml, campaigns, templates and suites have no mistakes.",
        cure="Run `perennial check`: it names each mistake with its line.",
    ),
    Check(
        id="sender.warm_up",
        well="No ramp of the policy is for a domain that nobody sends from.",
        cure="Give the ramp in `warm_up` of policy.yaml the domain of `from_address` in shop.yaml, or take it out.",
    ),
    Check(
        id="sender.dmarc",
        well="The domain that emails leave from tells mailbox providers, by DMARC, what to do with forgeries.",
        cure="Publish a TXT record at `_dmarc.` before the domain of `from_address`, at first `v=DMARC1; p=none; rua=mailto:…`,"
        " and have SPF and DKIM of that domain set up where emails are carried. Gmail, Yahoo and Outlook ask all three of"
        " whoever sends many.",
    ),
    Check(
        id="engine.spark",
        well="Spark can start here: pyspark is installed, and Java is recent enough.",
        cure="Install Java 17 or later, or set JAVA_HOME to it; install requirements-spark.lock on top of requirements.lock:"
        " docs/how-to/run-on-spark.md. Each machine that runs tasks needs both. Or set PERENNIAL_ENGINE=duckdb.",
    ),
    Check(
        id="zones.data",
        well="The data of time zones are recent.",
        cure="Upgrade the system's package tzdata, and the Python package of the same name where the system has none:"
        " with old rules, quiet hours are wrong where a country has changed its clocks.",
    ),
    Check(
        id="disk.space",
        well="There is room where Perennial writes.",
        cure="Make room, or move PERENNIAL_LAKE or PERENNIAL_HOME to a larger disk; docs/operations.md says what grows.",
    ),
    Check(
        id="lake.writable",
        well="Partitions can be written to the lake, and published.",
        cure="Give the user of the workers the right to write the folder of PERENNIAL_LAKE, and see that it is mounted. In"
        " object storage: see that bucket and server (AWS_ENDPOINT_URL) are those that are meant, and give the workers'"
        " role the rights to list, read, put and delete below the prefix: docs/operations.md, The lake in object storage.",
    ),
    Check(
        id="lake.nights",
        well="Each of the last days has verified data.",
        cure="See why in `perennial status`; release the night, or run it again: docs/how-to/release-a-night.md.",
    ),
    Check(
        id="ledger.reached",
        well="The ledger's database answers.",
        cure="Start the database, or correct PERENNIAL_LEDGER_URL. While it is away nothing is sent, and nothing is lost.",
    ),
    Check(
        id="ledger.tables",
        well="The ledger's tables are those of this version.",
        cure="Any command of this version, such as `perennial status`, upgrades older tables, if its user may change"
        " them. If a newer Perennial was there, upgrade this installation: back is not possible.",
    ),
    Check(
        id="ledger.writable",
        well="What is sent can be recorded.",
        cure="Do what the finding says: make room, point PERENNIAL_LEDGER_URL at the primary, or give the right to write.",
    ),
    Check(
        id="ledger.clock",
        well="This machine's clock and the ledger's agree.",
        cure="Run NTP on both machines. What leaves when goes by the ledger's clock; which day a night or a plan is for, and"
        " how old a signed report is, by this machine's.",
    ),
    Check(
        id="ledger.fence",
        well="The ledger is the one that messages were sent from last.",
        cure="Bring back the newest ledger there is, then `perennial reconcile`: docs/how-to/pause-stop-and-settle.md.",
    ),
    Check(
        id="shop.reached",
        well="The shop can be read.",
        cure="Correct PERENNIAL_SOURCE_URL, PERENNIAL_SOURCE_CONNECTION or the key of the API, or mend what the finding"
        " names in shop.yaml: docs/how-to/connect-a-shop.md.",
    ),
    Check(
        id="sendgrid.key",
        well="SendGrid knows the key.",
        cure="Make an API key at SendGrid and set PERENNIAL_SENDGRID_API_KEY, or the password of the Airflow connection."
        " Without an answer: see to the network, and PERENNIAL_SENDGRID_HOST.",
    ),
    Check(
        id="sendgrid.scopes",
        well="The key may do what is needed of it, and cannot make other keys.",
        cure="Give the key the rights that the finding names: sending, reading suppressions, and with"
        " PERENNIAL_SENDGRID_ASM_GROUP unsubscribe groups. A key that may make keys can do anything once it is lost.",
    ),
    Check(
        id="sendgrid.webhook",
        well="SendGrid's reports can be believed: the verification key is set.",
        cure="Switch on the signed Event Webhook at SendGrid and set PERENNIAL_SENDGRID_WEBHOOK_KEY. Without it bounces,"
        " complaints and doubts are not heard of: docs/how-to/send-by-sendgrid-and-twilio.md.",
    ),
    Check(
        id="smtp.server",
        well="The SMTP server answers, with TLS and the login of the settings.",
        cure="Correct PERENNIAL_SMTP_HOST, PERENNIAL_SMTP_PORT, PERENNIAL_SMTP_USER or PERENNIAL_SMTP_PASSWORD; many"
        " networks close port 25, so try 587.",
    ),
    Check(
        id="twilio.account",
        well="Twilio knows the account and its token, and the account is active.",
        cure="Copy account and auth token from Twilio's console. A suspended account owes Twilio money or an answer; a"
        " trial account writes to verified numbers only.",
    ),
    Check(
        id="clock.provider",
        well="This machine's clock and the providers' agree.",
        cure="Run NTP on this machine: with a wrong clock, signed reports look stale and nights are for wrong days.",
    ),
    Check(
        id="edge.reached",
        well="The public address leads to the web app.",
        cure="Start `perennial edge`, and lead /hooks, /u, /p, /o, /s and /c of PERENNIAL_EDGE_URL to it, as"
        " docs/operations.md shows. Until then customers cannot say stop.",
    ),
    Check(
        id="edge.pages",
        well="Every kind of link in messages leads to the web app.",
        cure="Let the proxy pass on /u, /p, /o, /s and /c, as docs/operations.md shows: who follows a link that is not led"
        " there can neither say stop nor confirm an address.",
    ),
    Check(
        id="edge.signed",
        well="A post that is signed for the public address is believed there.",
        cure="Let the proxy pass on path, query and body unchanged, and give the web app the same PERENNIAL_EDGE_URL and"
        " Twilio token as the workers.",
    ),
)


def well(check: str, says: str | None = None) -> Finding:
    """All is well."""
    return Finding(check=check, level=Level.OK, says=says or CHECKS[check].well)


def warn(check: str, says: str) -> Finding:
    """Works, and somebody should see to it."""
    return Finding(check=check, level=Level.WARN, says=says)


def fail(check: str, says: str) -> Finding:
    """Does not work, or must not stay so."""
    return Finding(check=check, level=Level.FAIL, says=says)
