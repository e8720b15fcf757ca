# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For benchmarks that fetch: nginx in a folder of its own ($work, gone at the end) serves the files of
# bench_http_pages.h at $origin. $bench is bench_http.

PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || { echo "nginx is not installed, nothing to fetch from"; exit 0; }
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

work=$(mktemp -d)
server=
cleanup() {
    [[ -z $server ]] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

# A port of 127.0.0.1 that nobody has: nginx refuses one that is taken, then the next is tried.
start_nginx() {
    local port
    mkdir "$work/html"
    "$bench" --generate "$work/html"
    chmod -R a+rX "$work"
    for port in 18181 18281 18381 18481 18581; do
        cat >"$work/nginx.conf" <<END
daemon off; master_process off; pid nginx.pid; error_log error.log;
events { worker_connections 4096; }
http {
    access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
    keepalive_timeout 300; keepalive_requests 100000000;
    open_file_cache max=10000 inactive=600s; open_file_cache_valid 600s;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    types { application/json json; }
    server { listen 127.0.0.1:$port backlog=4096; root html; }
}
END
        nginx -p "$work" -c nginx.conf >/dev/null 2>&1 &
        server=$!
        sleep 1
        if kill -0 "$server" 2>/dev/null; then
            origin=http://127.0.0.1:$port
            return
        fi
        wait "$server" || true
        server=
    done
    echo "nginx does not start" >&2
    exit 1
}

