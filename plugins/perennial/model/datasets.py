"""The contracts of the lake: every dataset's columns, types, units and keys, in one place.

Types are DuckDB's. TIMESTAMPTZ columns are instants, stored in UTC; DATE columns named `…_on` are calendar dates in
the shop's zone unless they say otherwise; money is DECIMAL in the row's or the shop's currency.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a dataset."""

    name: str
    type: str
    meaning: str
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One folder of the lake."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _column(name: str, type_: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, type=type_, meaning=meaning, required=required)


_UPDATED = _column(
    "updated_at",
    "TIMESTAMPTZ",
    "When this version of the row was written in the shop.",
    required=True,
)

CUSTOMERS = Dataset(
    name="customers",
    meaning="People who have an account in the shop.",
    key=("customer_id",),
    columns=(
        _column(
            "customer_id",
            "VARCHAR",
            "The shop's id of the account; text, so that zeros in front survive.",
            required=True,
        ),
        _column("first_name", "VARCHAR", "As typed by the customer."),
        _column("last_name", "VARCHAR", "As typed by the customer."),
        _column("email", "VARCHAR", "As typed by the customer."),
        _column("phone", "VARCHAR", "As typed by the customer."),
        _column(
            "birth_date", "DATE", "As given; implausible dates are kept here and ignored later."
        ),
        _column("language", "VARCHAR", "BCP 47, such as es-MX."),
        _column("timezone", "VARCHAR", "IANA zone from the customer's profile."),
        _column("country", "VARCHAR", "ISO 3166-1 alpha-2."),
        _column("region", "VARCHAR", "State or province, the shop's code."),
        _column("postal_code", "VARCHAR", "As given."),
        _column("preferred_channel", "VARCHAR", "email, sms, whatsapp, or nothing."),
        _column("signed_up_at", "TIMESTAMPTZ", "When the account was made.", required=True),
        _UPDATED,
    ),
)

ORDERS = Dataset(
    name="orders",
    meaning="Orders with their present status.",
    key=("order_id",),
    columns=(
        _column("order_id", "VARCHAR", "The shop's id of the order.", required=True),
        _column("customer_id", "VARCHAR", "Who ordered.", required=True),
        _column("ordered_at", "TIMESTAMPTZ", "When the order was placed.", required=True),
        _column(
            "status", "VARCHAR", "placed, shipped, delivered, cancelled or refunded.", required=True
        ),
        _column("delivered_at", "TIMESTAMPTZ", "When the order arrived; empty before."),
        _column(
            "return_state",
            "VARCHAR",
            "open or closed when something is being sent back; else empty.",
        ),
        _column("currency", "VARCHAR", "ISO 4217.", required=True),
        _column(
            "discount", "DECIMAL(12,2)", "What was taken off, as a positive figure.", required=True
        ),
        _column(
            "total", "DECIMAL(12,2)", "What the customer paid, after the discount.", required=True
        ),
        _UPDATED,
    ),
)

ORDER_LINES = Dataset(
    name="order_lines",
    meaning="What was in each order.",
    key=("order_id", "line_no"),
    columns=(
        _column("order_id", "VARCHAR", "The order.", required=True),
        _column("line_no", "INTEGER", "1, 2, 3 … within the order.", required=True),
        _column("product_id", "VARCHAR", "What was bought.", required=True),
        _column("quantity", "BIGINT", "How many, in the shop's unit.", required=True),
        _column(
            "amount", "DECIMAL(12,2)", "What was paid for the line, after discounts.", required=True
        ),
        _UPDATED,
    ),
)

PRODUCTS = Dataset(
    name="products",
    meaning="The shop's range.",
    key=("product_id",),
    columns=(
        _column("product_id", "VARCHAR", "The shop's id of the product.", required=True),
        _column("name", "VARCHAR", "As shown to customers.", required=True),
        _column("category", "VARCHAR", "As shown to customers."),
        _column("department", "VARCHAR", "The part of the shop it belongs to."),
        _column("price", "DECIMAL(12,2)", "Present price in the shop's currency."),
        _column("url", "VARCHAR", "The product's page."),
        _UPDATED,
    ),
)

