# SPDX-License-Identifier: Apache-2.0
from pyspark import SparkContext  # noqa: F401
