/* SPDX-License-Identifier: Apache-2.0 */
/* ValidateStateMachineDefinition: what is wrong with a definition is the answer. */
#include "engine/sfn_internal.h"

enum { VALIDATE_FINDINGS = 100 /* at most, and where maxResults says nothing */ };

enum status sfn_validate_definition(struct sfn_scope *s, struct error *err)
{
    struct asl_load_options options = {
        .type = str_eq(sfn_text(s, "type"), STR("EXPRESS")) ? ASL_EXPRESS : ASL_STANDARD,
        .strict = s->is_strict};
    bool with_warnings = str_eq(sfn_text(s, "severity"), STR("WARNING"));
    uint32_t most = (uint32_t)sfn_number(s, "maxResults");
    struct asl_diagnostics found;
    struct asl_definition *d = NULL;
    (void)err;
    asl_diagnostics_init(&found);
    if (asl_definition_load(sfn_text(s, "definition"), &options, &found, &d, NULL) == STATUS_OK)
        asl_definition_unref(d);
    asl_diagnostics_print_json(&found, with_warnings ? ASL_WARNING : ASL_ERROR,
                               most > 0 ? most : VALIDATE_FINDINGS, s->answer);
    asl_diagnostics_done(&found);
    return STATUS_OK;
}