POINTS_ENTRIES = Dataset(
    name="points_entries",
    meaning="The loyalty account, entry by entry.",
    key=("entry_id",),
    columns=(
        _column("entry_id", "VARCHAR", "The shop's id of the entry.", required=True),
        _column("customer_id", "VARCHAR", "Whose account.", required=True),
        _column("kind", "VARCHAR", "earned, redeemed, expired or adjusted.", required=True),
        _column("points", "BIGINT", "Added (positive) or taken (negative).", required=True),
        _column("happened_at", "TIMESTAMPTZ", "When.", required=True),
        _column("expires_on", "DATE", "Last day on which earned points can be used."),
        _column("order_id", "VARCHAR", "The order that earned or used them."),
        _UPDATED,
    ),
)

CONSENTS = Dataset(
    name="consents",
    meaning="What customers agreed to and took back; append-only, the latest entry holds.",
    key=("consent_id",),
    columns=(
        _column("consent_id", "VARCHAR", "The shop's id of the entry.", required=True),
        _column("customer_id", "VARCHAR", "Who.", required=True),
        _column("channel", "VARCHAR", "email, sms or whatsapp.", required=True),
        _column("topic", "VARCHAR", "offers, loyalty or feedback.", required=True),
        _column("state", "VARCHAR", "granted or withdrawn.", required=True),
        _column("happened_at", "TIMESTAMPTZ", "When.", required=True),
        _column("source", "VARCHAR", "Where it was given: signup, checkout, form, import …"),
        _UPDATED,
    ),
)

SHOP_DATASETS: dict[str, Dataset] = {
    d.name: d for d in (CUSTOMERS, ORDERS, ORDER_LINES, PRODUCTS, POINTS_ENTRIES, CONSENTS)
}

CONTACTS = Dataset(
    name="contacts",
    meaning="Where and when each customer can be reached: addresses in normal form, and the clock.",
    key=("customer_id",),
    columns=(
        _column("customer_id", "VARCHAR", "The account.", required=True),
        _column("first_name", "VARCHAR", "Fit to greet with; empty when it is not a name."),
        _column("email", "VARCHAR", "Normal form; empty when there is none or it is bad."),
        _column(
            "email_key",
            "VARCHAR",
            "Keyed hash of the normal form: the same for every account that has it.",
        ),
        _column("email_problem", "VARCHAR", "Why the address cannot be used; empty when it can."),
        _column("phone", "VARCHAR", "E.164; empty when there is none or it is bad."),
        _column("phone_key", "VARCHAR", "Keyed hash of the E.164 number."),
        _column("phone_problem", "VARCHAR", "Why the number cannot be used; empty when it can."),
        _column("zone", "VARCHAR", "IANA zone the customer lives by.", required=True),
        _column("zone_source", "VARCHAR", "profile, address, phone or shop.", required=True),
        _column(
            "other_zones",
            "VARCHAR",
            "Further zones that the customer may live by, between blanks; empty when there is no doubt.",
        ),
        _column("country", "VARCHAR", "ISO 3166-1: whose rules hold.", required=True),
        _column("country_source", "VARCHAR", "address, phone or shop.", required=True),
        _column("region", "VARCHAR", "Region of the country; empty when it may be any."),
        _column(
            "updated_at",
            "TIMESTAMPTZ",
            "Version of the customer row this was made from.",
            required=True,
        ),
    ),
)

PREFERENCES = Dataset(
    name="preferences",
    meaning="What customers told us about themselves, by way of links, as it was said before the day began.",
    key=("customer_id", "preference"),
    columns=(
        _column("customer_id", "VARCHAR", "The account that said so.", required=True),
        _column("person_id", "VARCHAR", "The person it belonged to then.", required=True),
        _column("preference", "VARCHAR", "language, birth_date or paused_until.", required=True),
        _column("value", "VARCHAR", "What was chosen; empty when it was taken back."),
        _column("since", "TIMESTAMPTZ", "When it was said.", required=True),
    ),
)

