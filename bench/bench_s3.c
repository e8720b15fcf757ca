/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object service without HTTP: durable puts of 64 KB with MD5 per second, by one client and by
 * two threads, each with 64 under way; gets, read into memory and checked; keys listed per second
 * as XML pages of 1,000. Beside it what the disk and the processor give: 64 KB appended and synced
 * in groups of 64 to a preallocated file, and MD5 alone.
 *
 *   bench_s3 DIR [SECONDS]     DIR must be there, and empty
 */
#include "bench_clock.h"
#include "base/check.h"
#include "services/s3/list.h"
#include "services/s3/service.h"
#include "services/s3/s3.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BODY = 64 << 10, IN_FLIGHT = 64, THREADS = 2, LISTED = 1000000, PER_UNIT = 1000 };

NORETURN static void stop(const char *what)
{
    fprintf(stderr, "bench_s3: %s\n", what);
    exit(1);
}

static char body[BODY];

/* ---- the machine alone ---- */

static double probe_disk(const char *dir, double seconds)
{
    enum { FILE_BYTES = 64 << 20 };
    char path[4096];
    snprintf(path, sizeof(path), "%s/probe", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || fallocate(fd, 0, 0, FILE_BYTES) != 0)
        stop("cannot make the probe's file");
    double began = now_s(), took;
    unsigned count = 0;
    do {
        for (int i = 0; i < IN_FLIGHT; i++, count++)
            if (pwrite(fd, body, BODY, (off_t)(count % (FILE_BYTES / BODY)) * BODY) != BODY)
                stop("cannot write the probe's file");
        if (fdatasync(fd) != 0)
            stop("cannot write the probe's file");
        took = now_s() - began;
    } while (took < seconds);
    close(fd);
    unlink(path);
    return count / took;
}

static double probe_md5(double seconds)
{
    struct s3_hash_kinds kinds;
    struct error err;
    char out[S3_SUM_MAX];
    if (s3_hash_kinds_init(&kinds, &err) != STATUS_OK)
        stop(err.message);
    double began = now_s(), took;
    unsigned count = 0;
    do {
        s3_sum_of(&kinds, S3_NO_ALGORITHM, (str){body, BODY}, out);
        count++;
        took = now_s() - began;
    } while (took < seconds);
    s3_hash_kinds_done(&kinds);
    return count / took;
}

/* ---- puts ---- */

struct putter {
    struct s3 *s3;
    struct s3_client *client;
    double until;
    uint64_t done;
    unsigned number, next, keys; /* keys 0: every one is new */
};

static void begin_put(struct putter *p);

static void on_put(void *arg, const struct s3_put_result *result, const struct error *err)
{
    struct putter *p = arg;
    (void)result;
    if (err)
        stop(err->message);
    p->done++;
    if (now_s() < p->until)
        begin_put(p);
}

static void begin_put(struct putter *p)
{
    char key[64];
    struct s3_put *put;
    struct error err;
    unsigned i = p->keys ? p->next % p->keys : p->next;
    p->next++;
    int n = snprintf(key, sizeof(key), "task/%u/part-%08u.json", p->number, i);
    struct s3_put_request q = {.bucket = STR("bench"),
                               .key = {key, (size_t)n},
                               .has_length = true,
                               .length = BODY,
                               .algorithm = S3_NO_ALGORITHM,
                               .now_ms = 1764028800000};
    if (s3_put_begin(p->client, &q, &put, &err) != STATUS_OK ||
        s3_put_write(put, (str){body, BODY}, &err) != STATUS_OK ||
        s3_put_finish(put, on_put, p, &err) != STATUS_OK)
        stop(err.message);
}

static void *run_putter(void *arg)
{
    struct putter *p = arg;
    struct error err;
    if (s3_client_new(p->s3, NULL, NULL, &p->client, &err) != STATUS_OK)
        stop(err.message);
    for (int i = 0; i < IN_FLIGHT; i++)
        begin_put(p);
    while (now_s() < p->until) {
        s3_client_wait(p->client);
        s3_client_turn(p->client);
    }
    s3_client_free(p->client);
    return NULL;
}

