/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast JSON is read and written.
 *
 *   bench_json --generate DIR    pages of records as APIs answer them, compact and indented
 *   bench_json FILE...           one line per figure: json parse FILE MB/s
 *
 * Each figure is the median of several samples on one core, a parse with all its memory taken and
 * given back. bench/json.mjs measures the same in Node, bench/run_json.sh puts both side by side.
 */
#include "json/parse.h"
#include "json/write.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 9, PATH_BYTES = 4096 };

static const double sample_seconds = 0.08;

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void stop(const char *what)
{
    fprintf(stderr, "bench_json: %s\n", what);
    exit(1);
}

/* ---- inputs ---- */

struct lcg {
    uint64_t state;
};

static unsigned pick(struct lcg *r, unsigned below)
{
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(r->state >> 33) % below;
}

static void add_record(struct buf *b, struct lcg *r, unsigned i)
{
    static const char *const kinds[] = {"deposit", "refund", "transfer", "card payment"};
    static const char *const cities[] = {"Lisboa", "København", "Kraków", "Austin", "Osaka"};
    static const char *const notes[] = {"null", "\"paid at the counter\"", "\"said \\\"later\\\"\"",
                                        "\"line one\\nline two\""};
    buf_printf(
        b, "{\"record_id\":\"tx-%08u\",\"kind\":\"%s\",\"amount\":%u.%02u,\"currency\":\"EUR\",", i,
        kinds[pick(r, 4)], pick(r, 9000), 1 + pick(r, 9) + 10 * pick(r, 9));
    buf_printf(b, "\"customer\":{\"name\":\"Customer %u\",\"city\":\"%s\",\"age\":%u,\"vip\":%s},",
               pick(r, 100000), cities[pick(r, 5)], 18 + pick(r, 70),
               pick(r, 5) ? "false" : "true");
    buf_printf(
        b, "\"note\":%s,\"booked_at\":\"2026-%02u-%02uT%02u:%02u:00.000Z\",\"lines\":[%u,%u,%u]}",
        notes[pick(r, 4)], 1 + pick(r, 12), 1 + pick(r, 28), pick(r, 24), pick(r, 60), pick(r, 100),
        pick(r, 1000), pick(r, 100000));
}

static void make_page(struct buf *b, size_t bytes)
{
    struct lcg r = {7};
    buf_add(b, STR("{\"page\":1,\"next\":\"c2Vjb25k\",\"data\":["));
    for (unsigned i = 0; b->n < bytes; i++) {
        if (i > 0)
            buf_add_byte(b, ',');
        add_record(b, &r, i);
    }
    buf_add(b, STR("],\"has_more\":true}"));
}

static void save(const char *dir, const char *name, const struct buf *b)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0)
        stop("cannot write the inputs");
}

static struct json_doc *parsed(str text)
{
    struct json_doc *doc;
    struct error err;
    if (json_parse(text, NULL, &doc, &err) != STATUS_OK)
        stop(err.message);
    return doc;
}

static void generate(const char *dir)
{
    static const struct {
        const char *compact, *pretty;
        size_t bytes;
    } inputs[] = {{"page-1KB.json", "page-1KB-indented.json", 1000},
                  {"page-100KB.json", "page-100KB-indented.json", 100000},
                  {"page-10MB.json", "page-10MB-indented.json", 10000000}};
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        struct buf compact, pretty;
        buf_init(&compact, SIZE_MAX);
        buf_init(&pretty, SIZE_MAX);
        make_page(&compact, inputs[i].bytes);
        save(dir, inputs[i].compact, &compact);
        struct json_doc *doc = parsed(buf_str(&compact));
        if (json_write(&pretty, json_doc_root(doc), JSON_WRITE_PRETTY, NULL) != STATUS_OK)
            stop("cannot indent");
        save(dir, inputs[i].pretty, &pretty);
        json_doc_unref(doc);
        buf_done(&compact);
        buf_done(&pretty);
    }
}

/* ---- measuring ---- */

struct work {
    str text;
    struct json_doc *doc;
    struct buf out;
    unsigned flags;
};

static void run_parse(struct work *w)
{
    json_doc_unref(parsed(w->text));
}

static void run_write(struct work *w)
{
    buf_clear(&w->out);
    if (json_write(&w->out, json_doc_root(w->doc), w->flags, NULL) != STATUS_OK)
        stop("cannot write");
}

static double run_sample(void (*run)(struct work *w), struct work *w)
{
    unsigned rounds = 0;
    double start = now_seconds(), spent;
    do {
        run(w);
        rounds++;
        spent = now_seconds() - start;
    } while (spent < sample_seconds);
    return spent / rounds;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static void measure(const char *what, const char *name, size_t bytes, void (*run)(struct work *w),
                    struct work *w)
{
    double seconds[SAMPLES];
    run(w);
    for (int i = 0; i < SAMPLES; i++)
        seconds[i] = run_sample(run, w);
    qsort(seconds, SAMPLES, sizeof(*seconds), by_size);
    printf("json %s %s %.0f MB/s\n", what, name, (double)bytes / seconds[SAMPLES / 2] / 1e6);
    fflush(stdout);
}

static void read_file(struct buf *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        stop("cannot open an input");
    buf_init(b, SIZE_MAX);
    for (;;) {
        if (!buf_reserve(b, 1 << 16))
            stop("input too large");
        size_t n = fread(b->p + b->n, 1, 1 << 16, f);
        b->n += n;
        if (n == 0)
            break;
    }
    fclose(f);
}

static void measure_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    struct buf text;
    read_file(&text, path);
    struct work w = {.text = buf_str(&text)};
    w.doc = parsed(w.text);
    buf_init(&w.out, SIZE_MAX);
    measure("parse", name, w.text.n, run_parse, &w);
    if (strstr(name, "indented"))
        w.flags = JSON_WRITE_PRETTY;
    run_write(&w);
    measure("write", name, w.out.n, run_write, &w);
    json_doc_unref(w.doc);
    buf_done(&w.out);
    buf_done(&text);
}

int main(int argc, char **argv)
{
    /* a server's heap does not go back to the kernel after each page, nor does it here */
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    if (argc == 3 && strcmp(argv[1], "--generate") == 0) {
        generate(argv[2]);
        return 0;
    }
    if (argc < 2)
        stop("usage: bench_json --generate DIR | bench_json FILE...");
    for (int i = 1; i < argc; i++)
        measure_file(argv[i]);
    return 0;
}
