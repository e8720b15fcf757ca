# SPDX-License-Identifier: Apache-2.0
# afflux aggregate against servers that nobody wrote for it: nginx with TLS of an authority of its own, which serves
# static files, and npm's json-server, in both of its forms, fetched into a temporary folder.
# shellcheck disable=SC2016,SC2154

load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    make_certificates
    write_site
    command -v npm >/dev/null || return 0
    for version in 0.17.4 1.0.0-beta.3; do
        mkdir "$version"
        (cd "$version" && timeout 60 npm install --silent --no-audit --no-fund "json-server@$version" >/dev/null 2>&1) || true
    done
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    PATH=$PATH:/usr/sbin
    pids=()
    export NO_PROXY='*'
}

teardown() {
    [[ ${#pids[@]} -eq 0 ]] || kill "${pids[@]}" 2>/dev/null || true
    [[ ${#pids[@]} -eq 0 ]] || wait "${pids[@]}" || true
}

# An authority, what it vouches for, and another authority.
make_certificates() {
    local new=(openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    for ca in ca other; do
        "${new[@]}" -x509 -days 2 -subj "/CN=Authority $ca" -keyout $ca.key -out $ca.pem 2>/dev/null
    done
    "${new[@]}" -subj /CN=localhost -keyout key.pem -out request.pem 2>/dev/null
    echo 'subjectAltName=DNS:north.localhost,DNS:south.localhost' >names
    openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem 2>/dev/null
}

# site/LOCATION/TYPE-PAGE.json, pages of 20, and summary.json; wanted.json has all rows in the order of the CSV. The
# number of rows of l4 is a multiple of 20.
write_site() {
    python3 - <<'END'
import json, os
wanted = []
for location, counts in {"l1": (45, 3), "l2": (0, 0), "l3": (1, 20), "l4": (60, 40), "l 5/ü": (5, 0)}.items():
    folder = "site/" + location # nginx finds an escaped slash there, too
    os.makedirs(folder)
    for type, count in zip(("failed", "rejected"), counts):
        rows = [{"resourceKey": f"{location}-{type}-{i}", "state": type, "errors": [{"message": f'"{i}",\n😀'}] * (i % 3)}
                for i in range(count)]
        wanted += [[location, r["resourceKey"], "; ".join(e["message"] for e in r["errors"]), type] for r in rows]
        for page in range(max(1, -(-count // 20))):
            with open(f"{folder}/{type}-{page + 1}.json", "w") as file:
                json.dump({"total": count, "items": rows[page * 20 : page * 20 + 20]}, file)
    with open(f"{folder}/summary.json", "w") as file:
        json.dump({"states": {"failed": counts[0], "rejected": counts[1]}}, file)
json.dump(sorted(wanted), open("wanted.json", "w"))
END
}

# A port that is free now.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# nginx SERVER-LINES [HTTP-LINES]: both hosts with TLS on ports of their own; sets $north and $south, which are ports.
nginx() {
    type -P nginx >/dev/null || skip "nginx is not installed"
    north=${north:-$(free_port)} south=${south:-$(free_port)}
    server="ssl_certificate $BATS_FILE_TMPDIR/cert.pem; ssl_certificate_key $BATS_FILE_TMPDIR/key.pem;
        root $BATS_FILE_TMPDIR; default_type application/json; $1"
    cat >nginx.conf <<END
daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
$([[ $(id -u) != 0 ]] || echo 'user root;')
events { worker_connections 512; }
http {
    log_format calls '\$server_port \$server_protocol \$status \$connection \$upstream_http_x \$sent_http_content_encoding \$uri';
    access_log access.log calls;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    ${2-}
    server { listen 127.0.0.1:$north ssl http2; server_name north.localhost; $server }
    server { listen 127.0.0.1:$south ssl http2; server_name south.localhost; $server }
}
END
    start_nginx
}

start_nginx() {
    command nginx -p . -c nginx.conf 2>/dev/null 3>&- &
    nginx_pid=$!
    pids+=("$nginx_pid")
    for _ in {1..200}; do
        ! curl -sk "https://north.localhost:$north/" >/dev/null || return 0
        sleep 0.025
    done
    cat error.log
    return 1
}

has_key='if ($http_x_key != "s3cret") { return 401 "{}"; }'

# The list: each location has the host that it is asked at.
locations() {
    printf 'location_id,host,port\nl1,north,%s\nl2,south,%s\nl3,south,%s\nl4,north,%s\nl 5/ü,south,%s\n' \
        "$north" "$south" "$south" "$north" "$south" >list.csv
}

aggregate() {
    locations
    KEY=s3cret timeout 120 "$AFFLUX" aggregate --api 'https://{host}.localhost:{port}/site' --locations list.csv \
        --auth "${auth-api-key:X-Key=env:KEY}" --ca-file "${ca-$BATS_FILE_TMPDIR/ca.pem}" --out report.csv --data data --page-size 20 \
        --summary-url '{api}/{location_id}/summary.json' --page-url '{api}/{location_id}/{type}-{page}.json' "$@"
}

# The file has all rows, each once.
all_rows() {
    python3 - report.csv "${1-$BATS_FILE_TMPDIR/wanted.json}" <<'END'
import csv, json, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8", newline="")))
assert rows[0] == ["location_id", "discount_code", "error_message", "status"], rows[0]
wanted = json.load(open(sys.argv[2], encoding="utf-8"))
assert sorted(rows[1:]) == wanted, (len(rows) - 1, len(wanted))
END
}

@test "nginx: static files of two hosts, with TLS of an own authority, HTTP/2 and a key" {
    nginx "$has_key"
    run -0 aggregate
    has "$output" 'rows       174 announced, 174 fetched, 174 in report.csv'
    all_rows
    same "$(grep -c 'HTTP/2.0 206 ' access.log)" "$((5 + 12))" # summaries and pages; they are asked for as ranges
    same "$(wc -l <access.log)" "$((1 + 17))" # and what this test asked
    (($(awk '{ print $1, $4 }' access.log | sort -u | wc -l) <= 2 * 3))
}

@test "nginx: a certificate that nobody trusted vouches for is told, and no secret is sent" {
    nginx "$has_key"
    ca=$BATS_FILE_TMPDIR/other.pem run -1 aggregate --retries 0
    has "$output" 'Aggregate.AllFailed'
    has "$(<report.ledger.csv)" 'States.Http.'
    has "$(<report.ledger.csv)" 'SSL certificate problem'
    same "$(grep -c site access.log || true)" 0
    ca=none.pem run -1 aggregate --data other
    same "$output" 'afflux aggregate: none.pem: No such file or directory'
    # The list is the same, and so is the run: with the right authority it goes on.
    run -0 aggregate --retry-failed
    all_rows
}

@test "nginx: a user and a password, answers that are compressed" {
    printf 'user:%s\n' "$(openssl passwd -apr1 s3cret)" >passwd
    nginx "auth_basic rows; auth_basic_user_file $PWD/passwd; gzip on; gzip_types application/json; gzip_min_length 0;"
    auth=basic:user=env:KEY run -0 aggregate
    all_rows
    same "$(grep -c ' gzip ' access.log)" 17
    auth=basic:other=env:KEY run -1 aggregate --data other
    same "$(grep -c '"States.Http.StatusCode.401"' report.ledger.csv)" 10
    same "$(grep -c ' 401 .*summary' access.log)" 5 # a refusal is final
}

@test "nginx: a redirect is told, not followed, and takes no key along" {
    south=$(free_port)
    nginx 'location /site/ { if ($server_port = '"$south"') { return 200 "{}"; } return 302 https://south.localhost:'"$south"'$uri; }'
    locations() { printf 'location_id,host,port\nl1,north,%s\n' "$north" >list.csv; }
    run -1 aggregate
    has "$output" 'l1 failed: States.Http.StatusCode.302'
    same "$(grep -c "^$south" access.log || true)" 0
}

@test "nginx: a page of megabytes is one page" {
    mkdir site
    python3 - <<'END'
import json
rows = [{"resourceKey": "x" * 1000 + str(i)} for i in range(9000)]
json.dump({"items": rows}, open("site/failed-1.json", "w"))
json.dump({"states": {"failed": 9000, "rejected": 0}}, open("site/summary.json", "w"))
END
    nginx "$has_key location /site/big/ { alias $PWD/site/; }"
    locations() { printf 'location_id,host,port\nbig,north,%s\n' "$north" >list.csv; }
    run -0 aggregate --page-size 10000
    has "$output" 'rows       9000 announced, 9000 fetched, 9000 in report.csv'
    (($(stat -c %s report.csv) > 9000000))
}

# What nginx does beyond a limit: this status, and with this header; so many calls may come too early.
beyond() {
    echo "limit_req zone=calls burst=${3-2} nodelay; limit_req_status $1; error_page $1 = @busy;
        location @busy { ${2-} return $1 '{}'; }"
}

@test "nginx: beyond its rate it answers 429 with Retry-After, and everything comes" {
    nginx "$has_key $(beyond 429 'add_header Retry-After 1 always;')" 'limit_req_zone $server_name zone=calls:1m rate=5r/s;'
    run -0 aggregate --retries 0
    all_rows
    (($(grep -c ' 429 ' access.log) > 0))
}

@test "nginx: 503 without Retry-After is tried again" {
    nginx "$has_key $(beyond 503)" 'limit_req_zone $server_name zone=calls:1m rate=5r/s;'
    run -0 aggregate --retries 10
    all_rows
    (($(grep -c ' 503 ' access.log) > 0))
}

@test "nginx: who keeps to a rate of its own meets no limit" {
    nginx "$has_key $(beyond 429 '' 4)" 'limit_req_zone $server_name zone=calls:1m rate=10r/s;'
    run -0 aggregate --rate 8 --retries 0
    all_rows
    same "$(grep -c ' 429 ' access.log || true)" 0
}

@test "nginx: who makes so many calls at a time to a host makes no more" {
    nginx "$has_key limit_rate 8k; limit_conn calls 2;" 'limit_conn_zone $server_name zone=calls:1m;'
    run -0 aggregate --per-host 2 --retries 0
    all_rows
    same "$(grep -c ' 503 ' access.log || true)" 0
}

@test "nginx: its configuration is read again in the middle, and it stops and starts" {
    nginx "$has_key limit_rate 4k;"
    aggregate --concurrency 3 --quiet >said 2>&1 3>&- &
    began=$!
    until (($(grep -c ' 20[06] .*/site/' access.log) > 5)); do sleep 0.05; done
    kill -HUP "$nginx_pid"
    until (($(grep -c ' 20[06] .*/site/' access.log) > 9)); do sleep 0.05; done
    kill -TERM "$nginx_pid"
    wait "$nginx_pid" || true
    sleep 0.5
    start_nginx
    wait "$began" || { cat said; return 1; }
    all_rows
}

# ---- json-server ----

# json_server VERSION: with records of shops in it, on a free port; sets $url. wanted.json has them all.
json_server() {
    local program=$BATS_FILE_TMPDIR/$1/node_modules/.bin/json-server port
    [[ -e $program ]] || skip "npm has no json-server $1 for us"
    python3 - <<'END'
import json
shops = ["s0", "a&b c/d", "s2", "none"]
records = [{"id": f"{i:03}", "shop": shops[i % 3], "state": "open" if i % 4 else "closed", "note": f'"{i}", ü'} for i in range(130)]
json.dump({"records": records}, open("db.json", "w"))
json.dump(sorted([r["shop"], r["id"], r["note"], r["state"]] for r in records), open("wanted.json", "w"))
with open("list.csv", "w") as file:
    file.write("location_id\n" + "".join(f'"{shop}"\n' for shop in shops))
END
    port=$(free_port)
    node "$program" --host 127.0.0.1 --port "$port" db.json >json-server.log 2>&1 3>&- &
    pids+=($!)
    url=http://127.0.0.1:$port
    for _ in {1..200}; do
        ! curl -sf "$url/records" >/dev/null || return 0
        sleep 0.05
    done
    cat json-server.log
    return 1
}

of_json_server() {
    timeout 60 "$AFFLUX" aggregate --api "$url" --locations list.csv --auth none --out report.csv --data data --page-size 7 \
        --row '{"location_id": $location.location_id, "discount_code": $row.id, "error_message": $row.note, "status": $row.state}' "$@"
}

records='{api}/records?shop={location_id}&'

@test "json-server 0.17: pages by number, the total in a header" {
    json_server 0.17.4
    run -0 of_json_server --types open,closed --no-summary --page-url "${records}state={type}&_page={page}&_limit={limit}" \
        --more '$offset + $count($rows) < $number($headers."x-total-count"[0])'
    all_rows wanted.json
    same "$(grep -c '"COMPLETE"' report.ledger.csv)" 8
}

@test "json-server 0.17: pages by offset, what a header says is the summary, all rows are of one type" {
    json_server 0.17.4
    run -0 of_json_server --types all --summary-url "${records}_limit=1" --summary '{"all": $number($headers."x-total-count"[0])}' \
        --page-url "${records}_start={offset}&_limit={limit}"
    has "$output" 'rows       130 announced, 130 fetched, 130 in report.csv'
    all_rows wanted.json
}

@test "json-server 1: pages by number, rows within an object that names the next page" {
    json_server 1.0.0-beta.3
    run -0 of_json_server --types open,closed --no-summary --page-url "${records}state={type}&_page={page}&_per_page={limit}" \
        --rows '$body.data' --more '$body.next != null'
    all_rows wanted.json
    same "$(grep -c '"COMPLETE"' report.ledger.csv)" 8
}

@test "json-server 1: the total in the body is the summary" {
    json_server 1.0.0-beta.3
    run -0 of_json_server --types all --summary-url "${records}_page=1&_per_page=1" --summary '{"all": $body.items}' \
        --page-url "${records}_page={page}&_per_page={limit}" --rows '$body.data' --more '$body.next != null'
    has "$output" 'rows       130 announced, 130 fetched, 130 in report.csv'
    all_rows wanted.json
}
