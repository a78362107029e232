select
    'O' || lpad(draws.rowid::varchar, 11, '0') as order_id,
    lines.line_no,
    lines.product_id,
    lines.quantity,
    lines.amount,
    draws.ordered_at as updated_at
from draws
join lines using (basket_no)