CUSTOMER_FEATURES = Dataset(
    name="customer_features",
    meaning="One row a customer: where each of them stands at 00:00 of the day in the shop's zone. No names, no addresses.",
    key=("customer_id",),
    columns=(
        _column("customer_id", "VARCHAR", "The account.", required=True),
        _column(
            "person_id",
            "VARCHAR",
            "Smallest customer_id among the accounts that share an email address or phone.",
            required=True,
        ),
        _column("language", "VARCHAR", "BCP 47, as the shop has it."),
        _column("country", "VARCHAR", "ISO 3166-1 alpha-2."),
        _column("region", "VARCHAR", "State or province."),
        _column("zone", "VARCHAR", "IANA zone the customer lives by."),
        _column("zone_source", "VARCHAR", "profile, address, phone or shop."),
        _column("preferred_channel", "VARCHAR", "email, sms, whatsapp or nothing."),
        _column(
            "birth_date",
            "DATE",
            "Empty when implausible (before 1901, in the future, older than 110).",
        ),
        _column("age_years", "INTEGER", "Full years on the day."),
        _column(
            "age_band", "VARCHAR", "18-24, 25-34, 35-44, 45-54, 55-64 or 65+; empty when not known."
        ),
        _column("signed_up_on", "DATE", "Day of the account."),
        _column("customer_for_days", "INTEGER", "Days since signed_up_on."),
        _column(
            "orders", "INTEGER", "Orders that count: neither cancelled nor refunded.", required=True
        ),
        _column(
            "revenue",
            "DECIMAL(18,2)",
            "Sum of their totals, in the shop's currency.",
            required=True,
        ),
        _column(
            "average_order_value",
            "DECIMAL(18,2)",
            "revenue / orders paid in that currency, to the cent; empty without.",
        ),
        _column("first_order_on", "DATE", "Day of the first order that counts."),
        _column("last_order_on", "DATE", "Day of the last order that counts."),
        _column("last_order_id", "VARCHAR", "The last order that counts."),
        _column("recency_days", "INTEGER", "Days from last_order_on to the day."),
        _column("order_gaps", "INTEGER", "Gaps between days with an order.", required=True),
        _column(
            "usual_gap_days",
            "DOUBLE",
            "Median gap between days with an order; empty when fewer than two gaps.",
        ),
        _column("gap_spread_days", "DOUBLE", "Interquartile range of the gaps."),
        _column(
            "silence_ratio",
            "DOUBLE",
            "recency_days / usual_gap_days; with fewer than two gaps, recency_days / (shop's median gap × 3 / 2.3).",
        ),
        _column(
            "lapsed_on",
            "DATE",
            "First day on which silence_ratio reached 2.3, were there no further order.",
        ),
        _column("orders_30d", "INTEGER", "Orders in the last 30 days.", required=True),
        _column("orders_90d", "INTEGER", "Orders in the last 90 days.", required=True),
        _column("orders_365d", "INTEGER", "Orders in the last 365 days.", required=True),
        _column("revenue_30d", "DECIMAL(18,2)", "Their totals.", required=True),
        _column("revenue_90d", "DECIMAL(18,2)", "Their totals.", required=True),
        _column("revenue_365d", "DECIMAL(18,2)", "Their totals.", required=True),
        _column("refunds", "INTEGER", "Orders that were refunded.", required=True),
        _column("refund_rate", "DOUBLE", "refunds / (orders + refunds); empty when neither."),
        _column(
            "discount_share",
            "DOUBLE",
            "discount / (revenue + discount) over the orders that count.",
        ),
        _column(
            "favourite_category",
            "VARCHAR",
            "Category on most order lines of the last 365 days, the discreet departments left out; ties by name.",
        ),
        _column(
            "favourite_product_id",
            "VARCHAR",
            "Product on most order lines of the last 365 days, the discreet departments left out; ties by id.",
        ),
        _column("favourite_product", "VARCHAR", "Its name."),
        _column("last_delivered_order_id", "VARCHAR", "The order delivered last."),
        _column("last_delivered_on", "DATE", "Day of that delivery."),
        _column(
            "usual_order_hour",
            "INTEGER",
            "Most common hour of ordering on the customer's clock, 0–23; ties to the earlier.",
        ),
        _column("points_balance", "BIGINT", "Points that can be used on the day.", required=True),
        _column(
            "points_expiring", "BIGINT", "Points in lots that expire within 30 days.", required=True
        ),
        _column("points_expire_on", "DATE", "Last day of the earliest of those lots."),
        _column(
            "reward_points",
            "BIGINT",
            "Largest reward step that the balance reaches; 0 when none.",
            required=True,
        ),
        _column(
            "reward_reached_on",
            "DATE",
            "Day on which the balance last came from below to that step.",
        ),
        _column(
            "stage",
            "VARCHAR",
            "prospect, new, active, at_risk, lapsed, won_back or lost.",
            required=True,
        ),
        _column(
            "recency_score",
            "INTEGER",
            "Quintile of recency, 5 is the most recent; empty for prospects.",
        ),
        _column("frequency_score", "INTEGER", "Quintile of orders in 365 days, 5 is the most."),
        _column("monetary_score", "INTEGER", "Quintile of revenue in 365 days, 5 is the most."),
        _column("rfm_cell", "VARCHAR", "Named cell of the RFM grid; empty for prospects."),
    ),
)

