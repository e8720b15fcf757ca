# SPDX-License-Identifier: Apache-2.0
# JSON parts to one CSV as a script does it that somebody writes in five minutes: python3 this.py FOLDER OUT.csv
import csv
import glob
import json
import sys

columns = {}
paths = sorted(glob.glob(sys.argv[1] + "/**/*.json", recursive=True))
for path in paths:
    with open(path, encoding="utf-8") as part:
        for row in json.load(part):
            columns.update(dict.fromkeys(row))
with open(sys.argv[2], "w", newline="", encoding="utf-8") as out:
    writer = csv.DictWriter(out, list(columns), quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    for path in paths:
        with open(path, encoding="utf-8") as part:
            writer.writerows(json.load(part))
