# SPDX-License-Identifier: Apache-2.0
"""Dynamic frames are Spark's: they are named here so that scripts can import them."""
from awsglue.absent import Absent

DynamicFrame = Absent("DynamicFrame")
DynamicFrameCollection = Absent("DynamicFrameCollection")
DynamicFrameReader = Absent("DynamicFrameReader")
DynamicFrameWriter = Absent("DynamicFrameWriter")
