"""Arrays as columns of text for the shop's tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perennial.sample.history import NEVER, Seconds

CUSTOMER_WIDTH, ORDER_WIDTH, PRODUCT_WIDTH = 8, 14, 8


def ids(numbers: npt.NDArray[np.int64], width: int) -> list[str]:
    """Numbers as ids of a width, with the zeros in front that the shop's ids have."""
    texts: list[str] = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0").to_pylist()
    return texts


def stamps(seconds: Seconds) -> list[str | None]:
    """Seconds as 'YYYY-MM-DD HH:MM:SS' in UTC; NEVER as nothing."""
    texts: list[str | None] = (
        pa.array(seconds.astype("datetime64[s]"), mask=seconds == NEVER)
        .cast(pa.string())
        .to_pylist()
    )
    return texts


def stamp(second: int) -> str:
    """One moment as text."""
    return str(np.datetime64(second, "s")).replace("T", " ")
