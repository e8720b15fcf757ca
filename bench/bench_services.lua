-- SPDX-License-Identifier: Apache-2.0
-- wrk: one operation (TARGET) over and over, on items of 100 partitions of 100 or on a state machine (MACHINE), as the
-- aws command signs it; nobody checks the signature.
local target = os.getenv("TARGET")
local operation = target:match("[^.]+$")
local service = target:match("^DynamoDB") and "dynamodb" or "states"
local at = 0

wrk.method = "POST"
wrk.path = "/"
wrk.headers["Content-Type"] = "application/x-amz-json-1.0"
wrk.headers["X-Amz-Target"] = target
wrk.headers["X-Amz-Date"] = os.date("!%Y%m%dT%H%M%SZ")
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" .. os.date("!%Y%m%d") .. "/us-east-1/" ..
    service .. "/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" ..
    string.rep("0123456789abcdef", 4)

local payload = string.rep("some text, ", 18)
local key = '"pk": {"S": "part-%d"}, "sk": {"N": "%d"}'
local bodies = {
    PutItem = '{"TableName": "bench", "Item": {' .. key .. ', "state": {"S": "RUNNING"}, "at": {"N": "1764115200.5"}, ' ..
        '"text": {"S": "' .. payload .. '"}}}',
    GetItem = '{"TableName": "bench", "Key": {' .. key .. '}}',
    UpdateItem = '{"TableName": "bench", "Key": {' .. key .. '}, "UpdateExpression": "SET #s = :s ADD n :one", ' ..
        '"ExpressionAttributeNames": {"#s": "state"}, ' ..
        '"ExpressionAttributeValues": {":s": {"S": "DONE"}, ":one": {"N": "1"}}}',
    Query = '{"TableName": "bench", "KeyConditionExpression": "pk = :p", "Limit": 20, ' ..
        '"ExpressionAttributeValues": {":p": {"S": "part-%d"}}}',
}
local start = '{"stateMachineArn": "' .. (os.getenv("MACHINE") or "") .. '", "input": "{\\"n\\": 1}"}'

function request()
    at = at + 1
    local body = bodies[operation]
    return wrk.format(nil, nil, nil, body and string.format(body, at % 100, math.floor(at / 100) % 100) or start)
end

function done(summary, latency, requests)
    local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
    io.write(string.format("result\t%.0f\t%.2f\t%.2f\t%d\n", summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, wrong))
end
