#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A third party's API for tests: rows of locations, by kind and page, on a free port of 127.0.0.1.

GET /summary?location=L says how many rows of each kind there are; GET /rows?location=L&kind=K&offset=O&limit=N
gives some of them. Calls need the header Authorization: Bearer YOUR_TOKEN. Prints the port, then appends a
line to the file that the first argument names for each call; the second one is how long a page takes, in
seconds.
"""
import sys
import time
import urllib.parse

from json_api import JsonHandler, serve

ROWS = {"failed": 95, "rejected": 40}


def row(location, kind, i):
    value = {"code": f"{location}/{kind}/{i:03}", "status": kind.upper()}
    if i % 2:
        value["errors"] = [{"message": f'a "quoted" text, with commas,\nin {i} lines'}]
    return value


class Rows(JsonHandler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        with open(sys.argv[1], "a", encoding="ascii") as log:
            log.write(self.path + "\n")
        if self.headers.get("Authorization") != "Bearer YOUR_TOKEN":
            self.answer(401, {})
        elif url.path == "/summary":
            self.answer(200, ROWS)
        else:
            time.sleep(float(sys.argv[2]))
            kind, offset = query["kind"], int(query["offset"])
            end = min(offset + int(query["limit"]), ROWS[kind])
            self.answer(200, {"rows": [row(query["location"], kind, i) for i in range(offset, end)]})


serve(Rows)
