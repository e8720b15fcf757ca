# SPDX-License-Identifier: Apache-2.0
"""Objects by the thousand over plain HTTP, for tests/cmd/s3.bats.

puts.py put HOST:PORT BUCKET    puts objects until the server is gone; prints "key md5" for each that was acknowledged
puts.py check HOST:PORT BUCKET  reads such lines, and gets each of them; says what is missing or not the same
puts.py many HOST:PORT BUCKET N puts N small objects, k0000 and so on
"""

import hashlib
import http.client
import random
import sys
import threading

THREADS = 8


def body_of(key):
    """Mostly small, some that become files of their own."""
    chance = random.Random(key)
    size = 1500000 if chance.random() < 0.05 else chance.randrange(20000)
    return chance.randbytes(size)


def put_until_gone(address, bucket, number, lock):
    connection = http.client.HTTPConnection(address, timeout=20)
    count = 0
    while True:
        # every third time the same few keys, so that objects replace each other
        key = f"t{number}/{count if count % 3 else count % 30}-{count}"
        body = body_of(key)
        try:
            connection.request("PUT", f"/{bucket}/{key}", body)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return
        if answer.status == 200:
            with lock:
                print(key, hashlib.md5(body).hexdigest(), flush=True)
        count += 1


def check(address, bucket):
    connection = http.client.HTTPConnection(address, timeout=20)
    good = 0
    for line in sys.stdin:
        if not line.endswith("\n"):
            continue  # the writer was stopped in the middle of it
        key, md5 = line.split()
        connection.request("GET", f"/{bucket}/{key}")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or hashlib.md5(body).hexdigest() != md5:
            print(f"{key}: {answer.status}, {len(body)} bytes", file=sys.stderr)
            sys.exit(1)
        good += 1
    print(good)


def main():
    action, address, bucket = sys.argv[1:4]
    if action == "check":
        check(address, bucket)
    elif action == "many":
        connection = http.client.HTTPConnection(address, timeout=20)
        for i in range(int(sys.argv[4])):
            connection.request("PUT", f"/{bucket}/k{i:04}", b"x")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
    else:
        lock = threading.Lock()
        threads = [
            threading.Thread(target=put_until_gone, args=(address, bucket, n, lock)) for n in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


main()
