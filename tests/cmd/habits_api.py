# SPDX-License-Identifier: Apache-2.0
"""Third parties with other habits, for tests: habits_api.py PORT_FILE

GET /HABIT/LOCATION/TYPE?…, where LOCATION is a number (text behind it is its name) and says how many rows there are:
{"id": "LOCATION-TYPE-N"}.
HABIT is one of the functions below. GET /_asked tells what was asked, in order.
"""
import sys
import threading
import urllib.parse

from json_api import JsonHandler, serve

asked = []
lock = threading.Lock()


def total(rows, query):
    """By offset; tells a total as a text, and no list where there is nothing."""
    offset, limit = int(query["offset"]), int(query["limit"])
    page = rows[offset : offset + limit]
    return 200, {}, {"total": str(len(rows)), **({"items": page} if page else {})}


def capped(rows, query):
    """By offset, never more than 3 rows; says nothing of others."""
    offset, limit = int(query["offset"]), min(3, int(query["limit"]))
    return 200, {}, rows[offset : offset + limit]


def capped_more(rows, query):
    """By offset, never more than 3 rows; says so."""
    offset, limit = int(query["offset"]), min(3, int(query["limit"]))
    return 200, {}, {"items": rows[offset : offset + limit], "has_more": offset + limit < len(rows)}


def numbered(rows, query):
    """By page, from 1; pages that are not there are not found. An address of the next one."""
    page, size = int(query["page"]), int(query["per_page"])
    if page > 1 and (page - 1) * size >= len(rows):
        return 404, {}, {"detail": "Invalid page."}
    more = page * size < len(rows)
    return 200, {}, {"count": len(rows), "next": "https://next" if more else None, "results": rows[(page - 1) * size : page * size]}


def header(rows, query):
    """By page; the total is in a header, the answer an array. Nothing is 204."""
    page, size = int(query["_page"]), int(query["_limit"])
    got = rows[(page - 1) * size : page * size]
    return (200 if got else 204), {"X-Total-Count": str(len(rows)), "Link": "<x>; rel=\"first\""}, got


def whole(rows, query):
    """All at once."""
    return 200, {}, {"data": rows}


def filtered(rows, query):
    """By page, where rows that may not be seen (each third) are left out of their page."""
    page, size = int(query["page"]), 3
    got = [row for i, row in enumerate(rows) if i % 3 != 1 and (page - 1) * size <= i < page * size]
    return 200, {}, {"results": got, "has_more": page * size < len(rows)}


def last_again(rows, query):
    """By page; the last one comes for all numbers behind it, too. Says nothing of others."""
    page, size = int(query["page"]), int(query["per_page"])
    page = min(page, max(1, -(-len(rows) // size)))
    return 200, {}, rows[(page - 1) * size : page * size]


def last_again_more(rows, query):
    """The same, but it says whether there are others."""
    status, headers, got = last_again(rows, query)
    return status, headers, {"results": got, "has_more": bool(got) and got[-1] != rows[-1]}


def ignoring(rows, query):
    """Gives the first page, whatever is asked for."""
    return 200, {}, rows[: int(query["limit"])]


def arrays(rows, query):
    """Rows that are arrays; where they are is nested; parameters are there twice."""
    offset, limit = int(query["offset"]), int(query["limit"])
    return 200, {}, {"answer": {"rows": [[row["id"], query["f"]] for row in rows[offset : offset + limit]]}}


HABITS = {name: function for name, function in list(globals().items()) if getattr(function, "__module__", "") == __name__}


class Handler(JsonHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/_asked":
            return self.answer(200, asked)
        with lock:
            asked.append(self.path)
        _, habit, location, kind = map(urllib.parse.unquote, url.path.split("/"))
        pairs = urllib.parse.parse_qsl(url.query)
        query = dict(pairs) | {"f": [value for name, value in pairs if name == "f"]}
        count = int(location.split()[0]) if kind != "rejected" else 0
        rows = [{"id": f"{location}-{kind}-{i}"} for i in range(count)]
        if kind == "count":
            return self.answer(200, {"rows": {"failed": str(count), "rejected": None}})
        status, headers, value = HABITS[habit](rows, query)
        return self.answer(status, value, headers)


serve(Handler, sys.argv[1])
