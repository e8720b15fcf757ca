/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct asl_definition: a state machine as read from its text: immutable, counted, with every
 * path, intrinsic call and JSONata expression compiled. It owns all of the tree below it;
 * executions share it. A definition belongs to one thread (its counter is a plain integer).
 *
 * The tree says what the author wrote, not what runs: the machine that steps is asl/exec.h. Reading
 * and checking (asl_definition_load) is done by the load_*.c files; this header is the meeting
 * point of both.
 */
#ifndef AFFLUX_ASL_DEFINITION_H
#define AFFLUX_ASL_DEFINITION_H

#include "asl/diagnostic.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "json/doc.h"
#include "json/shape.h"
#include "jsonata/jsonata.h"
#include "jsonpath/expr.h"
#include "jsonpath/path.h"

#define ASL_MAX_DEFINITION ((size_t)1 << 20) /* bytes of a text, as AWS has it */
enum {
    ASL_MAX_NAME = 80, /* characters */
    ASL_MAX_LABEL = 40,
    ASL_MAX_NESTING = 100,       /* machines within machines */
    ASL_MAX_EXPRESSIONS = 10000, /* "{% … %}" in one definition; each takes 4 KB and more */
};

#define ASL_STATE_TYPE_LIST(X)                                                                     \
    X(PASS, "Pass")                                                                                \
    X(TASK, "Task")                                                                                \
    X(CHOICE, "Choice")                                                                            \
    X(WAIT, "Wait")                                                                                \
    X(SUCCEED, "Succeed")                                                                          \
    X(FAIL, "Fail")                                                                                \
    X(PARALLEL, "Parallel")                                                                        \
    X(MAP, "Map")

enum asl_state_type {
#define X(id, text) ASL_##id,
    ASL_STATE_TYPE_LIST(X)
#undef X
};
enum { ASL_STATE_TYPE_COUNT = ASL_MAP + 1 };
const char *asl_state_type_name(enum asl_state_type type);

enum asl_language { ASL_JSONPATH, ASL_JSONATA };
enum asl_type { ASL_STANDARD, ASL_EXPRESS }; /* of a state machine, and of a map's children */

/* A variable that some Assign of the definition sets: an index into definition->variables. */
typedef uint32_t asl_variable;
#define ASL_NO_VARIABLE UINT32_MAX

/* The inside of one "{% … %}" string. */
struct asl_jsonata {
    struct jsonata *code;
    str text;  /* between the markers, trimmed, as causes quote it */
    str field; /* place within the state: "Output/result", "Choices[1]/Condition" */
    const asl_variable *variables; /* what it reads, for binding */
    uint32_t variable_count;
    bool reads_input, reads_result, reads_error; /* $states.input, .result, .errorOutput, … */
    bool reads_context;                          /* $states.context, … or $states as a whole */
};

/* A value to be built: a literal, an expression, or an object or array of such. In JSONPath states
 * the members whose keys end in ".$" are expressions (the key here is without it); in JSONata
 * states the strings "{% … %}" are. What contains no expression is one literal. */
enum asl_template_kind {
    ASL_TEMPLATE_LITERAL,
    ASL_TEMPLATE_JSONATA,
    ASL_TEMPLATE_PATH,
    ASL_TEMPLATE_OBJECT,
    ASL_TEMPLATE_ARRAY
};
struct asl_template {
    enum asl_template_kind kind;
    struct json_val literal;           /* LITERAL */
    const struct asl_jsonata *jsonata; /* JSONATA */
    const struct jsonpath_expr *path;  /* PATH */
    str field;                         /* PATH: the key as written, with ".$", as causes quote it */
    str text;                          /* PATH: the expression as written */
    uint32_t count;                    /* OBJECT, ARRAY */
    const struct asl_template *items;  /* OBJECT: in the order of the shape's keys; ARRAY */
    const struct json_shape *shape;    /* OBJECT */
};

/* One variable set by an Assign. */
struct asl_assignment {
    asl_variable variable;
    struct asl_template value;
};
struct asl_assign {
    const struct asl_assignment *items;
    uint32_t count;
};

/* InputPath, OutputPath, ResultPath, ItemsPath. */
enum asl_path_kind { ASL_PATH_DEFAULT, ASL_PATH_NULL, ASL_PATH_SET };
struct asl_path {
    enum asl_path_kind kind;
    const struct jsonpath *path; /* SET */
};

/* A number or text that is literal, or found by a path (the …Path field; a call too where ErrorPath
 * and CausePath allow it), or computed. */
enum asl_field_kind { ASL_FIELD_ABSENT, ASL_FIELD_LITERAL, ASL_FIELD_PATH, ASL_FIELD_JSONATA };
struct asl_number {
    enum asl_field_kind kind;
    double value;
    const struct jsonpath *path;
    const struct asl_jsonata *jsonata;
};
struct asl_text {
    enum asl_field_kind kind;
    str value; /* LITERAL: the text; PATH: the path or call as written */
    const struct jsonpath_expr *path;
    const struct asl_jsonata *jsonata;
};

