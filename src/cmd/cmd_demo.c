/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux demo: a sample third party in this process, some of whose locations misbehave, and a whole
 * aggregation of it by `afflux aggregate`, of which nothing is different here. Then what came of
 * it. It needs no network and leaves a folder with the files to look at.
 */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "thirdparty/thirdparty.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_HELP = 1, OPT_LOCATIONS, OPT_DIR };
enum {
    DEMO_LOCATIONS = 200,
    DEMO_LOCATIONS_MIN = 20,
    DEMO_LOCATIONS_MAX = 100000,
    DEMO_ROWS_MAX = 900,
    DEMO_PATH_MAX = 4000,
    DEMO_LOOPS = 1,
    DEMO_EXAMPLES = 4,   /* lines of the CSV that are shown */
    FAILED_LOCATIONS = 3 /* exit code of aggregate: some locations failed */
};
#define KEY_VARIABLE "AFFLUX_DEMO_KEY"

/* What is wrong with some of the locations, and how the demo says so. */
static const char FAULTS[] = "busy:4,error:3,slow=400:1,dead:1,empty:4,over:1,cut:1";
static const char FAULTS_TOLD[] =
    "  four answer 429 with Retry-After at first, three 500; one is slow, one drops a page in the\n"
    "  middle, four have nothing, one announces more rows than it has, and one is dead\n";

