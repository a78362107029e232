"""
## The night

Reads what the shop wrote since yesterday, checks it, and works out where every customer stands.

| step | what it does | when it fails |
|---|---|---|
| wait_for_turn | lets the nights before this one publish first, where several are at work | one of them takes more than six hours: clear this run when it is done |
| extract | reads one dataset of the shop for the day's interval | the shop's database is down or has changed: the message names the dataset |
| validate | checks it; bad rows are quarantined with a reason | a suite in `expectations/` is wrong |
| judge | reads what the checks found and writes the night's page | |
| release | **only for a stopped night**: asks a person in Required Actions whether it may pass as it is, and why | nobody released it in time, or somebody said no: nothing is published, nothing is sent |
| publish | makes the checked rows the truth of the day | **the night is stopped** and not released, or its verdict has changed since; nothing downstream runs, nothing is sent |
| understand | one row of features a customer | |
| form_audiences | who is in which campaign's audience | |
| sync_suppressions | takes over SendGrid's suppression lists, beside the others; not for a day of the past | SendGrid does not answer, or refuses the key; the night goes on |
| finish_erasures | forgets those who asked for it while a message of theirs was on its way | a partition is damaged; `perennial erase` for the same person goes on with it |

Safe to clear, retry and backfill: every step replaces its day with the same rows. **A backfill never sends**:
campaigns run by their own clock and are not started by this DAG. Manual runs take the day from the form.
"""

from perennial.orchestration import nightly_dag
from perennial.settings import read_settings
from perennial.steps.services import shop_zone

settings = read_settings()

# Every day at 02:00 in the shop's zone. (Airflow skips files that do not name it: the word in this line is needed.)
dag = nightly_dag(
    cron="0 2 * * *",
    zone=shop_zone(settings),
    doc=__doc__,
    release_wait=settings.release_wait,
    releasers=settings.releasers,
)
