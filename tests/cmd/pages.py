#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A third party's API for tests: the orders of locations, page by page, on a free port of 127.0.0.1.

GET /orders?location=L&offset=O with the header X-Key: s3cret gives {"rows": [...], "next": O2}, the
last page without next. The first call of each page of location 2 answers 503. Prints the port, then
appends a line to the file that its argument names for each call.
"""
import sys
import time
import urllib.parse

from json_api import JsonHandler, serve

PAGES, ROWS = 5, 20
seen = set()


class Pages(JsonHandler):
    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(self.path).query))
        location, offset = int(query["location"]), int(query["offset"])
        with open(sys.argv[1], "a", encoding="ascii") as log:
            log.write(f"{location} {offset}\n")
        if self.headers.get("X-Key") != "s3cret":
            self.answer(401, {})
        elif location == 2 and offset not in seen:
            seen.add(offset)
            self.answer(503, {})
        else:
            time.sleep(0.1)
            rows = [{"id": location * 1000 + offset + i, "cents": 100 + i} for i in range(ROWS)]
            is_last = offset == ROWS * (PAGES - 1)
            self.answer(200, {"rows": rows} if is_last else {"rows": rows, "next": offset + ROWS})


serve(Pages)
