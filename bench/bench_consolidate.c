/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts for run_consolidate.sh, and a stop watch for commands.
 *
 *   bench_consolidate --generate DIR PARTS   DIR/00000/part-0000000.json …: arrays of 400 records,
 *                                            a thousand parts a folder
 *   bench_consolidate --time COMMAND …       runs it; prints seconds, CPU seconds, peak KB
 */
#include "base/buf.h"
#include "base/splitmix.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 400, PER_FOLDER = 1000, PATH_BYTES = 4096 };

static const char *const messages[] = {"\"timed out\"", "\"used before\"",
                                       "\"over the limit, \\\"hard\\\" one\"",
                                       "\"no longer valid \\u2014 see terms\""};

static void put_row(struct buf *out, uint64_t number, uint64_t *seed)
{
    uint64_t chance = splitmix64_next(seed);
    bool has_failed = chance % 10 >= 7;
    buf_printf(out,
               "{\"discount_code\":\"CODE-%08llu-%08X\",\"error_message\":%s,\"status\":\"%s\"}",
               (unsigned long long)number, (unsigned)(chance >> 32),
               has_failed ? messages[chance >> 8 & 3] : "null", has_failed ? "FAILED" : "APPLIED");
}

static bool write_file(const char *path, str text)
{
    FILE *f = fopen(path, "w");
    bool is_written = f && fwrite(text.p, 1, text.n, f) == text.n;
    return f && fclose(f) == 0 && is_written;
}

static int generate(const char *dir, unsigned parts)
{
    struct buf text;
    uint64_t seed = 1;
    buf_init(&text, 1 << 20);
    mkdir(dir, 0755);
    for (unsigned i = 0; i < parts; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%s/%05u", dir, i / PER_FOLDER);
        if (i % PER_FOLDER == 0)
            mkdir(path, 0755);
        snprintf(path, sizeof(path), "%s/%05u/part-%07u.json", dir, i / PER_FOLDER, i);
        buf_clear(&text);
        for (unsigned row = 0; row < ROWS; row++) {
            buf_add_byte(&text, row == 0 ? '[' : ',');
            put_row(&text, (uint64_t)i * ROWS + row, &seed);
        }
        buf_add_byte(&text, ']');
        if (!write_file(path, buf_str(&text))) {
            perror(path);
            return 1;
        }
    }
    buf_done(&text);
    return 0;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int run_timed(char **command)
{
    struct timespec from, to;
    struct rusage used;
    int status = 1;
    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &to);
    fprintf(stderr, "%.3f %.3f %ld\n",
            (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
            seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--generate") == 0)
        return generate(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
    if (argc > 2 && strcmp(argv[1], "--time") == 0)
        return run_timed(argv + 2);
    fprintf(stderr, "usage: bench_consolidate --generate DIR PARTS | --time COMMAND …\n");
    return 2;
}
