/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of reading a definition: what the load_*.c files share. A text becomes JSON; then each
 * object is read by a table of its fields (load_fields), whose rows name the function that reads
 * the value into the tree. Functions report what they find and go on with a harmless value, so that
 * one walk finds everything; a tree with errors in it is thrown away.
 *
 * What can only be judged when all is read (transitions, variables, labels) is noted on the way and
 * settled at the end, in load_flow.c and load_scope.c.
 */
#ifndef AFFLUX_ASL_LOAD_INTERNAL_H
#define AFFLUX_ASL_LOAD_INTERNAL_H

#include "asl/definition.h"
#include "base/map.h"

/* A place in the text, as the chain of keys and indexes that leads there. */
struct at {
    const struct at *up; /* NULL: the whole */
    str key;
    uint32_t index;
    bool is_index;
};

enum { LOAD_P = 1, LOAD_J = 2, LOAD_BOTH = 3 }; /* query languages that know a field */

/* Members of $states beside input and context that an expression may use. */
enum { LOAD_RESULT = 1, LOAD_ERROR = 2 };

struct load;
struct field;
typedef void load_fn(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                     void *target);

struct field {
    const char *name;
    unsigned types;     /* states: LOAD_TYPE(…) of those that have it; 0: no matter */
    unsigned languages; /* LOAD_P, LOAD_J; 0: both */
    bool required;
    load_fn *read;            /* NULL: nothing to keep, read elsewhere */
    size_t offset;            /* of the target in the struct that is filled */
    double min, max;          /* of numbers */
    const char *const *words; /* of load_word: NULL at the end; the target gets the position */
    unsigned reads;           /* LOAD_RESULT, LOAD_ERROR */
    unsigned id;              /* for its reader */
};

#define LOAD_TYPE(type) (1u << (type))

/* Rows of tables: a field read by a function, a number within bounds, one word of a list. */
#define ROW(field, in, reader, type, member)                                                       \
    {                                                                                              \
        .name = field, .languages = in, .read = reader, .offset = offsetof(type, member)           \
    }
#define ROW_NUMBER(field, reader, least, most, type, member)                                       \
    {                                                                                              \
        .name = field, .read = reader, .min = least, .max = most, .offset = offsetof(type, member) \
    }
#define ROW_WORD(field, list, type, member)                                                        \
    {                                                                                              \
        .name = field, .read = load_word, .words = list, .offset = offsetof(type, member)          \
    }

/* Fields of which an object may have one, or must have one. */
struct one_of {
    unsigned types; /* as in struct field */
    bool required;
    const char *names[5];
};

/* An object and the fields that it may have. */
struct table {
    const struct field *fields;
    uint32_t count;
    const struct one_of *groups;
    uint32_t group_count;
    const struct table *also; /* further fields; NULL */
};

struct transition {
    const struct at *at;
    str name;
    const struct asl_state **target;
    const struct asl_machine *machine;
    const struct asl_state *from; /* NULL: StartAt */
};

/* What the end of the reading wants to know of a state. */
struct state_note {
    struct asl_state *state;
    const struct at *at;
    bool ends;      /* its machine, when it has run */
    bool is_broken; /* of no known type: what it does is not known */
};

struct machine_note {
    struct asl_machine *machine;
    const struct at *at;
    struct map *states; /* by name, once asked for */
};

struct assigned {
    const struct at *at;
    asl_variable variable;
    const struct asl_machine *machine;
};

/* A variable that a state reads. */
struct reference {
    uint32_t state; /* number */
    str name;
};

struct label {
    const struct at *at; /* of the Map */
    struct asl_map *map;
    str name; /* of the state */
};

/* Growing arrays in the scratch arena, moved to the definition's when they are complete. */
struct list {
    void *items;
    uint32_t count, cap;
};

struct place_index;

struct load {
    struct asl_definition *d;
    const struct asl_load_options *options;
    struct asl_diagnostics *out;
    str text;
    struct arena scratch;
    struct place_index *places;
    struct map names;     /* of states, to their numbers; the first of a name */
    struct map variables; /* to asl_variable */
    struct list states;   /* struct state_note */
    struct list machines; /* struct machine_note */
    struct list names_of_variables;
    struct list transitions, assigns, labels, references;
    struct list expressions;       /* struct asl_jsonata * */
    bool has_too_many_expressions; /* reported */
    uint32_t depth;                /* machines around the one being read */
    bool in_express;               /* what is read runs as Express */

    /* the state being read */
    struct asl_state *state;
    const struct at *state_at;
    enum asl_language language;
    unsigned reads; /* of the field being read */
};

/* ---- places and findings: load_report.c ---- */

const struct at *at_key(struct load *l, const struct at *up, str key);
const struct at *at_index(struct load *l, const struct at *up, uint32_t index);
/* "/States/A/Choices[0]"; from: an at above it to start behind ("Choices[0]"), or NULL. */
str at_text(struct arena *arena, const struct at *at, const struct at *from);

#define SCHEMA "SCHEMA_VALIDATION_FAILED"
/* The finding, or NULL when there are too many. */
struct asl_diagnostic *load_error(struct load *l, const char *code, const struct at *at,
                                  const char *hint, const char *fmt, ...) PRINTF_LIKE(5, 6);
void load_warning(struct load *l, const char *code, const struct at *at, const char *hint,
                  const char *fmt, ...) PRINTF_LIKE(5, 6);
