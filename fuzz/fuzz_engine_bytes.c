/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of the engine's own as they may come from a disk, and texts that name things: messages, the
 * state of a map run, names of its children, task tokens, ARNs. The first byte chooses. What is
 * read and written again is read as the same.
 */
#include "base/utf8.h"
#include "engine/arn.h"
#include "engine/map_internal.h"
#include "services/connection_record.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[ASL_TOKEN_KEY_BYTES] = {7};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_message(str bytes)
{
    struct engine_message m, again;
    struct error err = {0};
    struct buf written;
    if (engine_message_read(bytes, &m, &err) != STATUS_OK) {
        require(err.status == STATUS_CORRUPT && err.name[0] != '\0');
        return;
    }
    buf_init(&written, SIZE_MAX / 2);
    engine_message_write(&m, &written);
    require(engine_message_read(buf_str(&written), &again, &err) == STATUS_OK);
    require(again.kind == m.kind && again.frame == m.frame && again.attempt == m.attempt &&
            again.stage == m.stage && again.has_error == m.has_error &&
            again.has_cause == m.has_cause && again.is_child == m.is_child &&
            str_eq(again.document, m.document) && str_eq(again.error, m.error) &&
            str_eq(again.cause, m.cause));
    buf_done(&written);
}

static void check_run(str bytes)
{
    struct map_run_state s, again;
    struct error err = {0};
    struct buf written;
    if (map_run_state_read(bytes, &s, &err) != STATUS_OK) {
        require(err.status == STATUS_CORRUPT && err.name[0] != '\0');
        return;
    }
    buf_init(&written, SIZE_MAX / 2);
    map_run_state_write(&s, &written);
    require(map_run_state_read(buf_str(&written), &again, &err) == STATUS_OK);
    require(again.state == s.state && again.attempt == s.attempt &&
            again.is_marking == s.is_marking && again.has_error == s.has_error &&
            str_eq(again.arn, s.arn) && str_eq(again.error, s.error) &&
            str_eq(again.cause, s.cause));
    buf_done(&written);
}

/* A name that is read is made again of what was read, up to the case of its letters. */
static void check_name(struct map_namer *namer, str text)
{
    int64_t run;
    uint64_t index;
    char made[MAP_NAME_BYTES];
    if (!map_name_read(namer, text, &run, &index))
        return;
    require(run >= 0 && index < UINT64_C(1) << 61 && text.n == MAP_NAME_BYTES);
    map_name_make(namer, run, index, made);
    for (size_t i = 0; i < MAP_NAME_BYTES; i++)
        require((made[i] | 0x20) == (text.p[i] | 0x20));
}

static void check_names(str text)
{
    struct map_namer *namer = map_namer_new(key);
    char made[MAP_NAME_BYTES];
    int64_t run;
    uint64_t index, number = 0;
    check_name(namer, text);
    memcpy(&number, text.p, text.n < sizeof(number) ? text.n : sizeof(number));
    number >>= 3;
    map_name_make(namer, (int64_t)number, number ^ 5, made);
    require(map_name_read(namer, (str){made, MAP_NAME_BYTES}, &run, &index));
    require((uint64_t)run == number && index == (number ^ 5));
    map_namer_free(namer);
}

static void check_token(struct arena *a, str text)
{
    struct asl_token t;
    struct error err = {0};
    enum status status = asl_token_read(text, key, a, &t, &err);
    require(status == STATUS_INVALID && err.name[0] != '\0'); /* nobody guesses 128 bits */
}

static void require_within(str whole, str part)
{
    require(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

/* The first byte says which kinds fit. */
static void check_arn(str text)
{
    unsigned kinds = text.n > 0 ? (uint8_t)text.p[0] : 0;
    struct arn arn;
    struct error err = {0};
    uint32_t version;
    str rest = str_sub(text, 1, text.n);
    require(connection_name_of(rest).n <= rest.n);
    if (arn_read(rest, kinds, &arn, &err) != STATUS_OK) {
        str said = str_of(err.message);
        require(err.status == STATUS_INVALID && said.n > 0);
        require(utf8_check(rest) < rest.n || utf8_check(said) == said.n);
        return;
    }
    require((kinds >> arn.kind & 1) == 1 && arn.name.n > 0);
    require_within(rest, arn.region);
    require_within(rest, arn.account);
    require_within(rest, arn.name);
    require_within(rest, arn.label);
    require_within(rest, arn.qualifier);
    if (arn_read_version(arn.qualifier, &version))
        require(version > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    if (size < 1)
        return 0;
    str rest = {(const char *)data + 1, size - 1};
    arena_init(&a, 0);
    switch (data[0] % 5) {
    case 0: check_message(rest); break;
    case 1: check_run(rest); break;
    case 2: check_names(rest); break;
    case 3: check_token(&a, rest); break;
    default: check_arn(rest); break;
    }
    arena_done(&a);
    return 0;
}
