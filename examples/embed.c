/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONata inside a program of yours, with libafflux-jsonata:
 *
 *     cc embed.c -o embed $(pkg-config --cflags --libs afflux-jsonata)
 *
 * The program prices a few orders: it compiles two expressions, gives them a variable, evaluates
 * them on each order, and reads the results as values and as text. At the end it shows what a
 * mistake looks like.
 */
#include <afflux/jsonata.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const orders[] = {
    ("{\"id\": \"A-17\", \"lines\": [{\"sku\": \"bolt\", \"price\": 0.25, \"n\": 100},"
     "                            {\"sku\": \"nut\", \"price\": 0.125, \"n\": 80}]}"),
    "{\"id\": \"B-4\", \"lines\": {\"sku\": \"crane\", \"price\": 90000, \"n\": 1}}",
    "{\"id\": \"C-1\", \"lines\": []}",
};

/* Shows where in the expression the error is. */
static void report(const char *expression, const struct afx_error *err)
{
    printf("error %s: %s\n", err->code, err->message);
    if (err->start == AFX_NO_POSITION)
        return;
    printf("    %s\n    %*s", expression, (int)err->start, "");
    for (uint32_t at = err->start; at < err->end; at++)
        putchar('^');
    putchar('\n');
}

static struct afx_expr *compile(const char *text)
{
    struct afx_expr *expr;
    struct afx_error err;
    if (afx_compile(text, AFX_NUL_TERMINATED, 0, &expr, &err) == AFX_OK)
        return expr;
    report(text, &err);
    exit(EXIT_FAILURE);
}

/* A result as a value: borrowed, walked without any copy. */
static void print_lines(struct afx_value lines)
{
    for (size_t i = 0; i < afx_count(lines); i++) {
        struct afx_value line = afx_item(lines, i);
        struct afx_text sku = afx_string(afx_get(line, "sku", AFX_NUL_TERMINATED));
        double sum = afx_number(afx_get(line, "sum", AFX_NUL_TERMINATED));
        printf("  %.*s: %.2f\n", (int)sku.n, sku.p, sum);
    }
}

/* A result as text. */
static void print_text(struct afx_value value)
{
    char text[200];
    struct afx_error err;
    if (afx_write_to(value, 0, text, sizeof(text), NULL, &err) == AFX_OK)
        printf("  %s\n", text);
    else
        printf("  %s\n", err.message);
}

static void price(struct afx_context *context, const struct afx_expr *by_line,
                  const struct afx_expr *total, const char *order)
{
    struct afx_document *document;
    struct afx_value result;
    struct afx_error err;
    if (afx_document_parse(order, AFX_NUL_TERMINATED, &document, &err) != AFX_OK) {
        printf("error %s: %s\n", err.code, err.message);
        return;
    }
    struct afx_value root = afx_document_root(document);
    struct afx_text id = afx_string(afx_get(root, "id", AFX_NUL_TERMINATED));
    printf("order %.*s\n", (int)id.n, id.p);
    if (afx_evaluate(context, by_line, root, &result, &err) == AFX_OK)
        print_lines(result);
    if (afx_evaluate(context, total, root, &result, &err) == AFX_OK)
        print_text(result);
    afx_context_reset(
        context); /* the results are not needed any more; now their input may go, too */
    afx_document_free(document);
}

int main(void)
{
    struct afx_error err;
    struct afx_value result;

    /* Once per program: expressions. Threads may share them. */
    struct afx_expr *by_line = compile("lines.{\"sku\": sku, \"sum\": price * n}[]");
    struct afx_expr *total =
        compile("{\"order\": id, \"total\": $round($sum(lines.(price * n)) * (1 + $vat), 2)}");
    const char *mistake = "lines.(price * sku)";
    struct afx_expr *wrong = compile(mistake);

    /* Once per thread: a context, with limits that fit what the expressions should need. */
    struct afx_context *context = afx_context_new();
    if (afx_context_set_limit(context, AFX_LIMIT_STEPS, 100000) != AFX_OK ||
        afx_context_set_limit(context, AFX_LIMIT_BYTES, 1 << 20) != AFX_OK ||
        afx_bind_json(context, "vat", AFX_NUL_TERMINATED, "0.19", AFX_NUL_TERMINATED, &err) !=
            AFX_OK)
        return EXIT_FAILURE;

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        price(context, by_line, total, orders[i]);

    /* Errors are values as well. */
    struct afx_document *document;
    if (afx_document_parse(orders[0], AFX_NUL_TERMINATED, &document, &err) != AFX_OK)
        return EXIT_FAILURE;
    if (afx_evaluate(context, wrong, afx_document_root(document), &result, &err) != AFX_OK)
        report(mistake, &err);

    afx_context_free(context);
    afx_document_free(document);
    afx_expr_free(wrong);
    afx_expr_free(total);
    afx_expr_free(by_line);
    return EXIT_SUCCESS;
}
