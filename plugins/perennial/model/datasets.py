"""The contracts of the lake: every dataset's columns, types, units and keys, in one place.

Types are DuckDB's. TIMESTAMPTZ columns are instants, stored in UTC; DATE columns named `…_on` are calendar dates in
the shop's zone unless they say otherwise; money is DECIMAL in the row's or the shop's currency.
"""

from __future__ import annotations

from dataclasses import dataclass

_INSTANT = "instant, UTC"
_WITHOUT_UNIT = ("VARCHAR", "BOOLEAN")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a dataset; `unit` is what a number counts, or on whose clock a date is."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    required: bool = False

    def __post_init__(self) -> None:
        """Sets the zone of an instant, which is the same everywhere.

        Raises:
            ValueError: a number does not say what it counts, or a date on whose clock it is.
        """
        if self.type == "TIMESTAMPTZ":
            object.__setattr__(self, "unit", _INSTANT)
        if not self.unit and self.type not in _WITHOUT_UNIT:
            msg = f"The column {self.name} must say its unit, or its zone."
            raise ValueError(msg)


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


def column(
    name: str, type_: str, meaning: str, *, unit: str = "", required: bool = False
) -> Column:
    """A column, in one line."""
    return Column(name=name, type=type_, meaning=meaning, unit=unit, required=required)


_UPDATED = column(
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
        column(
            "customer_id",
            "VARCHAR",
            "The shop's id of the account; text, so that zeros in front survive.",
            required=True,
        ),
        column("first_name", "VARCHAR", "As typed by the customer."),
        column("last_name", "VARCHAR", "As typed by the customer."),
        column("email", "VARCHAR", "As typed by the customer."),
        column("phone", "VARCHAR", "As typed by the customer."),
        column(
            "birth_date",
            "DATE",
            "As given; implausible dates are kept here and ignored later.",
            unit="date, no zone",
        ),
        column("language", "VARCHAR", "BCP 47, such as es-MX."),
        column("timezone", "VARCHAR", "IANA zone from the customer's profile."),
        column("country", "VARCHAR", "ISO 3166-1 alpha-2."),
        column("region", "VARCHAR", "State or province, the shop's code."),
        column("postal_code", "VARCHAR", "As given."),
        column("preferred_channel", "VARCHAR", "email, sms, whatsapp, or nothing."),
        column("signed_up_at", "TIMESTAMPTZ", "When the account was made.", required=True),
        _UPDATED,
    ),
)

ORDERS = Dataset(
    name="orders",
    meaning="Orders with their present status.",
    key=("order_id",),
    columns=(
        column("order_id", "VARCHAR", "The shop's id of the order.", required=True),
        column("customer_id", "VARCHAR", "Who ordered.", required=True),
        column("ordered_at", "TIMESTAMPTZ", "When the order was placed.", required=True),
        column(
            "status", "VARCHAR", "placed, shipped, delivered, cancelled or refunded.", required=True
        ),
        column("delivered_at", "TIMESTAMPTZ", "When the order arrived; empty before."),
        column(
            "return_state",
            "VARCHAR",
            "open or closed when something is being sent back; else empty.",
        ),
        column("currency", "VARCHAR", "ISO 4217.", required=True),
        column(
            "discount",
            "DECIMAL(12,2)",
            "What was taken off, as a positive figure.",
            unit="the row's currency",
            required=True,
        ),
        column(
            "total",
            "DECIMAL(12,2)",
            "What the customer paid, after the discount.",
            unit="the row's currency",
            required=True,
        ),
        _UPDATED,
    ),
)

ORDER_LINES = Dataset(
    name="order_lines",
    meaning="What was in each order.",
    key=("order_id", "line_no"),
    columns=(
        column("order_id", "VARCHAR", "The order.", required=True),
        column(
            "line_no", "INTEGER", "1, 2, 3 … within the order.", unit="number from 1", required=True
        ),
        column("product_id", "VARCHAR", "What was bought.", required=True),
        column(
            "quantity",
            "BIGINT",
            "How many, in the shop's unit.",
            unit="the shop's unit",
            required=True,
        ),
        column(
            "amount",
            "DECIMAL(12,2)",
            "What was paid for the line, after discounts.",
            unit="the order's currency",
            required=True,
        ),
        _UPDATED,
    ),
)

