-- POSTs the body in BODY, or GETs where there is none, with the bearer token in TOKEN; counts
-- refusals. With KEYS, a file of keys, each request asks about the next of them, in place of KEY
-- in the body.
if os.getenv("BODY") then
  wrk.method = "POST"
  wrk.body = os.getenv("BODY")
  wrk.headers["Content-Type"] = "application/json"
end
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")

if os.getenv("KEYS") then
  local bodies = {}
  for key in io.lines(os.getenv("KEYS")) do
    table.insert(bodies, (os.getenv("BODY"):gsub("KEY", key)))
  end
  local next = 0
  request = function()
    next = next % #bodies + 1
    return wrk.format(nil, nil, nil, bodies[next])
  end
end

done = function(summary, latency, _)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.status + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
