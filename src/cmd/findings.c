/* SPDX-License-Identifier: Apache-2.0 */
/* Shows findings about definitions; the findings are made by the load_*.c files of asl/. */
#include "cmd/findings.h"

#include "cmd/eval_show.h"

#define FINDINGS_RED "\033[1;31m"
#define FINDINGS_YELLOW "\033[1;33m"
#define FINDINGS_BOLD "\033[1m"
#define FINDINGS_OFF "\033[0m"

void findings_show(const char *file, str text, const struct asl_diagnostic *item, bool is_colored,
                   struct buf *out)
{
    bool is_error = item->severity == ASL_ERROR;
    const char *color = is_error ? FINDINGS_RED : FINDINGS_YELLOW;
    buf_printf(out, "%s%s:%zu:%zu:%s %s%s %s:%s ", is_colored ? FINDINGS_BOLD : "", file,
               item->line, item->column, is_colored ? FINDINGS_OFF : "", is_colored ? color : "",
               is_error ? "error" : "warning", item->code, is_colored ? FINDINGS_OFF : "");
    /* behind its first line, a message quotes the text, which is shown anyway */
    eval_show_message(str_sub(item->message, 0, str_find_byte(item->message, '\n', 0)), out);
    if (text.n > 0)
        eval_show_place(text, item->offset, item->offset + item->length, is_colored, out);
    if (item->location.n > 1) {
        buf_add(out, STR("  at "));
        eval_show_message(item->location, out);
    }
    if (item->hint != NULL)
        buf_printf(out, "  hint: %s\n", item->hint);
}