PRODUCTS = Dataset(
    name="products",
    meaning="The shop's range.",
    key=("product_id",),
    columns=(
        column("product_id", "VARCHAR", "The shop's id of the product.", required=True),
        column("name", "VARCHAR", "As shown to customers.", required=True),
        column("category", "VARCHAR", "As shown to customers."),
        column("department", "VARCHAR", "The part of the shop it belongs to."),
        column(
            "price",
            "DECIMAL(12,2)",
            "Present price in the shop's currency.",
            unit="shop's currency",
        ),
        column("url", "VARCHAR", "The product's page."),
        _UPDATED,
    ),
)

POINTS_ENTRIES = Dataset(
    name="points_entries",
    meaning="The loyalty account, entry by entry.",
    key=("entry_id",),
    columns=(
        column("entry_id", "VARCHAR", "The shop's id of the entry.", required=True),
        column("customer_id", "VARCHAR", "Whose account.", required=True),
        column("kind", "VARCHAR", "earned, redeemed, expired or adjusted.", required=True),
        column(
            "points",
            "BIGINT",
            "Added (positive) or taken (negative).",
            unit="points",
            required=True,
        ),
        column("happened_at", "TIMESTAMPTZ", "When.", required=True),
        column(
            "expires_on",
            "DATE",
            "Last day on which earned points can be used.",
            unit="date in the shop's zone",
        ),
        column("order_id", "VARCHAR", "The order that earned or used them."),
        _UPDATED,
    ),
)