/* Returns how many keys each thread has put at least. */
static unsigned measure_puts(struct s3 *s3, const char *what, unsigned threads, unsigned keys,
                             double seconds)
{
    struct putter putters[THREADS];
    pthread_t ids[THREADS];
    struct store_metrics before, after;
    uint64_t done = 0, least = UINT32_MAX;
    store_get_metrics(s3_store(s3), &before);
    double began = now_s(), began_cpu = cpu_s();
    for (unsigned i = 0; i < threads; i++) {
        putters[i] = (struct putter){.s3 = s3, .until = began + seconds, .number = i, .keys = keys};
        if (pthread_create(&ids[i], NULL, run_putter, &putters[i]) != 0)
            stop("no thread");
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        done += putters[i].done;
        least = putters[i].done < least ? putters[i].done : least;
    }
    double took = now_s() - began, cpu = cpu_s() - began_cpu;
    store_get_metrics(s3_store(s3), &after);
    printf(
        "s3 put 64 KB, %-22s %7.0f /s  %6.0f MB/s  %6.0f per CPU second  %4.0f per commit  commit "
        "p50 %5.1f ms p99 %5.1f ms\n",
        what, (double)done / took, (double)done * BODY / took / 1e6, (double)done / cpu,
        (double)(after.units - before.units) / (double)(after.commits - before.commits),
        (double)store_histogram_quantile(&after.commit, 0.5) / 1e3,
        (double)store_histogram_quantile(&after.commit, 0.99) / 1e3);
    return (unsigned)least;
}

/* ---- gets ---- */

static void measure_gets(struct s3 *s3, unsigned keys, double seconds)
{
    static char out[BODY];
    struct s3_client *c;
    struct error err;
    unsigned count = 0;
    if (s3_client_new(s3, NULL, NULL, &c, &err) != STATUS_OK)
        stop(err.message);
    double began = now_s(), took;
    do {
        char key[64];
        struct s3_get *g;
        size_t n;
        int length = snprintf(key, sizeof(key), "task/0/part-%08u.json", count * 7919u % keys);
        struct s3_get_request q = {.bucket = STR("bench"), .key = {key, (size_t)length}};
        if (s3_get_begin(s3, s3_client_reader(c), &q, &g, &err) != STATUS_OK ||
            s3_get_read(g, out, sizeof(out), &n, &err) != STATUS_OK || n != BODY)
            stop(err.message);
        s3_get_end(g);
        count++;
        took = now_s() - began;
    } while (took < seconds);
    printf("s3 get 64 KB, one thread, checked        %7.0f /s  %6.0f MB/s\n", count / took,
           count / took * BODY / 1e6);
    s3_client_free(c);
}

/* ---- lists ---- */

