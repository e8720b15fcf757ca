/* SPDX-License-Identifier: Apache-2.0 */
/* Starts and stops the nginx of nginx.h. */
#include "nginx.h"
#include "base/check.h"
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char make_certificates[] =
    "set -e; exec >/dev/null 2>&1; cd \"$0\"; PATH=$PATH:/usr/sbin; command -v nginx; "
    "new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'; "
    "$new -x509 -days 2 -subj '/CN=Test authority' -keyout ca.key -out ca.pem; "
    "$new -subj /CN=localhost -keyout key.pem -out request.pem; "
    "echo 'subjectAltName=DNS:localhost' >names; "
    "openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
    "-extfile names -out cert.pem";

static const char configuration[] =
    "daemon off; master_process off; pid nginx.pid; error_log error.log;\n"
    "events { worker_connections 512; }\n"
    "http { access_log off; client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;"
    " uwsgi_temp_path tmp; scgi_temp_path tmp;\n"
    "  ssl_certificate cert.pem; ssl_certificate_key key.pem;\n"
    "  default_type text/plain; add_header X-Connection $connection;\n"
    "  server { listen 127.0.0.1:%d ssl http2; location / { return 200 hello; } }\n"
    "  server { listen 127.0.0.1:%d ssl; location / { return 200 hello; }\n"
    "    location ~ ^/to/(\\d+)(/.*)$ { proxy_pass http://127.0.0.1:$1$2; } }\n"
    "  server { listen 127.0.0.1:%d ssl; ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;\n"
    "    location / { return 200 old; } } }\n";

/* It ends when this program does, however that comes about. */
static pid_t run(const char *script, const char *dir)
{
    pid_t parent = getpid(), pid = fork();
    check(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent)
        execl("/bin/sh", "sh", "-c", script, dir, (char *)NULL);
    _exit(127);
}

/* Free now; taken by nobody else in the moment until nginx does. */
static int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    check(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    close(fd);
    return ntohs(at.sin_port);
}

static bool answers(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_up = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return is_up;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void remove_dir(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_configuration(const struct nginx *nginx)
{
    char path[96];
    snprintf(path, sizeof path, "%s/nginx.conf", nginx->dir);
    FILE *file = fopen(path, "w");
    check(file != NULL);
    fprintf(file, configuration, nginx->port, nginx->plain_port, nginx->old_port);
    fclose(file);
}

bool nginx_start(struct nginx *nginx)
{
    int status = 1;
    *nginx = (struct nginx){.dir = "/tmp/afflux-nginx-XXXXXX"};
    check(mkdtemp(nginx->dir) != NULL);
    snprintf(nginx->ca_file, sizeof nginx->ca_file, "%s/ca.pem", nginx->dir);
    waitpid(run(make_certificates, nginx->dir), &status, 0);
    if (status != 0) {
        remove_dir(nginx->dir);
        return false;
    }
    nginx->port = free_port();
    nginx->plain_port = free_port();
    nginx->old_port = free_port();
    write_configuration(nginx);
    nginx->pid =
        run("PATH=$PATH:/usr/sbin; exec nginx -p \"$0\" -c nginx.conf 2>/dev/null", nginx->dir);
    for (int i = 0; i < 500 && !answers(nginx->port); i++)
        usleep(10000);
    return true;
}

void nginx_stop(struct nginx *nginx)
{
    kill(nginx->pid, SIGTERM);
    waitpid(nginx->pid, NULL, 0);
    remove_dir(nginx->dir);
}
