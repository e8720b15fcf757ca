/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of services/secret_box.h. */
#include "services/secret_box.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;

static void in_folder(char out[256], const char *name)
{
    static char folder[128];
    if (!folder[0]) {
        const char *base = getenv("TMPDIR");
        (void)snprintf(folder, sizeof folder, "%s/secret_box.XXXXXX", base ? base : "/tmp");
        assert_non_null(mkdtemp(folder));
    }
    (void)snprintf(out, 256, "%s/%s", folder, name);
}

static void a_key_is_made_once_and_only_its_owner_may_read_it(void **state)
{
    (void)state;
    char path[256];
    struct stat st;
    struct secret_box first, second;
    in_folder(path, "key");
    assert_int_equal(secret_box_open(path, &first, &err), STATUS_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, SECRET_KEY_BYTES);
    assert_int_equal(secret_box_open(path, &second, &err), STATUS_OK);
    assert_memory_equal(first.key, second.key, SECRET_KEY_BYTES);
    assert_int_equal(unlink(path), 0);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    (void)state;
    char path[256];
    struct secret_box box;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0666};
    in_folder(path, "open");
    assert_int_equal(secret_box_open(path, &box, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(secret_box_open(path, &box, &err), STATUS_INVALID);
        assert_string_equal(err.name, "KeyFile");
    }
    assert_int_equal(unlink(path), 0);
}

static void a_file_that_is_no_key_is_refused(void **state)
{
    (void)state;
    char path[256], other[256];
    struct secret_box box;
    in_folder(path, "short");
    in_folder(other, "link");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fputs("short", file);
    (void)fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(secret_box_open(path, &box, &err), STATUS_INVALID);
    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(secret_box_open(other, &box, &err), STATUS_IO);
    assert_int_equal(secret_box_open("/nowhere/at/all/key", &box, &err), STATUS_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(other), 0);
}

struct sealed {
    struct secret_box box;
    struct buf bytes, plain;
};

static void sealed_init(struct sealed *s, str text, str name)
{
    assert_int_equal(secret_box_random(&s->box, &err), STATUS_OK);
    buf_init(&s->bytes, 4096);
    buf_init(&s->plain, 4096);
    assert_int_equal(secret_seal(&s->box, text, name, &s->bytes, &err), STATUS_OK);
}

static void sealed_done(struct sealed *s)
{
    buf_done(&s->bytes);
    secret_wipe(&s->plain);
    secret_box_done(&s->box);
}

static void what_was_sealed_opens_again(void **state)
{
    (void)state;
    static const str texts[] = {{"", 0}, {"x", 1}, {"a secret of some length, over a block", 37}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sealed s;
        sealed_init(&s, texts[i], STR("name"));
        assert_int_equal(s.bytes.n, texts[i].n + SECRET_OVERHEAD);
        assert_int_equal(secret_unseal(&s.box, buf_str(&s.bytes), STR("name"), &s.plain, &err),
                         STATUS_OK);
        assert_true(str_eq(buf_str(&s.plain), texts[i]));
        sealed_done(&s);
    }
}

static void the_same_secret_is_never_sealed_the_same(void **state)
{
    (void)state;
    struct sealed s;
    sealed_init(&s, STR("secret"), STR("name"));
    assert_int_equal(secret_seal(&s.box, STR("secret"), STR("name"), &s.bytes, &err), STATUS_OK);
    size_t half = s.bytes.n / 2;
    assert_memory_not_equal(s.bytes.p, s.bytes.p + half, half);
    sealed_done(&s);
}

static void assert_closed(struct sealed *s, str bytes, str name)
{
    assert_int_equal(secret_unseal(&s->box, bytes, name, &s->plain, &err), STATUS_CORRUPT);
    assert_string_equal(err.name, "SecretUnreadable");
    assert_int_equal(s->plain.n, 0);
}

static void another_name_or_key_or_byte_does_not_open(void **state)
{
    (void)state;
    struct sealed s;
    sealed_init(&s, STR("a secret"), STR("name"));
    assert_closed(&s, buf_str(&s.bytes), STR("other"));
    assert_closed(&s, buf_str(&s.bytes), STR(""));
    for (size_t i = 0; i < s.bytes.n; i++) {
        s.bytes.p[i] ^= 1;
        assert_closed(&s, buf_str(&s.bytes), STR("name"));
        s.bytes.p[i] ^= 1;
        assert_closed(&s, str_sub(buf_str(&s.bytes), 0, i), STR("name"));
    }
    s.box.key[0] ^= 1;
    assert_closed(&s, buf_str(&s.bytes), STR("name"));
    sealed_done(&s);
}

static void a_secret_has_a_largest_size(void **state)
{
    (void)state;
    struct sealed s;
    sealed_init(&s, STR("x"), STR("name"));
    assert_int_equal(
        secret_seal(&s.box, (str){"", SECRET_MAX_BYTES + 1}, STR("name"), &s.bytes, &err),
        STATUS_LIMIT);
    sealed_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_made_once_and_only_its_owner_may_read_it),
        cmocka_unit_test(a_key_that_others_may_read_is_refused),
        cmocka_unit_test(a_file_that_is_no_key_is_refused),
        cmocka_unit_test(what_was_sealed_opens_again),
        cmocka_unit_test(the_same_secret_is_never_sealed_the_same),
        cmocka_unit_test(another_name_or_key_or_byte_does_not_open),
        cmocka_unit_test(a_secret_has_a_largest_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
