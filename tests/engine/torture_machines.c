/* SPDX-License-Identifier: Apache-2.0 */
/* See torture.h. In definitions ' stands for a double quote, and ` for '. */
#include "torture.h"

/* clang-format off */
#define TASK(name, next)                                                                           \
    "'" name "':{'Type':'Task','Resource':'arn:aws:lambda:us-east-1:000000000000:function:f',"     \
    "'Retry':[{'ErrorEquals':['Again'],'IntervalSeconds':1,'BackoffRate':1.5,'MaxAttempts':5}],"   \
    next "}"
#define START(name, pattern, machine, input, rest)                                                 \
    "'" name "':{'Type':'Task','Resource':'arn:aws:states:::states:startExecution" pattern "',"    \
    "'Parameters':{'StateMachineArn':'arn:aws:states:us-east-1:000000000000:stateMachine:"         \
    machine "','Input':{'n.$':'$.n'" input "}," rest "}"


/* JSONata. A call is known by its path: who calls, for what, and which try it is. */
#define CALL(status, what, rest)                                                                   \
    "{'Type':'Task','Resource':'arn:aws:states:::http:invoke','Arguments':{'Method':'GET',"        \
    "'ApiEndpoint':'{% $states.input.api & `/status/` & " status " & `/` & " what " & `/` & "      \
    "$string($states.context.State.RetryCount) %}','InvocationConfig':{'ConnectionArn':"           \
    "'arn:aws:events:us-east-1:000000000000:connection/" TORTURE_CONNECTION "'}}," rest "}"
#define S3(operation, more, rest)                                                                  \
    "{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:s3:" operation "','Arguments':{'Bucket':" \
    "'{% $states.context.Execution.Name %}'" more "}," rest "}"
#define SELECTED "'ItemSelector':{'n':'{% $states.context.Map.Item.Value.n %}',"                   \
    "'name':'{% $states.context.Execution.Name %}','api':'{% $states.input.api %}'},"
#define DISTRIBUTED(type) "'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED',"              \
    "'ExecutionType':'" type "'},"

