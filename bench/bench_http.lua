-- SPDX-License-Identifier: Apache-2.0
-- For wrk: asks for PREFIX followed by 0.json to (COUNT - 1).json in turn; both from the environment.
local prefix, count, i = os.getenv("PREFIX"), tonumber(os.getenv("COUNT")), 0

request = function()
    i = i + 1
    return wrk.format("GET", prefix .. (i % count) .. ".json")
end

-- requests per second, MB per second
done = function(summary)
    local s = summary.duration / 1e6
    io.write(string.format("result\t%.0f\t%.0f\n", summary.requests / s, summary.bytes / s / 1e6))
end
