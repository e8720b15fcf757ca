/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error codes and their messages. A message is a template: %v the value, %w the second value, %t
 * the token (both as JSON), %T the token bare, %y the type (as JSON), %m the text. The meaning of
 * codes is that of the JSONata reference implementation; codes beginning with U are budgets of this
 * implementation.
 */
#include "jsonata/raise.h"

#include "base/number.h"
#include "json/write.h"
#include <math.h>

static const struct raise_text {
    char code[8];
    const char *text;
} raise_texts[] = {
    {"S0101", "String literal must be terminated by a matching quote"},
    {"S0102", "Number out of range: %t"},
    {"S0103", "Unsupported escape sequence: \\%t"},
    {"S0104", "The escape sequence \\u must be followed by 4 hex digits"},
    {"S0105", "Quoted property name must be terminated with a backquote (`)"},
    {"S0106", "Comment has no closing tag"},
    {"S0201", "Syntax error: %t"},
    {"S0202", "Expected %v, got %t"},
    {"S0203", "Expected %v before end of expression"},
    {"S0204", "Unknown operator: %t"},
    {"S0206", "Unknown expression type: %t"},
    {"S0207", "Unexpected end of expression"},
    {"S0208", "Parameter %v of function definition must be a variable name (start with $)"},
    {"S0209", "A predicate cannot follow a grouping expression in a step"},
    {"S0210", "Each step can only have one grouping expression"},
    {"S0211", "The symbol %t cannot be used as a unary operator"},
    {"S0212", "The left side of := must be a variable name (start with $)"},
    {"S0213", "The literal value %v cannot be used as a step within a path expression"},
    {"S0214", "The right side of %t must be a variable name (start with $)"},
    {"S0215", "A context variable binding must precede any predicates on a step"},
    {"S0216", "A context variable binding must precede the 'order-by' clause on a step"},
    {"S0217", "The object representing the 'parent' cannot be derived from this expression"},
    {"S0301", "Empty regular expressions are not allowed"},
    {"S0302", "No terminating / in regular expression"},
    {"S0303", "Invalid regular expression: %m"},
    {"S0401", "Type parameters can only be applied to functions and arrays"},
    {"S0402", "Choice groups containing parameterized types are not supported"},
    {"S0403", "The function signature has too many parameters"},
    {"T0410", "Argument %w of function %t does not match function signature"},
    {"T0411", "Context value is not a compatible type with argument %w of function %t"},
    {"T0412", "Argument %w of function %t must be an array of %y"},
    {"D1001", "Number out of range: %v"},
    {"D1002", "Cannot negate a non-numeric value: %v"},
    {"T1003", "Key in object structure must evaluate to a string; got: %v"},
    {"D1004", "Regular expression matches zero length string"},
    {"T1005", "Attempted to invoke a non-function. Did you mean $%T?"},
    {"T1006", "Attempted to invoke a non-function"},
    {"T1007", "Attempted to partially apply a non-function. Did you mean $%T?"},
    {"T1008", "Attempted to partially apply a non-function"},
    {"D1009", "Multiple key definitions evaluate to same key: %v"},
    {"T1010",
     "The matcher function argument passed to function %t does not return the correct object "
     "structure"},
    {"D1011",
     "Stack overflow. Check for non-terminating recursive function.  Consider rewriting as "
     "tail-recursive"},
    {"D1012", "The evaluation takes more than the %v steps it is allowed. Check for infinite loop"},
    {"T2001", "The left side of the %t operator must evaluate to a number"},
    {"T2002", "The right side of the %t operator must evaluate to a number"},
    {"T2003", "The left side of the range operator (..) must evaluate to an integer"},
    {"T2004", "The right side of the range operator (..) must evaluate to an integer"},
    {"T2006", "The right side of the function application operator ~> must be a function"},
    {"T2007", "Type mismatch when comparing values %v and %w in order-by clause"},
    {"T2008",
     "The expressions within an order-by clause must evaluate to numeric or string values"},
    {"T2009", "The values %v and %w either side of operator %t must be of the same data type"},
    {"T2010",
     "The expressions either side of operator %t must evaluate to numeric or string values"},
    {"T2011",
     "The insert/update clause of the transform expression must evaluate to an object: %v"},
    {"T2012", "The delete clause of the transform expression must evaluate to a string or array of "
              "strings: %v"},
    {"T2013",
     "The transform expression clones the input object using the $clone() function.  This has "
     "been overridden in the current scope by a non-function."},
    {"D2014", "The size of the sequence allocated by the range operator (..) must not exceed 1e7.  "
              "Attempted to allocate %v."},
    {"D3001", "Attempting to invoke string function on Infinity or NaN"},
    {"D3010", "Second argument of replace function cannot be an empty string"},
    {"D3011", "Fourth argument of replace function must evaluate to a positive number"},
    {"D3012", "Attempted to replace a matched string with a non-string value"},
    {"D3020", "Third argument of split function must evaluate to a positive number"},
    {"D3030", "Unable to cast value to a number: %v"},
    {"D3040", "Third argument of match function must evaluate to a positive number"},
    {"D3050",
     "The second argument of reduce function must be a function with at least two arguments"},
    {"D3060", "The sqrt function cannot be applied to a negative number: %v"},
    {"D3061",
     "The power function has resulted in a value that cannot be represented as a JSON number: "
     "base=%v, exponent=%w"},
    {"D3070",
     "The single argument form of the sort function can only be applied to an array of strings "
     "or an array of numbers.  Use the second argument to specify a comparison function"},
    {"D3080", "The picture string must only contain a maximum of two sub-pictures"},
    {"D3081", "The sub-picture must not contain more than one instance of the 'decimal-separator' "
              "character"},
    {"D3082", "The sub-picture must not contain more than one instance of the 'percent' character"},
    {"D3083",
     "The sub-picture must not contain more than one instance of the 'per-mille' character"},
    {"D3084", "The sub-picture must not contain both a 'percent' and a 'per-mille' character"},
    {"D3085",
     "The mantissa part of a sub-picture must contain at least one character that is either an "
     "'optional digit character' or a member of the 'decimal digit family'"},
    {"D3086", "The sub-picture must not contain a passive character that is preceded by an active "
              "character and that is followed by another active character"},
    {"D3087",
     "The sub-picture must not contain a 'grouping-separator' character that appears adjacent "
     "to a 'decimal-separator' character"},
    {"D3088",
     "The sub-picture must not contain a 'grouping-separator' at the end of the integer part"},
    {"D3089", "The sub-picture must not contain two adjacent instances of the 'grouping-separator' "
              "character"},
    {"D3090", "The integer part of the sub-picture must not contain a member of the 'decimal digit "
              "family' that is followed by an instance of the 'optional digit character'"},
    {"D3091",
     "The fractional part of the sub-picture must not contain an instance of the 'optional "
     "digit character' that is followed by a member of the 'decimal digit family'"},
    {"D3092", "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a "
              "character treated as an 'exponent-separator'"},
    {"D3093",
     "The exponent part of the sub-picture must comprise only of one or more characters that "
     "are members of the 'decimal digit family'"},
    {"D3100", "The radix of the formatBase function must be between 2 and 36.  It was given %v"},
    {"D3110",
     "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given %v"},
    {"D3120", "Syntax error in expression passed to function eval: %v"},
    {"D3121", "Dynamic error evaluating the expression passed to function eval: %v"},
    {"D3130",
     "Formatting or parsing an integer as a sequence starting with %v is not supported by this "
     "implementation"},
    {"D3131", "In a decimal digit pattern, all digits must be from the same decimal group"},
    {"D3132", "Unknown component specifier %v in date/time picture string"},
    {"D3133", "The 'name' modifier can only be applied to months and days in the date/time picture "
              "string, not %v"},
    {"D3134", "The timezone integer format specifier cannot have more than four digits"},
    {"D3135", "No matching closing bracket ']' in date/time picture string"},
    {"D3136", "The date/time picture string is missing specifiers required to parse the timestamp"},
    {"D3137", "%m"},
    {"D3138",
     "The $single() function expected exactly 1 matching result.  Instead it matched more."},
    {"D3139", "The $single() function expected exactly 1 matching result.  Instead it matched 0."},
    {"D3140", "Malformed URL passed to $%m(): %v"},
    {"D3141", "%m"},
    {"D3150", "$partition: the size of a chunk must be a positive whole number, not %v"},
    {"D3151", "$range: start, end and step must be numbers, and the step not zero"},
    {"D3152", "$hash: unknown algorithm %v; use MD5, SHA-1, SHA-256, SHA-384 or SHA-512"},
    {"D3153", "$parse: the text is not JSON: %m"},
    {"D3160",
     "The picture string or its options do not allow this value to be formatted or parsed"},
    {"U1002", "The evaluation needs more than the %v bytes of memory it is allowed"},
    {"U1003", "The regular expression takes more effort than it is allowed"},
    {"U1004", "The expression is nested deeper than %v levels"},
    {"U1005", "A value is nested deeper than %v levels"},
    {"U1006", "The expression is longer than %v bytes"},
    {"U1007", "The expression is not valid UTF-8"},
};

