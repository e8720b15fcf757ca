/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of an expression. parse.c builds it as written (operators "." "[" "{" "^" "@" "#" are
 * binary nodes); analyze.c rewrites it once into paths, predicates and groups and settles what `%`
 * refers to; link.c chooses for each node the function that evaluates it. After that it is
 * read-only and may be shared. All memory is the compiled expression's arena.
 */
#ifndef AFFLUX_JSONATA_AST_H
#define AFFLUX_JSONATA_AST_H

#include "jsonata/lex.h"

enum {
    JSONATA_MAX_NESTING = 1000 /* of nodes in an expression: what bounds recursion over the tree */
};

#define NODE_LIST(X)                                                                               \
    X(END, "(end)")                                                                                \
    X(NAME, "name")                                                                                \
    X(STRING, "string")                                                                            \
    X(NUMBER, "number")                                                                            \
    X(VALUE, "value")                                                                              \
    X(REGEX, "regex")                                                                              \
    X(VARIABLE, "variable")                                                                        \
    X(WILDCARD, "wildcard")                                                                        \
    X(DESCENDANT, "descendant")                                                                    \
    X(PARENT, "parent")                                                                            \
    X(OPERATOR, "operator") /* `?` in a partial application; and, or, in used as names */          \
    X(BINARY, "binary")                                                                            \
    X(NEGATE, "unary")                                                                             \
    X(ARRAY, "unary")                                                                              \
    X(OBJECT, "unary")                                                                             \
    X(CALL, "function")                                                                            \
    X(PARTIAL, "partial")                                                                          \
    X(LAMBDA, "lambda")                                                                            \
    X(CONDITION, "condition")                                                                      \
    X(ELVIS, "condition")                                                                          \
    X(COALESCE, "condition")                                                                       \
    X(BLOCK, "block")                                                                              \
    X(BIND, "bind")                                                                                \
    X(APPLY, "apply")                                                                              \
    X(TRANSFORM, "transform")                                                                      \
    X(PATH, "path")                                                                                \
    X(SORT, "sort")                                                                                \
    X(CONCAT, "binary") /* a & b & c as one node */

enum node_kind {
#define X(id, text) NODE_##id,
    NODE_LIST(X)
#undef X
};

#define OP_LIST(X)                                                                                 \
    X(NONE, "")                                                                                    \
    X(DOT, ".")                                                                                    \
    X(FILTER, "[")                                                                                 \
    X(GROUP, "{")                                                                                  \
    X(ORDER, "^")                                                                                  \
    X(FOCUS, "@")                                                                                  \
    X(INDEX, "#")                                                                                  \
    X(ADD, "+")                                                                                    \
    X(SUB, "-")                                                                                    \
    X(MUL, "*")                                                                                    \
    X(DIV, "/")                                                                                    \
    X(MOD, "%")                                                                                    \
    X(EQ, "=")                                                                                     \
    X(NE, "!=")                                                                                    \
    X(LT, "<")                                                                                     \
    X(LE, "<=")                                                                                    \
    X(GT, ">")                                                                                     \
    X(GE, ">=")                                                                                    \
    X(CONCAT, "&")                                                                                 \
    X(RANGE, "..")                                                                                 \
    X(IN, "in")                                                                                    \
    X(AND, "and")                                                                                  \
    X(OR, "or")

enum op {
#define X(id, text) OP_##id,
    OP_LIST(X)
#undef X
};

/* The type as JSONata names it. */
const char *node_kind_name(enum node_kind kind);
const char *op_name(enum op op);

struct node;
struct ev;
struct frame;
struct signature;
struct regex;
struct function_ref;

/* Evaluates a node for an input within an environment. */
typedef struct json_val eval_fn(struct ev *e, const struct node *n, struct json_val in,
                                struct frame *env);

/* A place that a `%` looks for: `level` steps up, known to later steps as the variable `label`. */
struct slot {
    uint32_t label; /* symbol */
    int level;
    uint32_t index; /* of the parent node it belongs to */
};

struct slots {
    struct slot **items;
    uint32_t count, cap;
};

