# SPDX-License-Identifier: Apache-2.0
"""GlueContext: can be made with and without Spark. Its session is Spark's own where pyspark is
installed; what Glue adds to Spark (dynamic frames, catalogs) is not here."""
import logging

from awsglue.absent import Absent


def _session_of(context):
    if context is None or type(context).__module__.startswith("awsglue.") or getattr(
            context, "is_absent", False):
        return Absent("SparkSession")
    from pyspark.sql import SparkSession
    return SparkSession(context)


class GlueContext:
    def __init__(self, sparkContext=None, **options):
        self.sc = sparkContext
        self._jsc = getattr(sparkContext, "_jsc", None)
        self.spark_session = _session_of(sparkContext)

    def getSparkSession(self):
        return self.spark_session

    def get_logger(self):
        return logging.getLogger("awsglue")

    def __getattr__(self, member):
        if member.startswith("__"):
            raise AttributeError(member)
        return Absent("GlueContext.%s" % member)
