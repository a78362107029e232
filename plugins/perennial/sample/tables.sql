-- The sample shop's own database: times are text in UTC, money is in cents, as many a shop keeps them.

create table customers (
    customer_id text primary key,
    first_name text,
    last_name text,
    email text,
    phone text,
    birth_date text,
    language text,
    timezone text,
    country text,
    region text,
    postal_code text,
    preferred_channel text,
    signed_up_at text not null,
    updated_at text not null
) without rowid;

create table products (
    product_id text primary key,
    name text not null,
    category text,
    department text not null,
    price_cents integer,
    url text not null,
    updated_at text not null
) without rowid;

create table orders (
    order_id text primary key,
    customer_id text not null references customers,
    ordered_at text not null,
    status text not null,
    delivered_at text,
    return_state text,
    currency text not null,
    discount_cents integer not null,
    total_cents integer not null,
    updated_at text not null
) without rowid;

-- Append-only: an order as it stood at any moment can be read from here.
create table order_status_changes (
    order_id text not null references orders,
    changed_at text not null,
    status text not null,
    return_state text,
    updated_at text not null,
    primary key (order_id, changed_at)
) without rowid;

-- No reference to products: the till sold a few that were never entered there.
create table order_lines (
    order_id text not null references orders,
    line_no integer not null,
    product_id text not null,
    quantity integer not null,
    amount_cents integer not null,
    updated_at text not null,
    primary key (order_id, line_no)
) without rowid;

create table points_entries (
    entry_id text primary key,
    customer_id text not null references customers,
    kind text not null,
    points integer not null,
    happened_at text not null,
    expires_on text,
    order_id text references orders,
    updated_at text not null
) without rowid;

-- Days on which the shop is closed, on its own clock.
create table closed_days (
    day text primary key
) without rowid;

create table consents (
    consent_id text primary key,
    customer_id text not null references customers,
    channel text not null,
    topic text not null,
    state text not null,
    happened_at text not null,
    source text not null,
    updated_at text not null
) without rowid;
