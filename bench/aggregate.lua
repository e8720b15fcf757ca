-- SPDX-License-Identifier: Apache-2.0
-- For wrk: the paths of the file $PATHS, one after the other, each connection's thread from a place of its own.
local paths, at, threads = {}, 0, 0

function setup(thread)
    thread:set("first", threads)
    threads = threads + 1
end

function init()
    for line in io.lines(os.getenv("PATHS")) do
        paths[#paths + 1] = line
    end
    at = first * 977
end

function request()
    at = at % #paths + 1
    return wrk.format("GET", paths[at])
end
