/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thirdparty: the sample third-party API as a program of its own, beside afflux, for tests,
 * demonstrations and figures. What it does is in thirdparty/; here are its command line and its
 * end.
 */
#include "cmd/args.h"
#include "thirdparty/thirdparty.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum {
    LOCATIONS = 20,
    ROWS_MIN = 0,
    ROWS_MAX = 2000,
    CACHE_MB_MAX = 1 << 16,
    SECONDS_MAX = 86400,
    LATENCY_MAX_MS = 600000
};
#define LISTEN "127.0.0.1:4600"

enum {
    OPT_HELP = 1,
    OPT_LISTEN,
    OPT_LOCATIONS,
    OPT_ROWS,
    OPT_SEED,
    OPT_KEY,
    OPT_FAULT,
    OPT_LATENCY,
    OPT_RETRY_AFTER,
    OPT_WRITE_LOCATIONS,
    OPT_LOOPS,
    OPT_CACHE,
};

static const struct arg_option table[] = {
    {OPT_LISTEN, 'l', "listen", "ADDR:PORT",
     "a loopback address (default " LISTEN ");\nport 0: one that is free, which is printed"},
    {OPT_LOCATIONS, 'n', "locations", "N", "how many there are (default 20)"},
    {OPT_ROWS, 'r', "rows", "N|MIN-MAX", "records of each (default 0-2000)"},
    {OPT_SEED, 's', "seed", "N", "everything follows from it (default 1)"},
    {OPT_KEY, 'k', "key", "TOKEN",
     "what requests must carry (default " THIRDPARTY_KEY ");\n'': nothing is asked for"},
    {OPT_FAULT, 'f', "fault", "FAULT", "what is wrong, see below; may be repeated"},
    {OPT_LATENCY, 0, "latency", "MS", "every answer takes so long (default 0)"},
    {OPT_RETRY_AFTER, 0, "retry-after", "S", "seconds that a 429 names (default 1)"},
    {OPT_WRITE_LOCATIONS, 'w', "write-locations", "FILE",
     "a CSV file of location_id and url, written before the\nfirst line is printed"},
    {OPT_LOOPS, 0, "loops", "N", "threads that answer (default 1)"},
    {OPT_CACHE, 0, "cache", "MB", "memory for pages that were rendered (default 256)"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

struct settings {
    struct thirdparty_options options;
    struct fault_wishes faults;
    const char *locations_file;
    bool is_help;
};

static void print_help(void)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    buf_add(&out,
            STR("thirdparty: a sample third-party API with records to collect, page by page, and "
                "with faults\n"
                "\n"
                "usage: thirdparty [OPTIONS]\n"
                "\n"
                "  GET /v1/LOCATION/get-summary\n"
                "  GET /v1/LOCATION/get-data?state=failed|rejected&limit=N&offset=N\n"
                "  GET /_stats, /_stats?brief, /_stats?location=LOCATION      what was asked and "
                "given\n"
                "  GET /_locations                                            a CSV table\n"
                "\n"
                "Requests to /v1 carry 'Authorization: Bearer TOKEN' or 'X-Api-Key: TOKEN'. Runs "
                "until SIGTERM or SIGINT.\n"
                "\n"));
    args_print_help(table, ARRAY_LEN(table), &out);
    buf_add(&out, STR("\n"
                      "A fault is KIND[=N][:COUNT | @LOCATION], several between commas: for COUNT "
                      "locations that the seed\n"
                      "chooses (default 1), or for the one that is named; 'all' is one of each "
                      "kind. Kinds, and N:\n"));
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
        char n[24] = "";
        uint32_t number = fault_default((enum fault_kind)kind);
        if (number > 0)
            snprintf(n, sizeof(n), "N=%u", number);
        buf_printf(&out, "  %-9s %-7s %s\n", fault_name((enum fault_kind)kind), n,
                   fault_text((enum fault_kind)kind));
    }
    buf_add(&out,
            STR("\n"
                "Examples\n"
                "  thirdparty --locations 200 --rows 50-5000 --write-locations locations.csv\n"
                "  thirdparty --fault all --fault busy=5:10,slow=200:3 --seed 7\n"
                "  curl -H 'X-Api-Key: sample-key' http://" LISTEN
                "/v1/porto-outlet-0017/get-summary\n"
                "\n"
                "Exit status: 0 ended by a signal; 1 could not listen or write; 2 wrong usage.\n"));
    fwrite(out.p, 1, out.n, stdout);
    buf_done(&out);
}

static PRINTF_LIKE(1, 2) int wrong_usage(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("thirdparty: ", stderr);
    vfprintf(stderr, fmt, args);
    fputs("\nTry 'thirdparty --help'.\n", stderr);
    va_end(args);
    return EXIT_USAGE;
}

/* ---- options ---- */

static bool read_number(str text, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint64_t digit = (uint64_t)(text.p[i] - '0');
        if (text.p[i] < '0' || text.p[i] > '9' || n > (max - digit) / 10 || digit > max)
            return false;
        n = n * 10 + digit;
    }
    *ret = n;
    return text.n > 0;
}

/* A number from min to max, into a field of 32 bits. */
static int option_number(const char *name, const char *text, uint32_t min, uint32_t max,
                         uint32_t *ret)
{
    uint64_t n;
    if (!read_number(str_of(text), max, &n) || n < min)
        return wrong_usage("--%s is a number from %u to %u, not '%s'", name, min, max, text);
    *ret = (uint32_t)n;
    return 0;
}

