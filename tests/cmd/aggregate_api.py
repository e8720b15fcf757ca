# SPDX-License-Identifier: Apache-2.0
"""A third party for tests: aggregate_api.py PORT_FILE [NAME=WHAT …]

Locations are called l0, l1, …; lN has N * 10 failed rows and N rejected ones. WHAT of a location: dead (503 for
ever), gone (404), over (announces one more), under (announces one fewer), half (the JSON of its pages ends in the
middle), ends (503 for its failed rows from the 15th on), stuck (its pages are given when the file "go" is there).
In the environment: WAIT, seconds that an answer takes; SHUFFLE, seconds that it takes at most beyond that; ROWS, a
JSON file {LOCATION: {TYPE: [ROW, …]}} of rows to be given instead; PORT, instead of a free one.
GET /_asked tells how often each page was given, /_calls how many calls there were in all, /_most how many
at a time.
"""
import collections
import json
import os
import random
import sys
import threading
import time
import urllib.parse

from json_api import JsonHandler, serve

KEY = "s3cret"
WAIT = float(os.environ.get("WAIT", "0"))
SHUFFLE = float(os.environ.get("SHUFFLE", "0"))
ROWS = json.load(open(os.environ["ROWS"], encoding="utf-8")) if "ROWS" in os.environ else None
faults = dict(arg.split("=") for arg in sys.argv[2:])
asked = collections.Counter()
calls = under_way = most = 0
lock = threading.Lock()


def rows(location, state):
    if ROWS is not None:
        return ROWS.get(location, {}).get(state, [])
    n = int(location[1:]) * (10 if state == "failed" else 1)
    return [
        {
            "resourceKey": f'{location}-{state}-{i}, "x"',
            "state": state,
            "errors": [{"message": f"line {i}\nnext, \N{GRINNING FACE} é"}],
        }
        for i in range(n)
    ]


class Handler(JsonHandler):
    def do_GET(self):
        global calls, under_way, most
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.split("/")
        if url.path == "/_asked":
            return self.answer(200, dict(asked))
        if url.path == "/_calls":
            return self.answer(200, calls)
        if url.path == "/_most":
            return self.answer(200, most)
        if self.headers.get("X-Key") != KEY:
            return self.answer(401, {})
        with lock:
            calls += 1
            under_way += 1
            most = max(most, under_way)
        time.sleep(WAIT + random.uniform(0, SHUFFLE))
        with lock:
            under_way -= 1
        location, fault = urllib.parse.unquote(parts[2]), faults.get(parts[2])
        if fault in ("dead", "gone"):
            return self.answer(503 if fault == "dead" else 404, {})
        if parts[3] == "get-summary":
            more = {"over": 1, "under": -1}.get(fault, 0)
            return self.answer(200, {"states": {s: max(0, len(rows(location, s)) + more) for s in ("failed", "rejected")}})
        while fault == "stuck" and not os.path.exists("go"):
            time.sleep(0.05)
        offset, limit = int(query["offset"]), int(query["limit"])
        if fault == "ends" and query["state"] == "failed" and offset >= 14:
            return self.answer(503, {})
        with lock:
            asked[f"{location}/{query['state']}/{offset}"] += 1
        page = rows(location, query["state"])[offset : offset + limit]
        body = json.dumps({"count": len(page), "results": page}, ensure_ascii=False).encode()
        self.answer_body(200, body[: len(body) // 2] if fault == "half" else body)


serve(Handler, sys.argv[1], int(os.environ.get("PORT", "0")))
