"""What a request does to its page, as codes for the column `op`."""

from enum import IntEnum


class Operation(IntEnum):
    """Operations of key-value and block traces; the codes are libCacheSim's."""

    NOP = 0
    GET = 1
    GETS = 2
    SET = 3
    ADD = 4
    CAS = 5
    REPLACE = 6
    APPEND = 7
    PREPEND = 8
    DELETE = 9
    INCR = 10
    DECR = 11
    READ = 12
    WRITE = 13
    UPDATE = 14
