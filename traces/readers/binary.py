"""binary: records of a layout that the user describes, by a format string and column numbers."""

from __future__ import annotations

from sim.core.errors import InputError
from sim.core.trace import Trace
from traces.records import Records, layout, read_trace
from traces.source import Source

ENDINGS: tuple[str, ...] = ()


def read(
    source: Source,
    *,
    record: str,
    obj_id_col: int,
    time_col: int | None = None,
    obj_size_col: int | None = None,
    op_col: int | None = None,
    ttl_col: int | None = None,
    tenant_col: int | None = None,
    next_access_col: int | None = None,
    header_bytes: int = 0,
    allow_truncated: bool = False,
    skip_zero_size: bool = False,
) -> Trace:
    """Reads little-endian records without padding.

    Args:
        source: the file.
        record: format of one record in the letters of module `struct`, e.g. "<IIIHHQQ".
        obj_id_col: the column of the ids, an integer one; columns are counted from 1.
        time_col, obj_size_col, op_col, ttl_col, tenant_col: columns of what else is wanted, in seconds and bytes.
        next_access_col: a column to hold against the ids, see `NextAccess`.
        header_bytes: what to skip before the first record.
        allow_truncated: drop a last record that is cut short, and say so.
        skip_zero_size: drop requests of size 0, and say so.

    Returns:
        A column `page` (int32) and those asked for; table `pages` (int64 or uint64).

    Raises:
        InputError: the format or a column number is not usable, or the file does not fit them.
    """
    if header_bytes < 0:
        raise InputError(f"option header_bytes must be at least 0, got {header_bytes}")
    columns = {
        "id": obj_id_col,
        "time_s": time_col,
        "size_bytes": obj_size_col,
        "op": op_col,
        "ttl_s": ttl_col,
        "tenant": tenant_col,
        "next_access": next_access_col,
    }
    fields = layout(record, {name: column for name, column in columns.items() if column is not None})
    file = source.open()
    file.read(header_bytes)
    records = Records(source, fields, file=file, allow_truncated=allow_truncated)
    return read_trace(records, skip_zero_size=skip_zero_size, format="binary")
