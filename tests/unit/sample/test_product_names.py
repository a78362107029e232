from __future__ import annotations

import re

import pytest

from perennial.sample.baskets import TillProduct, read_products
from perennial.sample.product_names import ShelfWords, readable_size, readable_type, shelf_words

IN_CAPITALS = {"DVD", "VHS", "BBQ", "DIY", "SPF"}


@pytest.fixture(scope="module")
def till() -> list[TillProduct]:
    return read_products()


@pytest.fixture(scope="module")
def shelf(till: list[TillProduct]) -> list[ShelfWords]:
    return [
        shelf_words(
            p.department,
            p.product_category,
            p.product_type,
            p.package_size,
            own_brand=p.brand == "Private",
        )
        for p in till
    ]


@pytest.mark.parametrize(
    ("category", "type_", "size", "name"),
    [
        ("FRZN ICE", "ICE - CRUSHED/CUBED", "22 LB", "Crushed / cubed ice, 22 lb"),
        ("EGGS", "EGGS - X-LARGE", "1 DZ", "Extra-large eggs, 1 dozen"),
        ("FLUID MILK PRODUCTS", "FLUID MILK WHITE ONLY", "GAL", "Milk, 1 gal"),
        ("APPLES", "APPLES GALA (BULK&BAG)", None, "Gala apples"),
        ("GRAPES", "GRAPES BLACK/BLUE", None, "Black / blue grapes"),
        ("FRZN POTATOES", "FRZN FRENCH FRIES", "32 OZ", "Frozen French fries, 32 oz"),
        ("BAKING MIXES", "BROWNIE MIX", "19.5 OZ", "Brownie mix, 19.5 oz"),
        ("ICE CREAM/MILK/SHERBTS", "PREMIUM", "56 OZ", "Premium ice cream, 56 oz"),
        ("PASTA SAUCE", "VALUE", None, "Value pasta sauce"),
        ("MAGAZINE", "FOOD-MAGAZINE", None, "Food magazine"),
        ("DELI MEATS", "MEAT:HAM BULK", None, "Sliced deli ham"),
        ("DRIED FRUIT", "DRIED FRUIT - OTHER", None, "Dried fruit"),
        ("HOT CEREAL", "OTHER HOT CEREAL", None, "Hot cereal"),
        ("MAKEUP AND TREATMENT", "COVERGIRL", None, "CoverGirl makeup"),
        ("SHAVING CARE PRODUCTS", "MENS SKIN CARE/COLOGNE", None, "Men's skin care / cologne"),
    ],
)
def test_the_tills_shorthand_becomes_a_name(
    category: str, type_: str, size: str | None, name: str
) -> None:
    assert shelf_words("GROCERY", category, type_, size, own_brand=False).name == name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("PREP FD: DESSERTS (COLD)", "Desserts prepared food"),
        ("CHOC CVRD PRETZELS W/ SALT", "Chocolate cvrd pretzels with salt"),
        ("CANDY W/O FLOUR", "Candy without flour"),
        ("CHILDREN S MUSICAL INSTRUMENTS", "Children's musical instruments"),
        ("SEAFOOD-FRE-SMOKED", "Smoked fresh seafood"),
        ("FRZN CONC (OVER 50% JUI", "Frozen concentrate"),
        ("HERBS & SPICES", "Herbs & spices"),
        ("SUNGLASSES KIDS", "Kids' sunglasses"),
    ],
)
def test_a_type_that_nobody_wrote_a_name_for_is_expanded(raw: str, name: str) -> None:
    assert readable_type(raw) == name


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        ("12 OZ", "12 oz"),
        ("1/2 GAL", "1/2 gal"),
        (".5 L", "0.5 liter"),
        ("12.0 OZ", "12 oz"),
        ("6PK12 OZ", "6 x 12 oz"),
        ("12 OZ12 PK", "12 x 12 oz"),
        ("24/16.9 OZ", "24 x 16.9 oz"),
        ("8 CT/11 OZ", "8 count, 11 oz"),
        ("20 OZ BTL", "20 oz"),
        ("GAL", "1 gal"),
        ("100 SQ FT", "100 sq ft"),
        ("1 CT", None),
        ("3/4 OZ", "3/4 oz"),
        ("0 OZ", None),
        ("CTN", None),
        ("AB    8 OZ", None),
        ("", None),
        (None, None),
    ],
)
def test_a_size_is_shown_when_it_is_a_clean_measure(raw: str | None, size: str | None) -> None:
    assert readable_size(raw) == size


def test_the_own_brand_goes_before_goods_but_not_before_produce_or_services() -> None:
    def named(category: str, type_: str) -> str:
        return shelf_words("GROCERY", category, type_, None, own_brand=True).name

    assert named("BAG SNACKS", "POTATO CHIPS") == "Juniper & Rye potato chips"
    assert named("HISPANIC", "MEXICAN SEASONING MIXES") == "Juniper & Rye Mexican seasoning mix"
    assert named("APPLES", "APPLES GALA (BULK&BAG)") == "Gala apples"
    assert named("COUPON/MISC ITEMS", "GASOLINE-REG UNLEADED") == "Regular unleaded gasoline"


@pytest.mark.parametrize(
    ("category", "type_"),
    [
        ("COUPON/MISC ITEMS", "GASOLINE-REG UNLEADED"),
        ("FUEL", "GASOLINE-REG UNLEADED"),
        ("SMOKED MEATS", "MISC SALES TRANS"),
        ("COUPONS/STORE & MFG", "COUPONS/STORE & MFG"),
        ("IN-STORE PHOTOFINISHING", "ONE HOUR PROCESSING"),
        (None, None),
    ],
)
def test_what_is_no_product_is_a_service(category: str | None, type_: str | None) -> None:
    words = shelf_words("MISCELLANEOUS", category, type_, None, own_brand=False)
    assert words.department == "Services"


def test_few_of_the_range_are_services_and_none_of_them_is_eaten(
    till: list[TillProduct], shelf: list[ShelfWords]
) -> None:
    services = {
        product.product_type
        for product, words in zip(till, shelf, strict=True)
        if words.department == "Services"
    }
    assert {"GASOLINE-REG UNLEADED", "ELECTRONIC GIFT CARDS ACTIVATI"} <= services
    assert not services & {"BANANAS", "POTATO CHIPS", "CHOCOLATE MILK", "EGGS - LARGE"}
    assert 500 < sum(words.department == "Services" for words in shelf) < 1500


def test_no_name_of_the_whole_range_shouts(shelf: list[ShelfWords]) -> None:
    texts = {
        text for words in shelf for text in (words.name, words.category or "", words.department)
    }
    shouted = {word for text in texts for word in re.findall(r"\b[A-Z]{3,}\b", text)}
    assert shouted <= IN_CAPITALS


def test_every_name_of_the_whole_range_is_fit_for_a_sentence(shelf: list[ShelfWords]) -> None:
    for words in shelf:
        assert re.fullmatch(r"[A-Z0-9][\x20-\x7e]*[\w)]", words.name), words.name
        assert "  " not in words.name
        assert 2 < len(words.name) <= 64


def test_every_category_of_the_range_has_words_of_its_own(
    till: list[TillProduct], shelf: list[ShelfWords]
) -> None:
    for product, words in zip(till, shelf, strict=True):
        assert (words.category is not None) or product.product_category is None


def test_an_unknown_type_in_an_unknown_category_is_still_readable() -> None:
    words = shelf_words("GROCERY", "NEW THINGS", "FRZN NEW THING", None, own_brand=False)
    assert words == ShelfWords(name="Frozen new thing", category=None, department="Pantry")
