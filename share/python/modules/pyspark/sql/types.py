# SPDX-License-Identifier: Apache-2.0
"""Any name can be imported; see pyspark/__init__.py."""
from awsglue.absent import Absent

__all__ = []


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Absent("pyspark.sql.types.%s" % name)
