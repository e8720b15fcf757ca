/* SPDX-License-Identifier: Apache-2.0 */
/* Times of services as the SDK gives them to tasks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/sdk_times.h"

static void assert_becomes(const char *json, const char *wanted)
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 2);
    buf_add(&b, str_of(json));
    sdk_times_as_text(&b);
    if (!str_eq(buf_str(&b), str_of(wanted)))
        fail_msg("%s\nwanted: %s\ngot:    %.*s", json, wanted, STR_ARG(buf_str(&b)));
    buf_done(&b);
}

static void seconds_become_text(void **state)
{
    (void)state;
    assert_becomes("{\"StartedOn\":1795656846.695,\"Id\":\"a\",\"CompletedOn\":1795656847}",
                   "{\"StartedOn\":\"2026-11-26T01:34:06.695Z\",\"Id\":\"a\",\"CompletedOn\":"
                   "\"2026-11-26T01:34:07Z\"}");
    assert_becomes("{\"Table\":{\"CreationDateTime\":0}}",
                   "{\"Table\":{\"CreationDateTime\":\"1970-01-01T00:00:00Z\"}}");
    assert_becomes("[{\"CreationTime\":1},{\"CreationTime\":2}]",
                   "[{\"CreationTime\":\"1970-01-01T00:00:01Z\"},{\"CreationTime\":"
                   "\"1970-01-01T00:00:02Z\"}]");
}

static void everything_else_stays(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"ExecutionTime\":12,\"Count\":3}",
        "{\"CreatedOn\":{\"N\":\"12\"},\"StartedOn\":\"12\",\"CompletedOn\":null}",
        "{\"Body\":\"{\\\"StartedOn\\\":12}\"}",
        "{\"StartedOn\":-1,\"CompletedOn\":1e300}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_becomes(texts[i], texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_become_text),
        cmocka_unit_test(everything_else_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
