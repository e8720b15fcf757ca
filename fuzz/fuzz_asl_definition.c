/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A definition, read as Standard, as Express and strictly. Whatever comes, the findings are in
 * order; a definition that is accepted is whole, can be printed, and is the same when its JSON is
 * written anew.
 */
#include "asl/definition.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES = 1 << 24 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_findings(str text, const struct asl_diagnostics *found)
{
    struct buf out;
    uint32_t errors = 0;
    buf_init(&out, TEXT_BYTES);
    for (uint32_t i = 0; i < found->count; i++) {
        const struct asl_diagnostic *item = &found->items[i];
        errors += item->severity == ASL_ERROR;
        require(item->code[0] != '\0' && item->message.n > 0);
        require(item->location.n == 0 || item->location.p[0] == '/');
        require(item->offset + item->length <= text.n && item->line > 0 && item->column > 0);
    }
    require(found->error_count == 0 || errors > 0);
    asl_diagnostics_print_error(found, &out);
    buf_clear(&out);
    asl_diagnostics_print_json(found, ASL_WARNING, UINT32_MAX, &out);
    buf_done(&out);
}

static void check_machine(const struct asl_definition *d, const struct asl_machine *m)
{
    require(m->start != NULL && m->start->machine == m && m->state_count > 0);
    require(d->machines[m->number] == m);
    for (uint32_t i = 0; i < m->state_count; i++) {
        const struct asl_state *s = m->states[i];
        require(s->machine == m && d->states[s->number] == s);
        require(s->next == NULL || s->next->machine == m);
        require(asl_definition_find(d, s->name) == s);
        for (uint32_t k = 0; k < s->catcher_count; k++)
            require(s->catchers[k].next != NULL && s->catchers[k].next->machine == m);
        if (s->type == ASL_MAP)
            require(s->map.processor->owner == s && s->map.label.n > 0);
        for (uint32_t k = 0; s->type == ASL_CHOICE && k < s->choice.rule_count; k++)
            require(s->choice.rules[k].next != NULL);
    }
}

static enum status load(str text, const struct asl_load_options *options, struct buf *printed)
{
    struct asl_diagnostics found;
    struct asl_definition *d = NULL;
    struct error err;
    asl_diagnostics_init(&found);
    enum status status = asl_definition_load(text, options, &found, &d, &err);
    require((status == STATUS_OK) == (found.error_count == 0));
    check_findings(text, &found);
    asl_diagnostics_done(&found);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < d->machine_count; i++)
        check_machine(d, d->machines[i]);
    asl_definition_print(d, printed);
    asl_definition_unref(d);
    return status;
}

/* The same JSON without white space and escapes is the same definition. */
static void check_again(str text, const struct asl_load_options *options, str printed)
{
    struct json_doc *doc;
    struct error err;
    struct buf json, again;
    buf_init(&json, TEXT_BYTES);
    buf_init(&again, TEXT_BYTES);
    require(json_parse(text, NULL, &doc, &err) == STATUS_OK);
    if (json_write(&json, json_doc_root(doc), 0, &err) == STATUS_OK &&
        json.n <= ASL_MAX_DEFINITION) {
        require(load(buf_str(&json), options, &again) == STATUS_OK);
        require(str_eq(buf_str(&again), printed));
    }
    json_doc_unref(doc);
    buf_done(&again);
    buf_done(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct asl_load_options all[] = {
        {.type = ASL_STANDARD}, {.type = ASL_EXPRESS}, {.type = ASL_STANDARD, .strict = true}};
    str text = {(const char *)data, size};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct buf printed;
        buf_init(&printed, TEXT_BYTES);
        if (load(text, &all[i], &printed) == STATUS_OK)
            check_again(text, &all[i], buf_str(&printed));
        buf_done(&printed);
    }
    return 0;
}
