/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_tell.h. */
#include "cmd/aggregate_tell.h"

#include "cmd/aggregate_summary.h"
#include "cmd/eval_show.h"
#include "cmd/output.h"
#include <sys/ioctl.h>
#include <unistd.h>

void aggregate_say(str message)
{
    struct buf shown;
    buf_init(&shown, SIZE_MAX / 2);
    eval_show_message(message, &shown);
    cmd_error("aggregate", "%.*s", shown.n > 0 ? (int)shown.n - 1 : 0, shown.p);
    buf_done(&shown);
}

/* Of stdout's window; 0: it is none. */
static unsigned columns_of_stdout(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static bool tell_text(const struct aggregate_ending *e, const struct aggregate_summary *summary)
{
    struct output out;
    if (e->options->is_quiet)
        return true;
    output_init(&out, STDOUT_FILENO, "aggregate");
    out.buf.max = SIZE_MAX / 2;
    if (e->was_finished)
        buf_add(&out.buf, STR("This was finished before, and is only told again.\n"));
    aggregate_summary_put(summary, &out.buf);
    bool is_written = output_flush(&out);
    output_done(&out);
    return is_written;
}

static bool tell_event(const struct aggregate_ending *e, int code,
                       const struct aggregate_summary *summary)
{
    static const char *const words[] = {
        [CMD_OK] = "SUCCEEDED", [CMD_FAILED] = "FAILED", [CMD_PARTIAL] = "PARTIAL"};
    struct event_finished event = {.status = str_of(words[code]),
                                   .run = e->run,
                                   .was_finished = e->was_finished,
                                   .counts = e->counts,
                                   .file = summary->file,
                                   .ledger = e->ledger,
                                   .failure = e->has_file ? STR("") : e->failure,
                                   .last = summary->last};
    return aggregate_show_finished(e->show, &event);
}

/* What is wrong with the CSV's rows. */
static void tell_trouble(const struct aggregate_ending *e)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (e->tally->status != STATUS_OK)
        aggregate_say(str_of(e->tally->message));
    ledger_put_trouble(e->counts, e->options->config.out, &text);
    for (str rest = buf_str(&text), line; rest.n > 0;) {
        size_t end = str_find_byte(rest, '\n', 0);
        line = str_sub(rest, 0, end);
        rest = str_sub(rest, end + 1, rest.n);
        aggregate_say(line);
    }
    buf_done(&text);
}

int aggregate_tell(const struct aggregate_ending *e, int code)
{
    struct progress last;
    aggregate_show_progress(e->show, e->engine, loop_now_ms(), &last);
    struct aggregate_summary summary = {.counts = e->counts,
                                        .file = e->has_file ? e->options->config.out : STR(""),
                                        .ledger = e->ledger,
                                        .was_finished = e->was_finished,
                                        .last = &last,
                                        .columns = columns_of_stdout()};
    if (e->has_file)
        tell_trouble(e);
    bool is_told = e->options->is_json ? tell_event(e, code, &summary) : tell_text(e, &summary);
    if (code != CMD_OK)
        cmd_error("aggregate", "--retry-failed goes on with what is missing");
    return is_told ? code : CMD_FAILED;
}