/* An error within a string: bytes [from, to) behind its opening quote, when it has no escapes. */
void load_error_within(struct load *l, const char *code, const struct at *at, const char *hint,
                       size_t from, size_t to, str message);
/* The finding is about its location, but what people must look at is there: the value, or the key.
 * The item may be NULL. */
void load_point(struct load *l, struct asl_diagnostic *item, const struct at *at);
void load_point_key(struct load *l, struct asl_diagnostic *item, const struct at *at);
/* The text is no JSON. */
void load_error_json(struct load *l, const char *reason, size_t offset, size_t line, size_t column);

/* Where the value at `at` stands; load_place.c. */
struct span {
    size_t start, end;
};
struct span place_find(struct load *l, const struct at *at);
/* Its key; the value where there is none. */
struct span place_find_key(struct load *l, const struct at *at);

/* The name that is nearest to a word, for hints. */
struct guess {
    str word, best;
    unsigned least;
};
struct guess guess_begin(str word);
void guess_try(struct guess *g, str name);
/* "did you mean '…'?", or NULL when no name is near. */
const char *guess_hint(struct load *l, const struct guess *g);

void *list_push(struct load *l, struct list *list, size_t size);

/* ---- fields and plain values: load_field.c ---- */

/* Reads all members of object; false when it is none (reported). */
bool load_fields(struct load *l, const struct at *at, struct json_val object,
                 const struct table *table, void *target);
bool load_is_object(struct load *l, const struct at *at, struct json_val v);
bool load_is_array(struct load *l, const struct at *at, struct json_val v);
bool load_is_string(struct load *l, const struct at *at, struct json_val v);
void load_comment(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                  void *target);
load_fn load_string;      /* str */
load_fn load_word;        /* unsigned */
load_fn load_bool;        /* bool */
load_fn load_plain_int;   /* double, never an expression */
load_fn load_plain_float; /* double */
load_fn load_int;         /* struct asl_number */
load_fn load_float;       /* struct asl_number */
load_fn load_number_path; /* struct asl_number */
load_fn load_text;        /* struct asl_text */
load_fn load_text_path;   /* struct asl_text, reference path */
load_fn load_expr_path;   /* struct asl_text, path or call */
load_fn load_timestamp;   /* struct asl_text */
/* Strings of an array into the definition's arena. */
bool load_strings(struct load *l, const struct at *at, struct json_val v, const str **ret,
                  uint32_t *ret_count);
bool load_is_timestamp(str s);

/* ---- expressions and templates: load_template.c ---- */

/* "{% … %}" in a JSONata state. */
bool load_is_jsonata(const struct load *l, struct json_val v);
/* NULL when it does not compile (reported). */
const struct asl_jsonata *load_jsonata(struct load *l, const struct at *at, struct json_val v);
/* Notes that the state being read reads a variable; an empty name is none. load_scope.c */
void load_reference(struct load *l, str name);
load_fn load_template;        /* const struct asl_template * */
load_fn load_object_template; /* the same, an object or an expression */
load_fn load_items;           /* the same, an array, an object or an expression */
load_fn load_assign;          /* struct asl_assign */
load_fn load_path;            /* struct asl_path */
load_fn load_result_path;     /* struct asl_path: reference, not of the context */
load_fn load_items_path;      /* struct asl_path: reference, of the context too */
/* A path or a call; NULL when it is neither, for the caller to report. */
const struct jsonpath_expr *load_compile_expr(struct load *l, struct json_val v);
const struct jsonpath *load_compile_path(struct load *l, const struct at *at, struct json_val v,
                                         bool reference, bool context);

/* ---- parts of states, one file each ---- */

load_fn load_retry;       /* load_retry.c: struct asl_state */
load_fn load_catch;       /* struct asl_state */
load_fn load_choices;     /* load_choice.c: struct asl_choice */
load_fn load_resource;    /* load_resource.c: struct asl_resource of a Task */
load_fn load_s3_resource; /* of a reader or writer */
load_fn load_credentials; /* const struct asl_template * */
/* Are the arguments there that the Task's integration cannot do without? */
void load_check_arguments(struct load *l, const struct at *at, struct json_val v);
load_fn load_branches;  /* load_machine.c: struct asl_parallel */
load_fn load_processor; /* load_map.c: struct asl_map */
load_fn load_reader;
load_fn load_batcher;
load_fn load_writer;
load_fn load_label;
load_fn load_next; /* load_flow.c: const struct asl_state * */

/* Notes a transition of the state being read. */
void load_transition(struct load *l, const struct at *at, str name,
                     const struct asl_state **target);
/* When all is read: load_flow.c, load_scope.c. */
void load_settle_flow(struct load *l);
void load_settle_scopes(struct load *l);
void load_settle_labels(struct load *l);

/* The fields of a state; load_state.c. */
void load_state(struct load *l, uint32_t number, struct json_val v);
/* What several fields of a Map say together. */
void load_finish_map(struct load *l, const struct at *at, struct json_val v);

/* The object that holds a machine; load_machine.c. */
struct body {
    str start_at;
    struct json_val states, config;
    unsigned language, version;
    double timeout;
};
load_fn load_value; /* struct json_val */
extern const struct table load_branch_table, load_processor_table, load_root_table;
const struct asl_machine *load_machine(struct load *l, const struct at *at, const struct body *body,
                                       const struct asl_state *owner);

#endif