struct asl_retrier {
    const str *errors;
    uint32_t error_count;
    double interval_seconds, backoff_rate; /* defaults filled in: 1, 2.0 */
    double max_delay_seconds;              /* 0: none */
    int64_t max_attempts;                  /* default 3 */
    bool jitter_full;
};

struct asl_catcher {
    const str *errors;
    uint32_t error_count;
    const struct asl_state *next;
    struct asl_path result_path;       /* JSONPath */
    const struct asl_template *output; /* JSONata; NULL: the error output */
    struct asl_assign assign;
};

enum asl_pattern { ASL_REQUEST_RESPONSE, ASL_SYNC, ASL_SYNC_2, ASL_WAIT_FOR_TASK_TOKEN };
enum asl_resource_kind {
    ASL_RESOURCE_LAMBDA,   /* arn:aws:lambda:…:function:… called directly */
    ASL_RESOURCE_ACTIVITY, /* arn:aws:states:R:A:activity:NAME */
    ASL_RESOURCE_SERVICE /* arn:aws:states:::SERVICE:ACTION…, SDK integrations and http:invoke too
                          */
};
struct asl_resource {
    str arn; /* as written */
    enum asl_resource_kind kind;
    enum asl_pattern pattern;
    str resource_type; /* SERVICE: "dynamodb", "aws-sdk:s3", "http", … */
    str resource;      /* SERVICE: "putItem", "startExecution.sync:2", … */
};

struct asl_task {
    struct asl_resource resource;
    struct asl_number timeout_seconds, heartbeat_seconds;
    const struct asl_template *credentials; /* NULL or an object with RoleArn */
};

#define ASL_OPERATOR_LIST(X)                                                                       \
    X(STRING_EQUALS, "StringEquals")                                                               \
    X(STRING_LESS_THAN, "StringLessThan")                                                          \
    X(STRING_GREATER_THAN, "StringGreaterThan")                                                    \
    X(STRING_LESS_THAN_EQUALS, "StringLessThanEquals")                                             \
    X(STRING_GREATER_THAN_EQUALS, "StringGreaterThanEquals")                                       \
    X(STRING_MATCHES, "StringMatches")                                                             \
    X(NUMERIC_EQUALS, "NumericEquals")                                                             \
    X(NUMERIC_LESS_THAN, "NumericLessThan")                                                        \
    X(NUMERIC_GREATER_THAN, "NumericGreaterThan")                                                  \
    X(NUMERIC_LESS_THAN_EQUALS, "NumericLessThanEquals")                                           \
    X(NUMERIC_GREATER_THAN_EQUALS, "NumericGreaterThanEquals")                                     \
    X(BOOLEAN_EQUALS, "BooleanEquals")                                                             \
    X(TIMESTAMP_EQUALS, "TimestampEquals")                                                         \
    X(TIMESTAMP_LESS_THAN, "TimestampLessThan")                                                    \
    X(TIMESTAMP_GREATER_THAN, "TimestampGreaterThan")                                              \
    X(TIMESTAMP_LESS_THAN_EQUALS, "TimestampLessThanEquals")                                       \
    X(TIMESTAMP_GREATER_THAN_EQUALS, "TimestampGreaterThanEquals")                                 \
    X(IS_NULL, "IsNull")                                                                           \
    X(IS_PRESENT, "IsPresent")                                                                     \
    X(IS_NUMERIC, "IsNumeric")                                                                     \
    X(IS_STRING, "IsString")                                                                       \
    X(IS_BOOLEAN, "IsBoolean")                                                                     \
    X(IS_TIMESTAMP, "IsTimestamp")

/* The operators that compare exist with "Path" behind their name too. */
enum asl_operator {
#define X(id, text) ASL_##id,
    ASL_OPERATOR_LIST(X)
#undef X
        ASL_AND,
    ASL_OR,
    ASL_NOT
};

/* A JSONPath choice rule's condition. */
struct asl_condition {
    enum asl_operator op;
    const struct asl_condition *operands; /* AND, OR (1 or more), NOT (1) */
    uint32_t count;
    const struct jsonpath *variable;   /* comparisons */
    const struct jsonpath *value_path; /* the …Path form, else NULL */
    struct json_val value;             /* the literal */
};

struct asl_rule {
    const struct asl_condition *condition; /* JSONPath */
    const struct asl_jsonata *jsonata;     /* JSONata; NULL: the literal below */
    bool literal;
    const struct asl_state *next;
    struct asl_assign assign;
    const struct asl_template *output; /* JSONata; NULL: the input */
};

struct asl_choice {
    const struct asl_rule *rules;
    uint32_t rule_count;
    const struct asl_state *otherwise; /* Default, or NULL */
};

struct asl_wait {
    struct asl_number seconds;
    struct asl_text timestamp;
};

struct asl_fail {
    struct asl_text error, cause;
};

struct asl_parallel {
    const struct asl_machine *const *branches;
    uint32_t branch_count;
};

