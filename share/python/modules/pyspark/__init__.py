# SPDX-License-Identifier: Apache-2.0
"""Stands in where pyspark is not installed: contexts and sessions can be made, as nearly every Glue
script does first, and their first real use says what is missing."""
from awsglue.absent import Absent, SparkIsAbsent

__version__ = "absent"


class SparkConf:
    def __init__(self, *args, **kwargs):
        self._values = {}

    def set(self, key, value):
        self._values[key] = value
        return self

    def get(self, key, defaultValue=None):
        return self._values.get(key, defaultValue)

    def setAppName(self, value):
        return self.set("spark.app.name", value)

    def setMaster(self, value):
        return self.set("spark.master", value)

    def setAll(self, pairs):
        self._values.update(pairs)
        return self


class SparkContext:
    is_absent = True
    _active = None

    def __init__(self, *args, **kwargs):
        SparkContext._active = self

    @classmethod
    def getOrCreate(cls, conf=None):
        return cls._active or cls()

    def setLogLevel(self, level):
        pass

    def stop(self):
        SparkContext._active = None

    def __getattr__(self, member):
        if member.startswith("__"):
            raise AttributeError(member)
        return Absent("SparkContext.%s" % member)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Absent("pyspark.%s" % name)
