# SPDX-License-Identifier: Apache-2.0
"""Things that can be made and passed on, and say at their first use what is missing."""


class SparkIsAbsent(RuntimeError):
    pass


class Absent:
    """Stands for something that only Spark, or Glue itself, can do."""

    def __init__(self, name):
        object.__setattr__(self, "_name", name)

    def __getattr__(self, member):
        if member.startswith("__") and member.endswith("__"):
            raise AttributeError(member)
        return Absent("%s.%s" % (self._name, member))

    def __setattr__(self, member, value):
        self._fail()

    def _fail(self, *args, **kwargs):
        raise SparkIsAbsent(
            "%s was used, which needs Spark: this server runs scripts with plain Python, and "
            "pyspark is not installed for it" % self._name)

    __call__ = __iter__ = __getitem__ = __setitem__ = __len__ = __enter__ = __contains__ = _fail
    __bool__ = __int__ = __float__ = __add__ = __sub__ = __mul__ = __eq__ = __lt__ = __gt__ = _fail
    __hash__ = None

    def __repr__(self):
        return "<%s: absent, for want of Spark>" % self._name
