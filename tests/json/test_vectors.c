/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of JSONTestSuite: y_ must be accepted, n_ must be refused, i_ may go either way. They
 * lie in the folder json/ of $AFFLUX_VECTORS, or of ../shared/vectors beside the source tree.
 * Without them the program is skipped (exit code 77), or fails when AFFLUX_REQUIRE_VECTORS is 1.
 */
#include "json_test.h"
#include <dirent.h>

enum { EXPECT_ACCEPTED = 95, EXPECT_REFUSED = 188, EXPECT_FREE = 35, SKIPPED = 77 };

struct tally {
    char folder[1024];
    unsigned accepted, refused, free; /* files that behaved as their name demands */
    unsigned free_accepted, wrong;
};

static void read_vector(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    buf_init(out, SIZE_MAX);
    for (size_t n = 1; n > 0; out->n += n) {
        assert_true(buf_reserve(out, 1 << 16));
        n = fread(out->p + out->n, 1, 1 << 16, f);
    }
    fclose(f);
}

/* Accepted text is written and read again. */
static bool survives(struct json_doc *doc)
{
    char *text = text_of(json_doc_root(doc), 0);
    struct json_doc *again = doc_of(text);
    bool is_same = json_equal(json_doc_root(doc), json_doc_root(again));
    json_doc_unref(again);
    free(text);
    return is_same;
}

static void try_vector(struct tally *t, const char *name)
{
    char path[2048];
    snprintf(path, sizeof(path), "%s/%s", t->folder, name);
    struct buf text;
    read_vector(path, &text);
    struct json_doc *doc = NULL;
    struct error err = {.message = "accepted"};
    bool ok = parse_exact(buf_str(&text), NULL, &doc, &err) == STATUS_OK;
    if (ok && !survives(doc)) {
        printf("%s: not the same when written and read again\n", name);
        t->wrong++;
    }
    if (name[0] == 'i') {
        t->free++;
        t->free_accepted += ok;
    } else if (ok == (name[0] == 'y')) {
        t->accepted += ok;
        t->refused += !ok;
    } else {
        printf("%s: %s\n", name, err.message);
        t->wrong++;
    }
    json_doc_unref(doc);
    buf_done(&text);
}

static void every_file_of_the_suite_is_judged_rightly(void **state)
{
    struct tally *t = *state;
    DIR *dir = opendir(t->folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strchr("yni", entry->d_name[0]) && entry->d_name[1] == '_')
            try_vector(t, entry->d_name);
    }
    closedir(dir);
    printf("json vectors: %u accepted as required, %u refused as required, "
           "%u implementation-defined (%u of them accepted)\n",
           t->accepted, t->refused, t->free, t->free_accepted);
    assert_int_equal(t->wrong, 0);
    assert_int_equal(t->accepted, EXPECT_ACCEPTED);
    assert_int_equal(t->refused, EXPECT_REFUSED);
    assert_int_equal(t->free, EXPECT_FREE);
}

int main(void)
{
    struct tally t = {0};
    const char *root = getenv("AFFLUX_VECTORS"), *must = getenv("AFFLUX_REQUIRE_VECTORS");
    snprintf(t.folder, sizeof(t.folder), "%s/json",
             root && *root ? root : SOURCE_ROOT "/../shared/vectors");
    DIR *dir = opendir(t.folder);
    if (!dir) {
        printf("skipped: no vectors at %s\n", t.folder);
        return must && strcmp(must, "1") == 0 ? 1 : SKIPPED;
    }
    closedir(dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_file_of_the_suite_is_judged_rightly, &t),
    };
    return cmocka_run_group_tests_name("json vectors", tests, NULL, NULL);
}