CONSENTS = Dataset(
    name="consents",
    meaning="What customers agreed to and took back; append-only, the latest entry holds.",
    key=("consent_id",),
    columns=(
        column("consent_id", "VARCHAR", "The shop's id of the entry.", required=True),
        column("customer_id", "VARCHAR", "Who.", required=True),
        column("channel", "VARCHAR", "email, sms or whatsapp.", required=True),
        column("topic", "VARCHAR", "offers, loyalty or feedback.", required=True),
        column("state", "VARCHAR", "granted or withdrawn.", required=True),
        column("happened_at", "TIMESTAMPTZ", "When.", required=True),
        column("source", "VARCHAR", "Where it was given: signup, checkout, form, import …"),
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
        column("customer_id", "VARCHAR", "The account.", required=True),
        column("first_name", "VARCHAR", "Fit to greet with; empty when it is not a name."),
        column("email", "VARCHAR", "Normal form; empty when there is none or it is bad."),
        column(
            "email_key",
            "VARCHAR",
            "Keyed hash of the normal form: the same for every account that has it.",
        ),
        column("email_problem", "VARCHAR", "Why the address cannot be used; empty when it can."),
        column("phone", "VARCHAR", "E.164; empty when there is none or it is bad."),
        column("phone_key", "VARCHAR", "Keyed hash of the E.164 number."),
        column("phone_problem", "VARCHAR", "Why the number cannot be used; empty when it can."),
        column("zone", "VARCHAR", "IANA zone the customer lives by.", required=True),
        column("zone_source", "VARCHAR", "profile, address, phone or shop.", required=True),
        column(
            "other_zones",
            "VARCHAR",
            "Further zones that the customer may live by, between blanks; empty when there is no doubt.",
        ),
        column("country", "VARCHAR", "ISO 3166-1: whose rules hold.", required=True),
        column("country_source", "VARCHAR", "address, phone or shop.", required=True),
        column("region", "VARCHAR", "Region of the country; empty when it may be any."),
        column(
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
        column("customer_id", "VARCHAR", "The account that said so.", required=True),
        column("person_id", "VARCHAR", "The person it belonged to then.", required=True),
        column("preference", "VARCHAR", "language, birth_date or paused_until.", required=True),
        column("value", "VARCHAR", "What was chosen; empty when it was taken back."),
        column("since", "TIMESTAMPTZ", "When it was said.", required=True),
    ),
)

CUSTOMER_FEATURES = Dataset(
    name="customer_features",
    meaning="One row a customer: where each of them stands at 00:00 of the day in the shop's zone. No names, no addresses.",
    key=("customer_id",),
    columns=(
        column("customer_id", "VARCHAR", "The account.", required=True),
        column(
            "person_id",
            "VARCHAR",
            "Smallest customer_id among the accounts that share an email address or phone.",
            required=True,
        ),
        column("language", "VARCHAR", "BCP 47, as the shop has it."),
        column("country", "VARCHAR", "ISO 3166-1 alpha-2."),
        column("region", "VARCHAR", "State or province."),
        column("zone", "VARCHAR", "IANA zone the customer lives by."),
        column("zone_source", "VARCHAR", "profile, address, phone or shop."),
        column("preferred_channel", "VARCHAR", "email, sms, whatsapp or nothing."),
        column(
            "birth_date",
            "DATE",
            "Empty when implausible (before 1901, in the future, older than 110).",
            unit="date, no zone",
        ),
        column("age_years", "INTEGER", "Full years on the day.", unit="years"),
        column(
            "age_band", "VARCHAR", "18-24, 25-34, 35-44, 45-54, 55-64 or 65+; empty when not known."
        ),
        column("signed_up_on", "DATE", "Day of the account.", unit="date in the shop's zone"),
        column("customer_for_days", "INTEGER", "Days since signed_up_on.", unit="days"),
        column(
            "orders",
            "INTEGER",
            "Orders that count: neither cancelled nor refunded.",
            unit="orders",
            required=True,
        ),
        column(
            "revenue",
            "DECIMAL(18,2)",
            "Sum of their totals, in the shop's currency.",
            unit="shop's currency",
            required=True,
        ),
        column(
            "average_order_value",
            "DECIMAL(18,2)",
            "revenue / orders paid in that currency, to the cent; empty without.",
            unit="shop's currency",
        ),
        column(
            "first_order_on",
            "DATE",
            "Day of the first order that counts.",
            unit="date in the shop's zone",
        ),
        column(
            "last_order_on",
            "DATE",
            "Day of the last order that counts.",
            unit="date in the shop's zone",
        ),
        column("last_order_id", "VARCHAR", "The last order that counts."),
        column("recency_days", "INTEGER", "Days from last_order_on to the day.", unit="days"),
        column(
            "order_gaps", "INTEGER", "Gaps between days with an order.", unit="gaps", required=True
        ),
        column(
            "usual_gap_days",
            "DOUBLE",
            "Median gap between days with an order; empty when fewer than two gaps.",
            unit="days",
        ),
        column("gap_spread_days", "DOUBLE", "Interquartile range of the gaps.", unit="days"),
        column(
            "silence_ratio",
            "DOUBLE",
            "recency_days / usual_gap_days; with fewer than two gaps, recency_days / (shop's median gap × 3 / 2.3).",
            unit="ratio",
        ),
        column(
            "lapsed_on",
            "DATE",
            "First day on which silence_ratio reached 2.3, were there no further order.",
            unit="date in the shop's zone",
        ),
        column(
            "orders_30d", "INTEGER", "Orders in the last 30 days.", unit="orders", required=True
        ),
        column(
            "orders_90d", "INTEGER", "Orders in the last 90 days.", unit="orders", required=True
        ),
        column(
            "orders_365d", "INTEGER", "Orders in the last 365 days.", unit="orders", required=True
        ),
        column(
            "revenue_30d", "DECIMAL(18,2)", "Their totals.", unit="shop's currency", required=True
        ),
        column(
            "revenue_90d", "DECIMAL(18,2)", "Their totals.", unit="shop's currency", required=True
        ),
        column(
            "revenue_365d", "DECIMAL(18,2)", "Their totals.", unit="shop's currency", required=True
        ),
        column("refunds", "INTEGER", "Orders that were refunded.", unit="orders", required=True),
        column(
            "refund_rate",
            "DOUBLE",
            "refunds / (orders + refunds); empty when neither.",
            unit="share, 0 to 1",
        ),
        column(
            "discount_share",
            "DOUBLE",
            "discount / (revenue + discount) over the orders that count.",
            unit="share, 0 to 1",
        ),
        column(
            "favourite_category",
            "VARCHAR",
            "Category on most order lines of the last 365 days, the discreet departments left out; ties by name.",
        ),
        column(
            "favourite_product_id",
            "VARCHAR",
            "Product on most order lines of the last 365 days, the discreet departments left out; ties by id.",
        ),
        column("favourite_product", "VARCHAR", "Its name."),
        column("last_delivered_order_id", "VARCHAR", "The order delivered last."),
        column(
            "last_delivered_on", "DATE", "Day of that delivery.", unit="date in the shop's zone"
        ),
        column(
            "usual_order_hour",
            "INTEGER",
            "Most common hour of ordering on the customer's clock, 0–23; ties to the earlier.",
            unit="hour on the customer's clock, 0 to 23",
        ),
        column(
            "points_balance",
            "BIGINT",
            "Points that can be used on the day.",
            unit="points",
            required=True,
        ),
        column(
            "points_expiring",
            "BIGINT",
            "Points in lots that expire within 30 days.",
            unit="points",
            required=True,
        ),
        column(
            "points_expire_on",
            "DATE",
            "Last day of the earliest of those lots.",
            unit="date in the shop's zone",
        ),
        column(
            "reward_points",
            "BIGINT",
            "Largest reward step that the balance reaches; 0 when none.",
            unit="points",
            required=True,
        ),
        column(
            "reward_reached_on",
            "DATE",
            "Day on which the balance last came from below to that step.",
            unit="date in the shop's zone",
        ),
        column(
            "stage",
            "VARCHAR",
            "prospect, new, active, at_risk, lapsed, won_back or lost.",
            required=True,
        ),
        column(
            "recency_score",
            "INTEGER",
            "Quintile of recency, 5 is the most recent; empty for prospects.",
            unit="quintile, 1 to 5",
        ),
        column(
            "frequency_score",
            "INTEGER",
            "Quintile of orders in 365 days, 5 is the most.",
            unit="quintile, 1 to 5",
        ),
        column(
            "monetary_score",
            "INTEGER",
            "Quintile of revenue in 365 days, 5 is the most.",
            unit="quintile, 1 to 5",
        ),
        column("rfm_cell", "VARCHAR", "Named cell of the RFM grid; empty for prospects."),
    ),
)

MEMBERSHIPS = Dataset(
    name="memberships",
    meaning="Who is in which campaign's audience on the day, with the occasion and the facts that made it so.",
    key=("campaign", "customer_id", "occasion"),
    columns=(
        column("campaign", "VARCHAR", "Name of the campaign file.", required=True),
        column("customer_id", "VARCHAR", "The account.", required=True),
        column("person_id", "VARCHAR", "The person behind the account.", required=True),
        column(
            "occasion",
            "VARCHAR",
            "What makes it the same event: birthday year, last order id, expiry date, order id.",
            required=True,
        ),
        column(
            "open_until",
            "DATE",
            "Last day, on the customer's clock, on which the occasion may be answered; empty while the rule holds.",
            unit="date on the customer's clock",
        ),
        column(
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
        column("campaign", "VARCHAR", "Name of the campaign file.", required=True),
        column("customer_id", "VARCHAR", "The account.", required=True),
        column("person_id", "VARCHAR", "The person behind the account.", required=True),
        column("occasion", "VARCHAR", "See memberships.", required=True),
        column(
            "step", "INTEGER", "Step of the campaign, from 1.", unit="number from 1", required=True
        ),
        column("template", "VARCHAR", "Words of that step.", required=True),
        column("outcome", "VARCHAR", "send, defer, skip or hold_out.", required=True),
        column("reason", "VARCHAR", "From the closed list; empty for send and hold_out."),
        column("detail", "VARCHAR", "What exactly: a field's name, a date; no personal data."),
        column(
            "message_key",
            "VARCHAR",
            "Hash of campaign, step, customer and occasion; the ledger's key.",
            required=True,
        ),
        column("channel", "VARCHAR", "email, sms or whatsapp; empty when none may be used."),
        column("address", "VARCHAR", "Normal form; only where the outcome is send."),
        column("address_key", "VARCHAR", "Keyed hash of the address."),
        column("locale", "VARCHAR", "Language of the words.", required=True),
        column("zone", "VARCHAR", "The customer's clock.", required=True),
        column("zone_source", "VARCHAR", "profile, address, phone or shop.", required=True),
        column(
            "local_day",
            "DATE",
            "The day on the customer's clock.",
            unit="date on the customer's clock",
            required=True,
        ),
        column("send_at", "TIMESTAMPTZ", "Not before."),
        column("expires_at", "TIMESTAMPTZ", "Not at or after."),
        column(
            "values",
            "VARCHAR",
            "JSON object of the personal values that the words need; only for send.",
        ),
        column(
            "segments",
            "INTEGER",
            "SMS segments after merging; 0 for other channels; only for send.",
            unit="SMS segments",
        ),
        column(
            "cost",
            "DECIMAL(12,4)",
            "Price of the message in the shop's currency; only for send.",
            unit="shop's currency",
        ),
        column(
            "shard", "INTEGER", "Which dispatch task sends it; only for send.", unit="number from 0"
        ),
        column("why", "VARCHAR", "JSON object of the facts behind the membership.", required=True),
    ),
)

DERIVED_DATASETS: dict[str, Dataset] = {
    d.name: d for d in (CONTACTS, PREFERENCES, CUSTOMER_FEATURES, MEMBERSHIPS, DECISIONS)
}