enum asl_input_type { ASL_INPUT_NONE, ASL_CSV, ASL_JSON, ASL_JSONL, ASL_PARQUET, ASL_MANIFEST };
struct asl_item_reader {
    struct asl_resource resource;
    const struct asl_template *arguments; /* Parameters or Arguments; NULL */
    enum asl_input_type input_type;
    bool load_and_flatten; /* Transformation */
    bool header_given;     /* CSVHeaderLocation GIVEN */
    const str *headers;
    uint32_t header_count;
    char delimiter; /* ',' … */
    str items_pointer;
    str manifest_type; /* ATHENA_DATA, S3_INVENTORY or empty */
    struct asl_number max_items;
};

struct asl_item_batcher {
    struct asl_number max_items, max_bytes;
    const struct asl_template *batch_input;
};

enum asl_writer_transformation {
    ASL_WRITER_DEFAULT,
    ASL_WRITER_NONE,
    ASL_WRITER_COMPACT,
    ASL_WRITER_FLATTEN
};
struct asl_result_writer {
    bool has_resource;
    struct asl_resource resource;
    const struct asl_template *arguments;
    bool jsonl; /* OutputType */
    enum asl_writer_transformation transformation;
};

struct asl_map {
    const struct asl_machine *processor;
    bool is_distributed;
    enum asl_type execution_type;             /* of distributed children */
    struct asl_path items_path;               /* JSONPath */
    const struct asl_template *items;         /* JSONata; NULL: the state input */
    const struct asl_template *item_selector; /* or legacy Parameters */
    struct asl_number max_concurrency, tolerated_count, tolerated_percentage;
    const struct asl_item_reader *reader;
    const struct asl_item_batcher *batcher;
    const struct asl_result_writer *writer;
    str label; /* as given, or generated from the state's name when absent */
};

struct asl_state {
    str name;
    enum asl_state_type type;
    enum asl_language language;
    const struct asl_machine *machine; /* the one it stands in */
    uint32_t number;                   /* index into definition->states */
    const struct asl_state *next;      /* NULL: it ends its machine */

    struct asl_path input_path, output_path, result_path; /* JSONPath */
    const struct asl_template *parameters;      /* JSONPath, or JSONata's Arguments; or NULL */
    const struct asl_template *result_selector; /* JSONPath, or NULL */
    const struct asl_template *output;          /* JSONata, or NULL */
    struct asl_assign assign;
    const str *references; /* names of the variables it reads, sorted, assigned or not */
    uint32_t reference_count;
    const struct asl_retrier *retriers;
    const struct asl_catcher *catchers;
    uint32_t retrier_count, catcher_count;

    union {
        struct {
            bool has_result;
            struct json_val result; /* static */
        } pass;
        struct asl_task task;
        struct asl_choice choice;
        struct asl_wait wait;
        struct asl_fail fail;
        struct asl_parallel parallel;
        struct asl_map map;
    };
};

/* A body of states: the whole, a branch, or what a Map does for each item. */
struct asl_machine {
    const struct asl_state *start;
    const struct asl_state *const *states;
    uint32_t state_count;
    const struct asl_state *owner; /* the Parallel or Map it belongs to; NULL for the whole */
    uint32_t number;               /* index into definition->machines */
};

struct asl_definition {
    uint32_t refs;
    struct arena arena; /* all of the tree */
    struct json_shapes shapes;
    struct json_doc *doc; /* the text and its values, which literals refer to */
    enum asl_type type;
    enum asl_language language;
    double timeout_seconds; /* of the whole execution; 0: none */
    const struct asl_machine *root;
    const struct asl_state *const *states; /* all, at every depth */
    uint32_t state_count;
    const struct asl_machine *const *machines;
    uint32_t machine_count;
    const str *variables; /* names, without $ */
    uint32_t variable_count;
    struct map state_numbers, variable_numbers; /* names to numbers */
};

struct asl_load_options {
    enum asl_type type;
    bool strict; /* what AWS refuses and we would run is refused: JSONata syntax of 2.0.6, … */
};

/*
 * Reads a definition. Every finding goes to `out` (errors and warnings; see asl/diagnostic.h).
 * STATUS_INVALID when there is an error among them, with err as CreateStateMachine answers it
 * ("InvalidDefinition": "Invalid State Machine Definition: '…'", cut where struct error ends;
 * asl_diagnostics_print_error gives all of it). out and err may be NULL. The text is copied.
 */
NODISCARD enum status asl_definition_load(str text, const struct asl_load_options *options,
                                          struct asl_diagnostics *out, struct asl_definition **ret,
                                          struct error *err);

struct asl_definition *asl_definition_ref(struct asl_definition *d);
void asl_definition_unref(struct asl_definition *d); /* NULL is allowed */

/* The state with this name, at any depth; NULL when there is none. */
const struct asl_state *asl_definition_find(const struct asl_definition *d, str name);

/* The number of a variable that some Assign sets, else ASL_NO_VARIABLE; its name is
 * definition->variables[number]. */
asl_variable asl_definition_variable(const struct asl_definition *d, str name);

/* The compiled definition as text, for people. */
void asl_definition_print(const struct asl_definition *d, struct buf *out);

#endif
