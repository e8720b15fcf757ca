/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast state machines run, in one thread and in memory.
 *
 *   bench_asl names MACHINES.JSON             of the machines for this:
 *   bench_asl speed MACHINES.JSON NAME        transitions/s of a machine, Express, nothing kept:
 *                                             name, transitions, items, then median, lowest,
 *                                             highest of BENCH_SAMPLES samples
 *   bench_asl kept MACHINES.JSON              the same with what a durable engine keeps, and back
 *   bench_asl loop MACHINES.JSON NAME ROUNDS  time and memory of a long loop (bench_asl_loops.c);
 *                                             a fifth argument: with what is kept
 *   bench_asl budget MACHINES.JSON            how a step leaves an endless loop
 *   bench_asl load                            reading definitions (bench_asl_load.c)
 *
 * Definitions are loaded and inputs parsed beforehand; a run is a new execution from its start to
 * its output, which is compared. asl.mjs measures aws-local-stepfunctions in the same way.
 */
#include "bench_asl.h"

#include "json/parse.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void bench_asl_stop(const char *what)
{
    fprintf(stderr, "bench_asl: %s\n", what);
    exit(1);
}

double bench_asl_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_asl_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_asl_min_seconds(void)
{
    const char *min_s = getenv("MIN_S");
    return min_s ? strtod(min_s, NULL) : 0.2;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

struct bench_figure bench_asl_figure(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof(*samples), by_size);
    return (struct bench_figure){samples[count / 2], samples[0], samples[count - 1]};
}

/* ---- machines ---- */

enum { ITEMS = 10000 };

/* What input_gen and output_gen name. */
static void generate(str name, struct buf *text)
{
    bool is_items = str_eq(name, STR("items"));
    if (!is_items && !str_eq(name, STR("marked")))
        bench_asl_stop("no such input or output");
    buf_add(text, is_items ? STR("{\"items\":[") : STR("["));
    for (int k = 0; k < ITEMS; k++) {
        if (k > 0)
            buf_add_byte(text, ',');
        if (is_items)
            buf_printf(text, "{\"k\":%d,\"code\":\"SAVE-%06d\"}", k, k);
        else
            buf_printf(text, "{\"k\":%d,\"ok\":true}", k);
    }
    buf_add(text, is_items ? STR("]}") : STR("]"));
}

/* The text of a member, or of what `member`_gen names; empty when there is neither. */
static str text_of(struct json_val machine, str member, str member_gen)
{
    struct buf text;
    size_t n;
    struct json_val v = json_get(machine, member), gen = json_get(machine, member_gen);
    buf_init(&text, SIZE_MAX / 2);
    if (gen.tag == JSON_STRING)
        generate(json_str(gen), &text);
    else if (v.tag != JSON_UNDEFINED && json_write(&text, v, 0, NULL) != STATUS_OK)
        bench_asl_stop("a member cannot be written");
    char *p = buf_take(&text, &n);
    return (str){p, n};
}

static struct bench_machine read_machine(struct json_val v)
{
    struct error err;
    struct asl_load_options options = {.type = ASL_STANDARD};
    struct bench_machine m = {.name = json_str(json_get(v, STR("name"))),
                              .output = text_of(v, STR("output"), STR("output_gen"))};
    struct json_val transitions = json_get(v, STR("transitions"));
    struct json_val items = json_get(v, STR("items"));
    str definition = text_of(v, STR("definition"), STR("-"));
    str input = text_of(v, STR("input"), STR("input_gen"));
    if (json_is_number(transitions))
        m.transitions = json_number(transitions);
    if (json_is_number(items))
        m.items = json_number(items);
    if (asl_definition_load(definition, &options, NULL, &m.definition, &err) != STATUS_OK ||
        (input.n > 0 && json_parse(input, NULL, &m.input, &err) != STATUS_OK))
        bench_asl_stop(err.message);
    free((char *)(uintptr_t)definition.p);
    free((char *)(uintptr_t)input.p);
    return m;
}

void bench_machine_done(struct bench_machine *m)
{
    asl_definition_unref(m->definition);
    json_doc_unref(m->input);
    free((char *)(uintptr_t)m->output.p);
}

static struct json_doc *machines; /* the whole of asl_machines.json */

