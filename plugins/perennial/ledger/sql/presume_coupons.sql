-- The coupons of messages that were known and are presumed sent may be in people's hands. What has a coupon keeps it,
-- and so does another message that has this one.
with coupons as ($coupons)
update messages set
    coupon_code = coupons.coupon_code,
    coupon_kind = coupons.coupon_kind,
    coupon_value = coupons.coupon_value,
    coupon_expires_on = coupons.coupon_expires_on
from coupons
where messages.key = coupons.key
  and messages.coupon_code is null
  and not exists (
      select 1
      from messages as other
      where other.coupon_code = coupons.coupon_code
  )