const struct torture_machine torture_machines[TORTURE_MACHINES] = {
    {"leaf", ASL_STANDARD, "{'StartAt':'double','States':{" TASK("double", "'End':true") "}}"},
    {"child", ASL_STANDARD, "{'StartAt':'double','States':{"
        TASK("double", "'Next':'Deep'") ","
        START("Deep", ".sync", "leaf", "}",
              "'ResultSelector':{'n.$':'States.StringToJson($.Output)'},'End':true") "}}"},
    {"teller", ASL_STANDARD, "{'StartAt':'Nap','States':{"
        "'Nap':{'Type':'Wait','Seconds':1,'Next':'Tell'},"
        "'Tell':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:sfn:sendTaskSuccess',"
        "'Parameters':{'TaskToken.$':'$.token','Output':{'told.$':'$.n'}},"
        "'ResultPath':null,'OutputPath':'$.n','End':true}}}"},
    {"main", ASL_STANDARD, "{'StartAt':'Zero','States':{"
        "'Zero':{'Type':'Pass','Result':0,'ResultPath':'$.i','Next':'Spin'},"
        "'Spin':{'Type':'Pass','Parameters':{'i.$':'States.MathAdd($.i, 1)','n.$':'$.n',"
        "'items.$':'$.items'},'Next':'More'}," /* often enough for a snapshot */
        "'More':{'Type':'Choice','Choices':[{'Variable':'$.i','NumericLessThan':300,"
        "'Next':'Spin'}],'Default':'Both'},"
        "'Both':{'Type':'Parallel','Branches':["
        "{'StartAt':'twice','States':{" TASK("twice", "'Next':'Rest'") ","
        "'Rest':{'Type':'Wait','Seconds':2,'End':true}}},"
        "{'StartAt':'Each','States':{'Each':{'Type':'Map','ItemsPath':'$.items',"
        "'MaxConcurrency':2,'ItemProcessor':{'StartAt':'each','States':{"
        TASK("each", "'End':true") "}},'End':true}}}],'ResultPath':'$.both','Next':'Nest'},"
        START("Nest", ".sync:2", "child", "}",
              "'ResultSelector':{'o.$':'$.Output'},'ResultPath':'$.nest','Next':'Fire'") ","
        START("Fire", "", "leaf", "},'Name.$':'States.Format(`fired-{}`, $.n)'",
              "'ResultPath':null,'Next':'Ask'") ","
        START("Ask", ".waitForTaskToken", "teller", ",'token.$':'$$.Task.Token'}",
              "'ResultPath':'$.ask','Next':'Count'") ","
        "'Count':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:dynamodb:updateItem',"
        "'Parameters':{'Key.$':'$$.Execution.Name'},'ResultPath':'$.count','Next':'Recount'},"
        "'Recount':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:dynamodb:updateItem',"
        "'Parameters':{'Key.$':'$$.Execution.Name'},'ResultPath':'$.recount','End':true}}}"},
    {"quick", ASL_EXPRESS, "{'StartAt':'double','States':{" TASK("double", "'End':true") "}}"},
    {"maps", ASL_STANDARD, "{'QueryLanguage':'JSONata','StartAt':'Quick','States':{"
        "'Quick':{'Type':'Task','Resource':'arn:aws:states:::states:startExecution.sync:2',"
        "'Arguments':{'StateMachineArn':'arn:aws:states:us-east-1:000000000000:stateMachine:quick',"
        "'Input':{'n':'{% $states.input.n %}','k':'{% $states.context.Execution.Name %}'}},"
        "'Output':'{% $merge([$states.input, {`quick`: $states.result.Output}]) %}','Next':'Call'},"
        "'Call':" CALL("($states.context.State.RetryCount = 0 ? `500` : `200`)",
                       "$states.context.Execution.Name",
            "'Retry':[{'ErrorEquals':['States.Http.StatusCode.500'],'IntervalSeconds':1,"
            "'MaxAttempts':1}],"
            "'Output':'{% $merge([$states.input, {`status`: $states.result.StatusCode}]) %}',"
            "'Next':'Both'") ","
        "'Both':{'Type':'Parallel','Branches':["
        /* Standard children over an object, three of them at once, results as objects */
        "{'StartAt':'Objects','States':{'Objects':{'Type':'Map','Label':'O','ItemReader':{"
        "'Resource':'arn:aws:states:::s3:getObject','ReaderConfig':{'InputType':'JSONL'},"
        "'Arguments':{'Bucket':'in','Key':'items.jsonl'}}," SELECTED
        "'MaxConcurrency':3,'ToleratedFailureCount':2," DISTRIBUTED("STANDARD")
        "'StartAt':'part','States':{'part':{'Type':'Task',"
        "'Resource':'arn:aws:lambda:us-east-1:000000000000:function:f','Arguments':{"
        "'n':'{% $states.input.n %}','k':'{% $states.input.name & `/` & $string($states.input.n) "
        "%}'},'Retry':[{'ErrorEquals':['Again'],'IntervalSeconds':1,'MaxAttempts':2}],"
        "'Output':'{% $merge([$states.input, {`got`: $states.result.n}]) %}','Next':'Tell'},"
        "'Tell':" CALL("`200`", "$states.input.name & `/o` & $string($states.input.n)",
            "'Output':'{% {`n`: $states.input.n, `got`: $states.input.got} %}','End':true") "}},"
        "'ResultWriter':{'Resource':'arn:aws:states:::s3:putObject','Arguments':{'Bucket':'out',"
        "'Prefix':'{% $states.context.Execution.Name %}'},'WriterConfig':{'OutputType':'JSONL',"
        "'Transformation':'COMPACT'}},'Output':'written','End':true}}},"
        /* Express children, two items each, one of which is told that nothing is there */
        "{'StartAt':'Batches','States':{'Batches':{'Type':'Map','Label':'B',"
        "'Items':'{% $states.input.items.{`n`: $} %}'," SELECTED
        "'ItemBatcher':{'MaxItemsPerBatch':2,'BatchInput':{'api':'{% $states.input.api %}'}},"
        "'ToleratedFailurePercentage':50," DISTRIBUTED("EXPRESS")
        "'StartAt':'Batch','States':{'Batch':{'Type':'Pass','Output':{'n':'{% $states.input.Items"
        "[0].n %}','name':'{% $states.input.Items[0].name %}','api':"
        "'{% $states.input.BatchInput.api %}'},'Next':'Ask'},"
        "'Ask':" CALL("($states.input.n = 3 ? `404` : `200`)",
                      "$states.input.name & `/b` & $string($states.input.n)",
            "'Output':'{% $states.input.n %}','End':true") "}},'End':true}}}],"
        "'Output':'{% {`quick`: $states.input.quick, `status`: $states.input.status, `maps`: "
        "$states.result} %}','End':true}}}"},
    /* an object whose bytes are in a segment, and that can be read */
    {"keep", ASL_STANDARD, "{'QueryLanguage':'JSONata','StartAt':'Bucket','States':{"
        "'Bucket':" S3("createBucket", "", "'Output':'{% $states.input %}','Next':'Put'") ","
        "'Put':" S3("putObject", ",'Key':'k','Body':'{% $states.input.items %}'",
                    "'Output':'{% $states.input %}','Next':'Nap'") ","
        "'Nap':{'Type':'Wait','Seconds':2,'Next':'Get'},"
        "'Get':" S3("getObject", ",'Key':'k'",
                    "'Output':'{% $states.result.Body %}','End':true") "}}"},
};
/* clang-format on */