void raise_code(struct raised *r, const char *code)
{
    *r = (struct raised){.position = RAISE_NO_POSITION};
    size_t n = strlen(code);
    memcpy(r->code, code, n < sizeof(r->code) ? n : sizeof(r->code) - 1);
}

static void raise_put_value(struct json_val v, struct buf *out)
{
    struct error ignored;
    size_t before = out->n;
    if (v.tag == JSON_UNDEFINED)
        buf_add(out, STR("undefined"));
    else if (v.tag == JSON_NUMBER && !isfinite(v.num))
        buf_add(out, STR("null"));
    else if (json_write(out, v, JSON_WRITE_DOUBLES, &ignored) != STATUS_OK)
        out->n = before + (out->n > before + 200 ? 200 : out->n - before);
}

void raise_message(const struct raised *r, struct buf *out)
{
    const char *text = r->code;
    for (size_t i = 0; i < ARRAY_LEN(raise_texts); i++)
        if (strcmp(raise_texts[i].code, r->code) == 0)
            text = raise_texts[i].text;
    for (; *text != '\0'; text++) {
        if (*text != '%') {
            buf_add_byte(out, *text);
            continue;
        }
        switch (*++text) {
        case 'v': raise_put_value(r->value, out); break;
        case 'w': raise_put_value(r->value2, out); break;
        case 't':
            if (r->has_token)
                json_write_string(out, r->token);
            else
                buf_add(out, STR("undefined"));
            break;
        case 'T': buf_add(out, r->token); break;
        case 'y': json_write_string(out, str_of(r->type != NULL ? r->type : "")); break;
        case 'm': buf_add(out, r->text); break;
        default: buf_add_byte(out, *text); break;
        }
    }
}
