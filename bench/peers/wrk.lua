-- Sends what the environment names, and prints at the end what wrk itself leaves out of its summary.
local path = os.getenv("BENCH_BODY")
if path and path ~= "" then
    local file = assert(io.open(path, "rb"))
    wrk.method = "POST"
    wrk.body = file:read("*a")
    wrk.headers["Content-Type"] = os.getenv("BENCH_BODY_TYPE")
    file:close()
end

function done(summary, latency, requests)
    for _, p in ipairs({50, 95, 99}) do
        print(string.format("percentile %d: %.0f us", p, latency:percentile(p)))
    end
    print(string.format("longest: %.0f us", latency.max))
end
