# SPDX-License-Identifier: Apache-2.0
"""What scripts of Glue jobs import, as far as it makes sense without Spark."""
