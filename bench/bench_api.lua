-- SPDX-License-Identifier: Apache-2.0
-- wrk: POSTs as the aws command signs them. TARGET is empty for STS; BODY is sent.
local scope = "20261125/us-east-1/" .. (os.getenv("SERVICE") or "events") .. "/aws4_request"
wrk.method = "POST"
wrk.path = "/"
wrk.body = os.getenv("BODY")
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" .. scope ..
    ", SignedHeaders=content-type;host;x-amz-date;x-amz-target, " ..
    "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
wrk.headers["X-Amz-Date"] = "20261125T120000Z"
wrk.headers["User-Agent"] = "aws-cli/2.22.1 md/awscrt#0.23.4 ua/2.0 os/linux md/arch#x86_64 lang/python#3.12"
if os.getenv("TARGET") ~= "" then
    wrk.headers["X-Amz-Target"] = os.getenv("TARGET")
    wrk.headers["Content-Type"] = "application/x-amz-json-1.1"
else
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
end

local wrong = 0

function done(summary, latency, requests)
    wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
    io.write(string.format("result\t%.0f\t%.2f\t%.2f\t%d\n", summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, wrong))
end
