"""A small folder of templates that the tests of messages change and break."""

from __future__ import annotations

LAYOUT_MJML = """\
<mjml lang="[[ locale ]]">
  <mj-head><mj-preview>[[ front.preheader ]]</mj-preview></mj-head>
  <mj-body>
    <mj-section><mj-column>
      [% block body %][% endblock %]
      <mj-text>[[ words.reason | format(shop=shop.name, because=front.because) ]]</mj-text>
      <mj-text><a href="{{ unsubscribe_url }}">[[ words.unsubscribe ]]</a></mj-text>
      <mj-text>[[ shop.postal_address ]]</mj-text>
    </mj-column></mj-section>
  </mj-body>
</mjml>
"""
LAYOUT_TXT = """\
[% block body %][% endblock %]
--
[[ words.reason | format(shop=shop.name, because=front.because) ]]
[[ words.unsubscribe ]]: {{ unsubscribe_url }}
[[ shop.postal_address ]]
"""
EN_MJML = """\
---
subject: "Happy birthday{% if first_name %}, {{ first_name }}{% endif %}"
preheader: "{{ offer | offer }} off until {{ coupon_expires_on | day }}"
because: today is your birthday, {{ consented_on | date }} being the day you agreed
---
[% extends "layout.mjml" %]
[% block body %]
<mj-text>Hello{% if first_name %} {{ first_name }}{% endif %}!</mj-text>
<mj-text>{{ coupon_code }}: {{ offer | offer }} until {{ coupon_expires_on | date }}</mj-text>
<mj-raw>{% if product %}</mj-raw>
<mj-text>{{ product.name }}{% if product.price %} {{ product.price | money }}{% endif %}</mj-text>
<mj-raw>{% if product.url %}</mj-raw>
<mj-button href="{{ product.url }}">See it</mj-button>
<mj-raw>{% endif %}</mj-raw>
<mj-raw>{% endif %}</mj-raw>
[% endblock %]
"""
EN_TXT = """\
[% extends "layout.txt" %]
[% block body %]
Hello{% if first_name %} {{ first_name }}{% endif %}!

{% if product %}
One idea: {{ product.name }}
{% endif %}

{{ coupon_code }}: {{ offer | offer }} until {{ coupon_expires_on | date }}
[% endblock %]
"""
EN_SMS = (
    "[[ shop.sms_name ]]: happy birthday{% if first_name %}, {{ first_name }}{% endif %}!"
    " {{ offer | offer }} off: {{ coupon_code }}. [[ words.sms_stop ]]\n"
)
WORDS = {
    "en": "reason: You get this from %(shop)s because %(because)s.\nunsubscribe: Unsubscribe\n"
    "stop_word: STOP\nsms_stop: Reply STOP to opt out\n",
    "es": "reason: Recibes esto de %(shop)s porque %(because)s.\nunsubscribe: Darme de baja\n"
    "stop_word: BAJA\nsms_stop: Responde BAJA\n",
    "ru": "reason: Письмо от %(shop)s, потому что %(because)s.\nunsubscribe: Отписаться\n"
    "stop_word: СТОП\nsms_stop: 'Отписаться: СТОП'\n",
}
FILES = {
    "email/layout.mjml": LAYOUT_MJML,
    "email/layout.txt": LAYOUT_TXT,
    "email/birthday/en.mjml": EN_MJML,
    "email/birthday/en.txt": EN_TXT,
    "sms/birthday/en.txt": EN_SMS,
    "words/en.yaml": WORDS["en"],
}