static enum status add_keys(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    struct store_bucket bucket;
    unsigned first;
    memcpy(&first, args.p, sizeof(first));
    if (store_find_bucket(store_tx_reader(tx), STR("listed"), scratch, &bucket, err) != STATUS_OK)
        return err->status;
    for (unsigned i = first; i < first + PER_UNIT; i++) {
        struct store_object o = {.bucket = bucket.id,
                                 .key =
                                     arena_printf(scratch, "task/%04u/part-%08u.json", i / 1000, i),
                                 .modified_ms = 1764028800000,
                                 .etag = STR("d41d8cd98f00b204e9800998ecf8427e"),
                                 .properties = STR("{\"ContentType\":\"application/json\"}")};
        if (store_tx_put_object(tx, &o, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static unsigned list_page(struct store_reader *r, const struct s3_list_request *q, struct buf *out)
{
    struct error err;
    buf_clear(out);
    if (s3_list_xml(r, q, out, &err) != STATUS_OK)
        stop(err.message);
    unsigned count = 0;
    for (size_t at = 0; (at = str_find(buf_str(out), STR("<Key>"), at)) != STR_NONE; at++)
        count++;
    return count;
}

static void measure_lists(struct s3 *s3, double seconds)
{
    struct s3_client *c;
    struct error err;
    struct buf out;
    struct store_client *units = store_client_new(s3_store(s3), NULL, NULL);
    for (unsigned first = 0; first < LISTED; first += PER_UNIT) {
        struct store_unit u = {.run = add_keys, .args = {(const char *)&first, sizeof(first)}};
        if (store_perform(units, &u, &err) != STATUS_OK)
            stop(err.message);
        store_unit_done(&u);
    }
    store_client_free(units);
    if (s3_client_new(s3, NULL, NULL, &c, &err) != STATUS_OK)
        stop(err.message);
    buf_init(&out, 64 << 20);
    double began = now_s(), took;
    uint64_t count = 0;
    unsigned page = 0;
    do {
        char after[64];
        unsigned i = page++ % (LISTED / 1000) * 1000;
        int n = snprintf(after, sizeof(after), "task/%04u/part-%08u.json", i / 1000, i);
        struct s3_list_request q = {.bucket = STR("listed"),
                                    .start_after = {after, (size_t)n},
                                    .max_keys = 1000,
                                    .is_v2 = true};
        count += list_page(s3_client_reader(c), &q, &out);
        took = now_s() - began;
    } while (took < seconds);
    printf("s3 list, pages of 1,000 of 1 M keys      %7.0f k keys/s\n", (double)count / took / 1e3);
    buf_done(&out);
    s3_client_free(c);
}

static void add_buckets(struct store *store, struct s3 *s3, const struct service_settings *settings)
{
    static const char *const names[] = {"bench", "listed"};
    struct store_client *c = store_client_new(store, NULL, NULL);
    struct s3_self self = {s3};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct error err;
        struct service_unit u = {.operation = service_find(&s3_service, STR("CreateBucket")),
                                 .call = {.settings = settings, .self = &self}};
        char args[64];
        int n = snprintf(args, sizeof(args), "{\"Bucket\":\"%s\"}", names[i]);
        u.args = (str){args, (size_t)n};
        service_unit_init(&u);
        if (store_perform(c, &u.unit, &err) != STATUS_OK)
            stop(err.message);
        store_unit_done(&u.unit);
    }
    store_client_free(c);
}

int main(int argc, char **argv)
{
    struct service_settings settings = {.account = STR("000000000000"), .region = STR("us-east-1")};
    struct store *store;
    struct s3 *s3;
    struct error err;
    char dir[4096];
    enum { KEYS = 4000 };
    if (argc < 2)
        stop("usage: bench_s3 DIR [SECONDS]");
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 3;
    for (size_t i = 0; i < BODY; i++)
        body[i] = (char)(i * 2654435761u >> 13);
    snprintf(dir, sizeof(dir), "%s/data", argv[1]);
    if (store_open(str_of(dir), NULL, &store, &err) != STATUS_OK ||
        s3_new(store, &settings, &s3, &err) != STATUS_OK)
        stop(err.message);
    add_buckets(store, s3, &settings);
    double disk = probe_disk(argv[1], seconds / 2);
    measure_puts(s3, "one thread, new keys", 1, 0, seconds);
    unsigned keys = measure_puts(s3, "two threads, new keys", 2, 0, seconds);
    keys = keys < KEYS ? keys : KEYS;
    measure_puts(s3, "two threads, overwriting", 2, keys, seconds);
    measure_gets(s3, keys, seconds / 2);
    measure_lists(s3, seconds / 2);
    printf(
        "s3 machine: 64 KB appended, fdatasync each 64: %6.0f /s before, %6.0f /s after; MD5 of 64 "
        "KB: %6.0f /s\n",
        disk, probe_disk(argv[1], seconds / 2), probe_md5(0.5));
    struct store_body_metrics m;
    store_get_body_metrics(store, &m);
    printf("s3 collector: %llu segments removed, %llu records moved\n",
           (unsigned long long)m.segments_removed, (unsigned long long)m.records_moved);
    s3_free(s3);
    store_close(store);
    return 0;
}