static const struct arg_option demo_table[] = {
    {OPT_LOCATIONS, 'n', "locations", "N", "how many the sample third party has (default 200)"},
    {OPT_DIR, 0, "dir", "DIR", "a new folder for the files (default: one below TMPDIR)"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

void cmd_demo_help(struct buf *out)
{
    buf_add(out,
            STR("afflux demo: a sample third party, and a whole aggregation of it\n"
                "\n"
                "usage: afflux demo [OPTIONS]\n"
                "\n"
                "Everything happens in this process and on loopback; no network is needed. The "
                "files stay, to be\n"
                "looked at.\n"));
    args_print_help(demo_table, ARRAY_LEN(demo_table), out);
    buf_add(out, STR("\n"
                     "Examples\n"
                     "  afflux demo\n"
                     "  afflux demo --locations 2000 --dir ./demo\n"
                     "\n"
                     "Exit status: 0 all went as it should; 1 it did not; 2 wrong usage; 130 "
                     "interrupted.\n"));
}

struct demo {
    uint32_t locations;
    const char *dir;
    bool is_help;
    char folder[DEMO_PATH_MAX];
    struct thirdparty *third;
};

/* ---- options and the folder ---- */

static int read_option(struct demo *d, int id, const struct args *a)
{
    const char *value = a->value[0];
    switch (id) {
    case OPT_HELP: d->is_help = true; return CMD_OK;
    case OPT_DIR: d->dir = value; return CMD_OK;
    case OPT_LOCATIONS:
        return cmd_number("demo", "locations", value, DEMO_LOCATIONS_MIN, DEMO_LOCATIONS_MAX,
                          &d->locations);
    case ARG_OPERAND: return cmd_usage("demo", "'%s' is one too many", value);
    default: return cmd_usage("demo", "%s", a->message);
    }
}

static int read_options(struct demo *d, int argc, char **argv)
{
    struct args a;
    int id, code = CMD_OK;
    args_init(&a, argc, argv, demo_table, ARRAY_LEN(demo_table));
    while (code == CMD_OK && !d->is_help && (id = args_next(&a)) != ARG_END)
        code = read_option(d, id, &a);
    return code;
}

/* What follows happens in it, so that commands look as they are typed. */
static bool make_folder(struct demo *d)
{
    const char *tmp = getenv("TMPDIR");
    int n = d->dir ? snprintf(d->folder, sizeof(d->folder), "%s", d->dir)
                   : snprintf(d->folder, sizeof(d->folder), "%s/afflux-demo-XXXXXX",
                              tmp && *tmp ? tmp : "/tmp");
    bool is_made = n > 0 && n < DEMO_PATH_MAX &&
                   (d->dir ? mkdir(d->folder, 0777) == 0 : mkdtemp(d->folder) != NULL) &&
                   chdir(d->folder) == 0;
    if (!is_made)
        cmd_error("demo", "the folder %.1000s cannot be made: %s", d->folder,
                  strerrordesc_np(errno));
    return is_made;
}

/* ---- the third party ---- */

static bool open_third(struct demo *d)
{
    static struct fault_wishes faults;
    struct error err;
    struct thirdparty_options options = {
        .world = {.seed = 7, .locations = d->locations, .rows_max = DEMO_ROWS_MAX},
        .faults = &faults,
        .key = STR(THIRDPARTY_KEY),
        .loops = DEMO_LOOPS};
    enum status status = fault_wishes_read(&faults, STR(FAULTS), &err);
    if (status == STATUS_OK)
        status = http_address_read(STR("127.0.0.1:0"), &options.listen, &err);
    if (status == STATUS_OK)
        status = thirdparty_open(&options, &d->third, &err);
    if (status != STATUS_OK)
        cmd_error("demo", "%s", err.message);
    return status == STATUS_OK;
}

static bool write_locations(const struct demo *d)
{
    struct buf text;
    FILE *f = fopen("locations.csv", "w");
    buf_init(&text, SIZE_MAX / 2);
    thirdparty_locations(d->third, &text);
    bool is_written = f && fwrite(text.p, 1, text.n, f) == text.n;
    is_written = f && fclose(f) == 0 && is_written;
    buf_done(&text);
    if (!is_written)
        cmd_error("demo", "locations.csv cannot be written: %s", strerrordesc_np(errno));
    return is_written;
}

/* ---- the aggregation ---- */

static int aggregate(const struct demo *d)
{
    char *api = strndup(thirdparty_api(d->third).p, thirdparty_api(d->third).n);
    const char *words[] = {"aggregate",
                           "--api",
                           api,
                           "--locations",
                           "locations.csv",
                           "--auth",
                           ("api-key:X-Api-Key=env:" KEY_VARIABLE),
                           "--data",
                           "data",
                           "--out",
                           "report.csv",
                           NULL};
    printf("$ cd %s; export " KEY_VARIABLE "=" THIRDPARTY_KEY "\n"
           "$ afflux aggregate --api %s --locations locations.csv \\\n"
           "      --auth api-key:X-Api-Key=env:" KEY_VARIABLE " --data data --out report.csv\n",
           d->folder, api ? api : "");
    fflush(stdout);
    int code = CMD_FAILED;
    if (api && setenv(KEY_VARIABLE, THIRDPARTY_KEY, 1) == 0)
        code = cmd_aggregate((int)ARRAY_LEN(words) - 1, (char **)(uintptr_t)words);
    free(api);
    return code;
}

/* ---- what came of it ---- */

static void show_end(const struct demo *d)
{
    char line[512];
    printf("\nThe first lines of report.csv:\n");
    FILE *f = fopen("report.csv", "r");
    for (int i = 0; f && i < DEMO_EXAMPLES && fgets(line, sizeof(line), f); i++)
        printf("  %s", line);
    if (f)
        fclose(f);
    printf("\nTry next\n"
           "  thirdparty --help                     the third party alone, beside this program\n"
           "  afflux inspect --data %s/data         what was kept of each execution\n"
           "  afflux serve --data %s/data           the same folder for the aws command\n"
           "  rm -r %s\n",
           d->folder, d->folder, d->folder);
}

/* A location that stays dead and one that announces too much are part of the show. */
static bool is_as_planned(int code)
{
    return code == CMD_OK || code == FAILED_LOCATIONS;
}

int cmd_demo(int argc, char **argv)
{
    struct demo d = {.locations = DEMO_LOCATIONS};
    int code = read_options(&d, argc, argv);
    if (code == CMD_OK && d.is_help) {
        struct buf text;
        buf_init(&text, 1 << 16);
        cmd_demo_help(&text);
        code = cmd_print("demo", buf_str(&text));
        buf_done(&text);
        return code;
    }
    if (code != CMD_OK)
        return code;
    if (!make_folder(&d) || !open_third(&d))
        return CMD_FAILED;
    printf("A third party with %u locations answers on %.*s:\n%s\n", d.locations,
           STR_ARG(thirdparty_api(d.third)), FAULTS_TOLD);
    code = write_locations(&d) ? aggregate(&d) : CMD_FAILED;
    if (is_as_planned(code))
        show_end(&d);
    thirdparty_close(d.third);
    return is_as_planned(code) ? CMD_OK : code;
}
