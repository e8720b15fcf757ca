# SPDX-License-Identifier: Apache-2.0
"""Transforms work on dynamic frames, which are Spark's."""
from awsglue.absent import Absent

__all__ = ["ApplyMapping", "DropFields", "DropNullFields", "Filter", "FlatMap", "Join", "Map",
           "Relationalize", "RenameField", "ResolveChoice", "SelectFields",
           "SelectFromCollection", "SplitFields", "SplitRows", "Spigot", "UnnestFrame", "Unbox"]

for _name in __all__:
    globals()[_name] = Absent(_name)
