"""Walls that the kernel puts around a process, one file each; each tells whether it stands.

A layer is a module with `NAME`, `raise_it(...)`, which puts the wall up for this process and for good, and gives its name with a
version where it has one ("landlock7"), or None where this kernel has no such wall.
"""
