// SPDX-License-Identifier: Apache-2.0
//
// Step Functions of afflux serve as @aws-sdk/client-sfn meets it: what the aws command does not have, or has in
// another way. node sdk.mjs CASE; the SDK lies in $SDK_DIR, the server at $AWS_ENDPOINT_URL.
import assert from 'node:assert/strict';
import http from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const sdk = createRequire(process.env.SDK_DIR + '/')('@aws-sdk/client-sfn');
const port = new URL(process.env.AWS_ENDPOINT_URL).port;
const roleArn = 'arn:aws:iam::000000000000:role/r';
const hosts = new Set();

// The SDK puts sync- in front of the name of the host for two operations. No name server knows sync-localhost: here
// all names lead to this machine.
const httpAgent = new http.Agent({
  keepAlive: false,
  lookup: (host, options, back) => {
    hosts.add(host);
    if (options.all) back(null, [{ address: '127.0.0.1', family: 4 }]);
    else back(null, '127.0.0.1', 4);
  },
});
const settings = {
  endpoint: `http://localhost:${port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  maxAttempts: 1,
};
const client = new sdk.SFNClient({ ...settings, requestHandler: { httpAgent } });

const call = (name, input = {}, options = {}) => client.send(new sdk[name + 'Command'](input), options);
const fails = async (name, input, error, message) => {
  const e = await call(name, input).then(() => assert.fail(`${name} was answered`), (e) => e);
  assert.equal(e.name, error, `${name}: ${e}`);
  if (message) assert.match(e.message, message);
  return e;
};
const machine = async (name, definition, type = 'STANDARD') =>
  (await call('CreateStateMachine', { name, type, roleArn, definition: JSON.stringify(definition) })).stateMachineArn;
const one = (state) => ({ StartAt: 'S', States: { S: { End: true, ...state } } });
const ended = async (executionArn) => {
  for (;;) {
    const e = await call('DescribeExecution', { executionArn });
    if (e.status !== 'RUNNING') return e;
    await sleep(50);
  }
};

const cases = {
  async sync() {
    const well = await machine('well', { QueryLanguage: 'JSONata', ...one({ Type: 'Pass', Output: '{% $states.input.n * 2 %}' }) }, 'EXPRESS');
    const answer = await call('StartSyncExecution', { stateMachineArn: well, name: 'first', input: '{"n":21}' });
    assert.ok(hosts.has('sync-localhost'));
    assert.equal(answer.status, 'SUCCEEDED');
    assert.equal(answer.output, '42');
    assert.equal(answer.input, '{"n":21}');
    assert.equal(answer.name, 'first');
    assert.equal(answer.stateMachineArn, well);
    assert.match(answer.executionArn, /^arn:aws:states:us-east-1:000000000000:express:well:first:[0-9a-f-]{36}$/);
    assert.ok(answer.startDate <= answer.stopDate && answer.stopDate - Date.now() < 1000);
    assert.ok(answer.billingDetails.billedDurationInMilliseconds >= 0);
    const ill = await machine('ill', { StartAt: 'F', States: { F: { Type: 'Fail', Error: 'No.Way', Cause: 'because' } } }, 'EXPRESS');
    const failure = await call('StartSyncExecution', { stateMachineArn: ill });
    assert.deepEqual([failure.status, failure.error, failure.cause], ['FAILED', 'No.Way', 'because']);
    const slow = await machine('slow', { TimeoutSeconds: 1, ...one({ Type: 'Wait', Seconds: 30 }) }, 'EXPRESS');
    assert.equal((await call('StartSyncExecution', { stateMachineArn: slow })).status, 'TIMED_OUT');
    const standard = await machine('standard', one({ Type: 'Pass' }));
    await fails('StartSyncExecution', { stateMachineArn: standard }, 'StateMachineTypeNotSupported');
    await fails('DescribeExecution', { executionArn: answer.executionArn }, 'InvalidArn', /Resource type not valid in this context: express/);
    const plain = new sdk.SFNClient({ ...settings, endpoint: process.env.AWS_ENDPOINT_URL, disableHostPrefix: true });
    const again = await plain.send(new sdk.StartSyncExecutionCommand({ stateMachineArn: well, input: '{"n":1}' }));
    assert.equal(again.output, '2');
  },

  async test_state() {
    const test = (state, more = {}) => call('TestState', { roleArn, definition: JSON.stringify(state), ...more });
    const pass = await test({ Type: 'Pass', Result: 1, ResultPath: '$.r', Next: 'B' }, { input: '{"a":0}', inspectionLevel: 'DEBUG' });
    assert.deepEqual([pass.status, pass.output, pass.nextState], ['SUCCEEDED', '{"a":0,"r":1}', 'B']);
    assert.equal(pass.inspectionData.input, '{"a":0}');
    const choice = { Type: 'Choice', QueryLanguage: 'JSONata', Default: 'Low', Choices: [{ Condition: '{% $states.input.n > 1 %}', Next: 'High' }] };
    assert.equal((await test(choice, { input: '{"n":2}' })).nextState, 'High');
    assert.equal((await test(choice, { input: '{"n":1}' })).nextState, 'Low');
    const task = { Type: 'Task', Resource: 'arn:aws:states:::dynamodb:getItem', QueryLanguage: 'JSONata', End: true,
      Arguments: { TableName: 'absent', Key: { k: { S: '{% $states.input.id %}' } } } };
    const unmocked = await test(task, { input: '{"id":"7"}' }); // the table service is really called
    assert.deepEqual([unmocked.status, unmocked.error], ['FAILED', 'DynamoDB.ResourceNotFoundException']);
    const elsewhere = { roleArn, definition: JSON.stringify({ ...task, Resource: 'arn:aws:states:::sqs:sendMessage' }), input: '{"id":"7"}' };
    await fails('TestState', elsewhere, 'ValidationException', /with a mock only/);
    const mocked = { ...task, Output: '{% $states.result.Item.v.S %}' };
    const answer = await test(mocked, { input: '{"id":"7"}', inspectionLevel: 'DEBUG', mock: { result: '{"Item":{"v":{"S":"x"}}}' } });
    assert.deepEqual([answer.status, answer.output], ['SUCCEEDED', '"x"']);
    assert.match(answer.inspectionData.afterArguments, /"k":\{"S":"7"\}/);
    const patient = { ...task, Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 3 }],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Rescue' }] };
    const busy = { mock: { errorOutput: { error: 'Busy', cause: 'c' } }, input: '{"id":"7"}', inspectionLevel: 'DEBUG' };
    const retried = await test(patient, busy);
    assert.equal(retried.status, 'RETRIABLE');
    assert.equal(retried.inspectionData.errorDetails.retryBackoffIntervalSeconds, 3);
    const caught = await test(patient, { ...busy, mock: { errorOutput: { error: 'Other', cause: 'c' } } });
    assert.deepEqual([caught.status, caught.nextState], ['CAUGHT_ERROR', 'Rescue']);
    await fails('TestState', { roleArn, definition: '{"Type": "Parallel", "Branches": [], "End": true}' }, 'InvalidDefinition');
    await fails('TestState', { definition: JSON.stringify(task), input: '{}' }, 'ValidationException', /RoleArn must be specified when testing a Task state/);
  },

  async validate() {
    const check = (definition) => call('ValidateStateMachineDefinition', { definition: JSON.stringify(definition) });
    const good = await check(one({ Type: 'Pass' }));
    assert.deepEqual([good.result, good.diagnostics, good.truncated], ['OK', [], false]);
    const bad = await check({ StartAt: 'S', States: { S: { Type: 'Pass', Next: 'Nowhere' } } });
    assert.equal(bad.result, 'FAIL');
    assert.deepEqual(bad.diagnostics[0], { severity: 'ERROR', code: 'MISSING_TRANSITION_TARGET',
      message: "Missing 'Next' target: Nowhere", location: '/States/S/Next' });
    const text = await call('ValidateStateMachineDefinition', { definition: '{"StartAt": ' });
    assert.equal(text.diagnostics[0].code, 'INVALID_JSON_DESCRIPTION');
  },

  async activities() {
    const { activityArn } = await call('CreateActivity', { name: 'work' });
    assert.equal((await call('CreateActivity', { name: 'work' })).activityArn, activityArn);
    const stateMachineArn = await machine('m', one({ Type: 'Task', Resource: activityArn, TimeoutSeconds: 60 }));
    const leaving = new AbortController(); // one who went away, and was found to have, takes no task with him
    const gone = call('GetActivityTask', { activityArn }, { abortSignal: leaving.signal }).catch((e) => e.name);
    await sleep(300);
    leaving.abort();
    assert.equal(await gone, 'AbortError');
    await sleep(3000);
    const poll = call('GetActivityTask', { activityArn, workerName: 'w' });
    await sleep(300);
    const { executionArn } = await call('StartExecution', { stateMachineArn, input: '{"a":1}' });
    const task = await poll;
    assert.equal(task.input, '{"a":1}');
    await call('SendTaskHeartbeat', { taskToken: task.taskToken });
    await call('SendTaskFailure', { taskToken: task.taskToken, error: 'Broken', cause: 'it fell' });
    const failed = await ended(executionArn);
    assert.deepEqual([failed.status, failed.error, failed.cause], ['FAILED', 'Broken', 'it fell']);
    await call('RedriveExecution', { executionArn });
    const second = await call('GetActivityTask', { activityArn });
    assert.notEqual(second.taskToken, task.taskToken);
    await fails('SendTaskSuccess', { taskToken: second.taskToken, output: '{not' }, 'InvalidOutput');
    await call('SendTaskSuccess', { taskToken: second.taskToken, output: '[1]' });
    const well = await ended(executionArn);
    assert.deepEqual([well.status, well.output, well.redriveCount], ['SUCCEEDED', '[1]', 1]);
    await call('DeleteActivity', { activityArn });
    await fails('DescribeActivity', { activityArn }, 'ActivityDoesNotExist');
  },

  async map_runs() {
    const stateMachineArn = await machine('far', { QueryLanguage: 'JSONata', ...one({
      Type: 'Map', Label: 'Rows', Items: '{% [1..6] %}', MaxConcurrency: 1,
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1, End: true } } } }) });
    const { executionArn } = await call('StartExecution', { stateMachineArn });
    let runs = [];
    while (runs.length === 0) ({ mapRuns: runs } = await call('ListMapRuns', { executionArn }));
    const { mapRunArn } = runs[0];
    assert.match(mapRunArn, /^arn:aws:states:us-east-1:000000000000:mapRun:far\/Rows:[0-9a-f-]{36}$/);
    let begun;
    do begun = await call('DescribeMapRun', { mapRunArn });
    while (begun.itemCounts.total < 6); // not all have been found yet
    assert.deepEqual([begun.status, begun.maxConcurrency, begun.itemCounts.total], ['RUNNING', 1, 6]);
    await call('UpdateMapRun', { mapRunArn, maxConcurrency: 3, toleratedFailurePercentage: 10 });
    // The run has it at once; its row, which another loop reads, a moment later.
    let changed;
    do changed = await call('DescribeMapRun', { mapRunArn });
    while (changed.maxConcurrency === 1 && changed.status === 'RUNNING');
    assert.deepEqual([changed.maxConcurrency, changed.toleratedFailurePercentage], [3, 10]);
    assert.equal((await ended(executionArn)).output, '[1,2,3,4,5,6]');
    const over = await call('DescribeMapRun', { mapRunArn });
    assert.deepEqual([over.status, over.itemCounts.succeeded, over.executionCounts.succeeded], ['SUCCEEDED', 6, 6]);
    const children = [];
    for await (const page of sdk.paginateListExecutions({ client, pageSize: 4 }, { mapRunArn })) children.push(...page.executions);
    assert.equal(children.length, 6);
    assert.ok(children.every((c) => c.status === 'SUCCEEDED' && c.mapRunArn === mapRunArn));
    const child = await call('DescribeExecution', { executionArn: children[0].executionArn });
    assert.equal(child.mapRunArn, mapRunArn);
    const types = [];
    for await (const page of sdk.paginateGetExecutionHistory({ client, pageSize: 1 }, { executionArn: child.executionArn }))
      types.push(...page.events.map((e) => e.type));
    assert.deepEqual(types, ['ExecutionStarted', 'WaitStateEntered', 'WaitStateExited', 'ExecutionSucceeded']);
    const e = await fails('UpdateMapRun', { mapRunArn, maxConcurrency: 1 }, 'ValidationException');
    assert.equal(e.reason, 'CANNOT_UPDATE_COMPLETED_MAP_RUN');
    await fails('RedriveExecution', { executionArn: child.executionArn }, 'ValidationException', /Labeled Execution ARNs are not supported for this API/);
  },
};

await cases[process.argv[2]]();
