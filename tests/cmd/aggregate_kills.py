# SPDX-License-Identifier: Apache-2.0
"""An aggregation is killed (SIGKILL) again and again, for tests/cmd/promises.bats.

aggregate_kills.py URL KILLS SEED COMMAND…

URL is where build/thirdparty answers; COMMAND makes report.csv and report.ledger.csv and keeps its data in data/. It
runs undisturbed first, which tells when pages begin and end. Then it is killed at random moments: in turn before the
first page, between pages, and behind the last one, where its parts are consolidated and the file is copied. When it
comes to its end the files are compared and it begins anew. Prints what was done; exits 1 and says what is wrong.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

FILES = ("report.csv", "report.ledger.csv")
url, kills, seed, command = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
chance = random.Random(seed)


def pages_given():
    with urllib.request.urlopen(url + "/_stats?brief", timeout=30) as answer:
        return json.load(answer)["pages_given"]


def failed(text):
    raise SystemExit(f"{text} (seed {seed})")


def contents():
    return {name: open(name, "rb").read() for name in FILES if os.path.exists(name)}


def start():
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)


def forget():
    shutil.rmtree("data", ignore_errors=True)
    for name in FILES:
        if os.path.exists(name):
            os.unlink(name)


def ended(process, whole):
    """It came to its end: both files are the same byte for byte."""
    if process.returncode != 0:
        failed(f"it ended with {process.returncode}")
    now = contents()
    for name in FILES:
        if now.get(name) != whole[name]:
            failed(f"{name} is not the same after kills")


def undisturbed():
    """When the first page came, the last one, and the end, in seconds; how many pages; the files."""
    before, began = pages_given(), time.monotonic()
    process, first, last, seen = start(), None, 0.0, 0
    while process.poll() is None:
        pages = pages_given() - before
        if pages > seen:
            first, last, seen = first or time.monotonic() - began, time.monotonic() - began, pages
        time.sleep(0.005)
    if process.returncode != 0:
        failed(f"undisturbed it ended with {process.returncode}")
    return first, last, time.monotonic() - began, seen, contents()


def wait(process, until):
    """False: it ended before."""
    while process.poll() is None and not until():
        time.sleep(0.004)
    return process.poll() is None


def main():
    first, last, end, pages, whole = undisturbed()
    forget()
    done, before = {"set-up": 0, "pages": 0, "end": 0}, pages_given()
    while sum(done.values()) < kills:
        where = list(done)[sum(done.values()) % 3]
        process, began = start(), time.monotonic()
        if where == "end":
            wait(process, lambda: pages_given() - before >= pages)
            moment = time.monotonic() + chance.uniform(0, end - last)
        else:
            moment = began + (chance.uniform(0, first) if where == "set-up" else chance.uniform(first, last))
        if wait(process, lambda at=moment: time.monotonic() >= at):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done[where] += 1
            now = contents()
            if "report.csv" in now and now["report.csv"] != whole["report.csv"]:
                failed("a part of the file is there after a kill")
        else:
            ended(process, whole)
            forget()
            before = pages_given()
    process = start()
    process.wait()
    ended(process, whole)
    print(f"{kills} kills: {done}; {pages} pages, {len(whole['report.csv'])} bytes, {end:.1f} s undisturbed")


main()
