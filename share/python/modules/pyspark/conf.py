# SPDX-License-Identifier: Apache-2.0
from pyspark import SparkConf  # noqa: F401