/* A filter in brackets or a `#$i` behind one. */
struct stage {
    struct node *expr; /* NULL: an index binding */
    uint32_t symbol;   /* of the index binding */
    uint32_t end;      /* position */
};

struct stages {
    struct stage *items;
    uint32_t count;
};

struct pair {
    struct node *key, *value;
};

/* { key: value, … } behind an expression. */
struct group {
    struct pair *pairs;
    uint32_t count;
    uint32_t end;                   /* position */
    const struct json_shape *shape; /* all keys are different constants: their shape */
};

struct term {
    struct node *expr;
    bool descending;
};

struct node {
    eval_fn *fn;         /* how to evaluate it; set by link.c */
    eval_fn *inner;      /* decorated node: how to evaluate it without what hangs on it */
    eval_fn *traced;     /* traced node: how to evaluate it */
    uint8_t kind;        /* enum node_kind */
    uint8_t op;          /* enum op */
    uint16_t height;     /* of the tree below, for JSONATA_MAX_NESTING */
    uint32_t start, end; /* bytes of its token; end is what JSONata calls position */

    bool keep_array;     /* had [] behind it: a single result stays an array */
    bool keep_singleton; /* path: one of its steps had */
    bool cons_array;     /* array or block of one whose result is not flattened into a path */
    bool tuple;          /* step: yields tuples (focus, index, parent) */
    bool tail;           /* call: in tail position of a lambda */
    bool escapes;        /* block, lambda: a function made inside may keep the frame */
    bool direct;    /* call of a built-in function: argument i is for parameter i, set by link.c */
    bool decorated; /* filters, a group or [] hang on it: they see its result before it is unwrapped
                     */
    bool simple;    /* set by link.c: nothing follows the evaluation (predicates, group, []) */

    uint32_t count;      /* of items or pairs or terms */
    uint32_t symbol;     /* variable; focus of `:=`; number of a binding */
    uint32_t slot;       /* name: its (shape, slot) cache in the evaluation */
    uint32_t frame_size; /* block, lambda: bindings that its frame may get */
    uint32_t nest;  /* evaluations nested around it within its lambda, as JSONata counts depth */
    uint32_t focus; /* step: symbol of @$v, 0 = none */
    uint32_t index; /* step: symbol of #$i, 0 = none */
    struct json_key key; /* name: as shapes keep it */

    str text;              /* name, string, operator */
    struct json_val value; /* literal */
    union {
        struct {
            struct node *lhs, *rhs,
                *third; /* operands; condition, then, else; pattern, update, delete */
        };
        struct {
            struct node *proc;              /* call, partial */
            const struct function_ref *ref; /* call of a function that nothing can have redefined */
        };
        struct {
            struct node *body; /* lambda */
            const struct signature *signature;
        };
        const struct regex *regex;
    };
    union {
        struct node **items; /* steps, arguments, parameters, expressions */
        struct pair *pairs;  /* object */
        struct term *terms;  /* sort, and the right side of ^ before analysis */
    };
    const struct json_shape *shape; /* object whose keys are different constants */

    struct stages preds;  /* filters evaluated as part of the node */
    struct stages stages; /* filters of a path step, for each of its inputs */
    struct group *group;
    struct slot *ancestor; /* step: what a later `%` finds */
    struct slot *parent;   /* parent: where it looks */
    struct slots seeking;  /* while analysing: `%` inside that are not settled yet */
};

struct node *node_new(struct arena *arena, enum node_kind kind, const struct token *t);
/* Appends to a growing array of nodes. */
void node_push(struct arena *arena, struct node ***items, uint32_t *count, struct node *n);

/* Calls visit for every node directly below n: operands, items, filters, groups, in the order they
 * stand. */
void node_children(const struct node *n, void (*visit)(void *arg, struct node *child), void *arg);

/* The piece of the source that n and everything below it was made from, brackets behind it
 * included. */
str node_source(const struct node *n, str source);

/* Prints the tree, indented, a node per line, for people (--ast). */
void ast_print(const struct node *n, struct buf *out);

#endif