static int option_rows(struct thirdparty_world *w, const char *text)
{
    str range = str_of(text);
    size_t dash = str_find_byte(range, '-', 0);
    uint64_t min, max;
    if (!read_number(str_sub(range, 0, dash), THIRDPARTY_ROWS_MAX, &min))
        return wrong_usage("--rows is a number up to %d, or two with '-', not '%s'",
                           THIRDPARTY_ROWS_MAX, text);
    max = min;
    if (dash != STR_NONE &&
        (!read_number(str_sub(range, dash + 1, range.n), THIRDPARTY_ROWS_MAX, &max) || max < min))
        return wrong_usage("--rows is a number up to %d, or two with '-', not '%s'",
                           THIRDPARTY_ROWS_MAX, text);
    w->rows_min = (uint32_t)min;
    w->rows_max = (uint32_t)max;
    return 0;
}

static int read_option(struct settings *s, int id, const struct args *a)
{
    const char *value = a->value[0];
    struct thirdparty_options *o = &s->options;
    struct error err;
    uint32_t mb;
    int code = 0;
    switch (id) {
    case OPT_HELP: s->is_help = true; break;
    case OPT_KEY: o->key = str_of(value); break;
    case OPT_WRITE_LOCATIONS: s->locations_file = value; break;
    case OPT_ROWS: return option_rows(&o->world, value);
    case OPT_LOCATIONS:
        return option_number("locations", value, 1, THIRDPARTY_LOCATIONS_MAX, &o->world.locations);
    case OPT_LOOPS: return option_number("loops", value, 1, THIRDPARTY_LOOPS_MAX, &o->loops);
    case OPT_LATENCY: return option_number("latency", value, 0, LATENCY_MAX_MS, &o->latency_ms);
    case OPT_RETRY_AFTER:
        return option_number("retry-after", value, 1, SECONDS_MAX, &o->retry_after_s);
    case OPT_CACHE:
        code = option_number("cache", value, 1, CACHE_MB_MAX, &mb);
        if (code == 0)
            o->cache_bytes = (size_t)mb << 20;
        return code;
    case OPT_SEED:
        if (!read_number(str_of(value), UINT64_MAX, &o->world.seed))
            return wrong_usage("--seed is a number, not '%s'", value);
        break;
    case OPT_LISTEN:
        if (http_address_read(str_of(value), &o->listen, &err) != STATUS_OK)
            return wrong_usage("--listen: %s", err.message);
        break;
    case OPT_FAULT:
        if (fault_wishes_read(&s->faults, str_of(value), &err) != STATUS_OK)
            return wrong_usage("--fault: %s", err.message);
        break;
    case ARG_OPERAND: return wrong_usage("what is '%s'? There are only options", value);
    default: return wrong_usage("%s", a->message);
    }
    return code;
}

/* ---- running ---- */

/* Connections are descriptors: as many as the system lets this process have. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool write_locations(const struct thirdparty *t, const char *path)
{
    struct buf text;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    buf_init(&text, SIZE_MAX / 2);
    thirdparty_locations(t, &text);
    bool is_written = fwrite(text.p, 1, text.n, file) == text.n;
    buf_done(&text);
    return (fclose(file) == 0) && is_written;
}

static int run(const struct settings *s)
{
    struct thirdparty *t;
    struct error err;
    sigset_t signals;
    int got;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    raise_limit();
    if (thirdparty_open(&s->options, &t, &err) != STATUS_OK) {
        fprintf(stderr, "thirdparty: %s\n", err.message);
        return err.status == STATUS_IO || err.status == STATUS_CONFLICT ? EXIT_FAILED : EXIT_USAGE;
    }
    if (s->locations_file != NULL && !write_locations(t, s->locations_file)) {
        fprintf(stderr, "thirdparty: cannot write %s: %s\n", s->locations_file,
                strerrordesc_np(errno));
        thirdparty_close(t);
        return EXIT_FAILED;
    }
    str api = thirdparty_api(t);
    printf("thirdparty listens on %.*s, %u locations, %llu failed and %llu rejected records\n",
           STR_ARG(api), s->options.world.locations,
           (unsigned long long)thirdparty_rows(t, THIRDPARTY_FAILED),
           (unsigned long long)thirdparty_rows(t, THIRDPARTY_REJECTED));
    fflush(stdout);
    (void)sigwait(&signals, &got);
    thirdparty_close(t);
    return 0;
}

int main(int argc, char **argv)
{
    static struct settings s = {.options = {.world = {.seed = 1,
                                                      .locations = LOCATIONS,
                                                      .rows_min = ROWS_MIN,
                                                      .rows_max = ROWS_MAX},
                                            .key = {THIRDPARTY_KEY, sizeof(THIRDPARTY_KEY) - 1}}};
    struct args a;
    int id, code = 0;
    s.options.faults = &s.faults;
    if (http_address_read(STR(LISTEN), &s.options.listen, NULL) != STATUS_OK)
        return EXIT_FAILED;
    args_init(&a, argc, argv, table, ARRAY_LEN(table));
    while (code == 0 && !s.is_help && (id = args_next(&a)) != ARG_END)
        code = read_option(&s, id, &a);
    if (code == 0 && s.is_help)
        print_help();
    else if (code == 0)
        code = run(&s);
    return code;
}