MEMBERSHIPS = Dataset(
    name="memberships",
    meaning="Who is in which campaign's audience on the day, with the occasion and the facts that made it so.",
    key=("campaign", "customer_id", "occasion"),
    columns=(
        _column("campaign", "VARCHAR", "Name of the campaign file.", required=True),
        _column("customer_id", "VARCHAR", "The account.", required=True),
        _column("person_id", "VARCHAR", "The person behind the account.", required=True),
        _column(
            "occasion",
            "VARCHAR",
            "What makes it the same event: birthday year, last order id, expiry date, order id.",
            required=True,
        ),
        _column(
            "open_until",
            "DATE",
            "Last day, on the customer's clock, on which the occasion may be answered; empty while the rule holds.",
        ),
        _column(
            "why",
            "VARCHAR",
            "JSON object of the facts behind the membership; no personal data.",
            required=True,
        ),
    ),
)

DECISIONS = Dataset(
    name="decisions",
    meaning="The plan: exactly one outcome for every member of a campaign's audience on the day. Dispatch reads nothing else.",
    key=("campaign", "customer_id", "occasion"),
    columns=(
        _column("campaign", "VARCHAR", "Name of the campaign file.", required=True),
        _column("customer_id", "VARCHAR", "The account.", required=True),
        _column("person_id", "VARCHAR", "The person behind the account.", required=True),
        _column("occasion", "VARCHAR", "See memberships.", required=True),
        _column("step", "INTEGER", "Step of the campaign, from 1.", required=True),
        _column("template", "VARCHAR", "Words of that step.", required=True),
        _column("outcome", "VARCHAR", "send, defer, skip or hold_out.", required=True),
        _column("reason", "VARCHAR", "From the closed list; empty for send and hold_out."),
        _column("detail", "VARCHAR", "What exactly: a field's name, a date; no personal data."),
        _column(
            "message_key",
            "VARCHAR",
            "Hash of campaign, step, customer and occasion; the ledger's key.",
            required=True,
        ),
        _column("channel", "VARCHAR", "email, sms or whatsapp; empty when none may be used."),
        _column("address", "VARCHAR", "Normal form; only where the outcome is send."),
        _column("address_key", "VARCHAR", "Keyed hash of the address."),
        _column("locale", "VARCHAR", "Language of the words.", required=True),
        _column("zone", "VARCHAR", "The customer's clock.", required=True),
        _column("zone_source", "VARCHAR", "profile, address, phone or shop.", required=True),
        _column("local_day", "DATE", "The day on the customer's clock.", required=True),
        _column("send_at", "TIMESTAMPTZ", "Not before."),
        _column("expires_at", "TIMESTAMPTZ", "Not at or after."),
        _column(
            "values",
            "VARCHAR",
            "JSON object of the personal values that the words need; only for send.",
        ),
        _column(
            "segments",
            "INTEGER",
            "SMS segments after merging; 0 for other channels; only for send.",
        ),
        _column(
            "cost", "DECIMAL(12,4)", "Price of the message in the shop's currency; only for send."
        ),
        _column("shard", "INTEGER", "Which dispatch task sends it; only for send."),
        _column("why", "VARCHAR", "JSON object of the facts behind the membership.", required=True),
    ),
)

DERIVED_DATASETS: dict[str, Dataset] = {
    d.name: d for d in (CONTACTS, PREFERENCES, CUSTOMER_FEATURES, MEMBERSHIPS, DECISIONS)
}
