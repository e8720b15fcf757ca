-- SPDX-License-Identifier: Apache-2.0
-- wrk: one request after the other to the targets of a file (TARGETS), METHOD, with a body of BYTES.
local targets = {}
for line in io.lines(os.getenv("TARGETS")) do
    targets[#targets + 1] = line
end
local method = os.getenv("METHOD")
local body
if method == "PUT" then
    body = string.rep("0123456789abcdef", tonumber(os.getenv("BYTES")) / 16)
end
local at = 0

function request()
    at = at % #targets + 1
    return wrk.format(method, targets[at], nil, body)
end

function done(summary, latency, requests)
    local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
    io.write(string.format("result\t%.0f\t%.2f\t%.2f\t%d\n", summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, wrong))
end