static void read_machines(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf text;
    struct error err;
    size_t n;
    buf_init(&text, SIZE_MAX / 2);
    if (f == NULL)
        bench_asl_stop("cannot open the machines");
    do {
        if (!buf_reserve(&text, 1 << 16))
            bench_asl_stop("file too large");
        n = fread(text.p + text.n, 1, 1 << 16, f);
        text.n += n;
    } while (n > 0);
    fclose(f);
    if (json_parse(buf_str(&text), NULL, &machines, &err) != STATUS_OK)
        bench_asl_stop(err.message);
    buf_done(&text);
}

struct bench_machine bench_machine_named(const char *list, str name)
{
    struct json_val all = json_get(json_doc_root(machines), str_of(list));
    for (uint32_t i = 0; all.tag == JSON_ARRAY && i < all.len; i++) {
        if (str_eq(json_str(json_get(all.items[i], STR("name"))), name))
            return read_machine(all.items[i]);
    }
    bench_asl_stop("no such machine");
    abort();
}

/* ---- speed ---- */

/* Transitions per second of runs over at least min_seconds. */
static double run_for(const struct bench_machine *m, double min_seconds)
{
    struct bench_run r;
    bench_run_init(&r, m, ASL_EXPRESS);
    double start = bench_asl_now(), spent;
    uint64_t runs = 0;
    for (;;) {
        bench_run_start(&r);
        bench_run_on(&r);
        runs++;
        spent = bench_asl_now() - start;
        if (spent >= min_seconds)
            break;
        bench_run_end(&r);
        r.x = bench_new_exec(m, ASL_EXPRESS);
    }
    bench_run_check(&r);
    if (r.transitions != runs * (uint64_t)m->transitions)
        bench_asl_stop("a run has entered another number of states than it must");
    double rate = (double)r.transitions / spent;
    bench_run_done(&r);
    return rate;
}

static void measure_speed(str name)
{
    double samples[BENCH_SAMPLES], seconds = bench_asl_min_seconds();
    struct bench_machine m = bench_machine_named("speed", name);
    run_for(&m, seconds); /* warm up */
    for (int i = 0; i < BENCH_SAMPLES; i++)
        samples[i] = run_for(&m, seconds);
    struct bench_figure f = bench_asl_figure(samples, BENCH_SAMPLES);
    printf("%.*s\t%.0f\t%.0f\t%.5g\t%.5g\t%.5g\n", STR_ARG(m.name), m.transitions, m.items,
           f.median, f.lowest, f.highest);
    bench_machine_done(&m);
}

static void print_names(void)
{
    struct json_val all = json_get(json_doc_root(machines), STR("speed"));
    for (uint32_t i = 0; i < all.len; i++) {
        str name = json_str(json_get(all.items[i], STR("name")));
        printf("%.*s\n", STR_ARG(name));
    }
}

/* Calls fn for machines of a list: those of a name that begins with prefix. */
static void for_each(const char *list, str prefix, void (*fn)(const struct bench_machine *m))
{
    struct json_val all = json_get(json_doc_root(machines), str_of(list));
    for (uint32_t i = 0; i < all.len; i++) {
        struct bench_machine m = read_machine(all.items[i]);
        if (str_eq(str_sub(m.name, 0, prefix.n), prefix))
            fn(&m);
        bench_machine_done(&m);
    }
}

int main(int argc, char **argv)
{
    str what = argc > 1 ? str_of(argv[1]) : STR("");
    if (argc > 2)
        read_machines(argv[2]);
    if (str_eq(what, STR("names")) && argc == 3)
        print_names();
    else if (str_eq(what, STR("speed")) && argc == 4)
        measure_speed(str_of(argv[3]));
    else if (str_eq(what, STR("kept")) && argc == 3)
        for_each("speed", STR("loop_"), bench_asl_kept);
    else if (str_eq(what, STR("budget")) && argc == 3)
        for_each("endless", STR(""), bench_asl_budget);
    else if (str_eq(what, STR("loop")) && (argc == 5 || argc == 6))
        bench_asl_loop(str_of(argv[3]), strtoull(argv[4], NULL, 10), argc == 6);
    else if (str_eq(what, STR("load")) && argc == 2)
        bench_asl_load();
    else
        bench_asl_stop("usage: bench_asl names|kept|budget MACHINES.JSON, speed MACHINES.JSON "
                       "NAME, loop MACHINES.JSON NAME ROUNDS [kept], or load");
    json_doc_unref(machines);
    return 0;
}
