# SPDX-License-Identifier: Apache-2.0
# The commands of docs/operations.md, as they stand there.
# shellcheck disable=SC2154

load helper
load server

page=$BATS_TEST_DIRNAME/../../docs/operations.md

# block KIND NAME: the block of the page behind the comment "KIND: NAME".
block() {
    awk -v mark="<!-- $1: $2 -->" '$0 == mark { on = 1; next } on && /^```/ { if (begun) exit; begun = 1; next } begun' "$page" | grep .
}

# do_block NAME: runs it, with $data and $to.
do_block() {
    block run "$1" >"$1.sh"
    data=$data to=$to bash -euo pipefail "$1.sh"
}

# objects: a bucket with objects of many sizes.
objects() {
    with_curl -X PUT "http://$address/bucket"
    for n in 1 20 300 4000 50000 3000000; do
        head -c "$n" /dev/urandom >"body.$n"
        with_curl -T "body.$n" "http://$address/bucket/$n"
    done
}

with_curl() {
    curl -sSf -o /dev/null "$@"
}

# same_objects FOLDER: a server on it has all of them.
same_objects() {
    serve --data "$1"
    for n in 1 20 300 4000 50000 3000000; do
        curl -sSf "http://$address/bucket/$n" | cmp - "body.$n"
    done
    stop
}

stop() { # the server, cleanly
    kill -TERM "$server"
    wait "$server"
    unset 'pids[-1]'
}

@test "a folder that nobody uses is copied, shrunk, and goes on; also one that a crash left" {
    serve --data "$PWD/data"
    objects
    stop
    data=$PWD/data
    to=$PWD/copy
    do_block backup
    same_objects copy
    before=$(stat -c %s data/afflux.db)
    sqlite3 data/afflux.db "CREATE TABLE much (x); INSERT INTO much VALUES (zeroblob(4000000)); DROP TABLE much"
    (($(stat -c %s data/afflux.db) > before + 3000000))
    do_block shrink
    (($(stat -c %s data/afflux.db) <= before))
    same_objects data
    serve --data data
    with_curl -X DELETE "http://$address/bucket/20"
    with_curl -T body.20 "http://$address/bucket/20"
    kill -KILL "$server"
    wait "$server" || true
    unset 'pids[-1]'
    [[ -s data/afflux.db-wal ]]
    to=$PWD/crashed
    do_block backup
    same_objects crashed
}

@test "a copy made while objects are written and collected has each of them whole" {
    serve --data "$PWD/data"
    objects
    python3 - "$address" 3>&- <<'END' &
import http.client, os, sys

c = http.client.HTTPConnection(sys.argv[1])
for n in range(1000000):
    size = 2000000 if n % 100 == 0 else (n * 7919) % 200000
    c.request("PUT", f"/bucket/changing/{n % 40}", os.urandom(size))
    answer = c.getresponse()
    answer.read()
    assert answer.status == 200
    if n == 100:
        open("writes", "w").close()
END
    writer=$!
    pids+=("$writer")
    data=$PWD/data
    until [[ -e writes ]]; do sleep 0.05; done
    for copy in 1 2 3; do
        sleep 0.5
        to=$PWD/copy$copy
        do_block backup-live || { rm -rf "$to" data/backup; do_block backup-live; }
        kill -0 "$writer"
    done
    [[ ! -e data/backup ]]
    kill "$writer"
    wait "$writer" || true
    for copy in 1 2 3; do
        cmp data/secret.key "copy$copy/secret.key"
        serve --data "copy$copy"
        python3 - "$address" <<'END'
import hashlib, http.client, re, sys

c = http.client.HTTPConnection(sys.argv[1])


def get(path):
    c.request("GET", path)
    answer = c.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status, body)
    return answer, body


keys = re.findall(r"<Key>([^<]*)</Key>", get("/bucket?list-type=2")[1].decode())
assert len(keys) > 40, keys
for key in keys:
    answer, body = get("/bucket/" + key)
    assert answer.headers["ETag"].strip('"') == hashlib.md5(body).hexdigest(), key
END
        stop
        same_objects "copy$copy"
    done
}

@test "the units of systemd have no mistake" {
    command -v systemd-analyze >/dev/null || skip "systemd is not installed"
    mkdir units
    for unit in afflux.service afflux-shops.service; do
        block unit "$unit" | sed "s|/usr/local/bin/afflux|$(realpath "$AFFLUX")|; s|^User=afflux|User=root|" >"units/$unit"
        SYSTEMD_LOG_LEVEL=warning run systemd-analyze verify --man=no "units/$unit"
        [[ $output != *"$unit"* ]] || { echo "$output"; return 1; }
    done
    # What is said of the most hardened one is what it is.
    run -0 systemd-analyze security --offline=true --threshold=30 units/afflux.service
}
