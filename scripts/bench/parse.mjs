// Reads figures from the output of other people's load programs. Pure. Each function throws if the text is
// not as expected, or if the program counted errors, because a load that lost an answer has no valid figures.

const WRK_UNITS = { us: 1, ms: 1e3, s: 1e6, m: 60e6 }

/** `iperf3 -J` of a client: the bytes that arrived, both ways together, and the seconds they took. */
export function parseIperf3(text) {
  const { error, end } = JSON.parse(text)
  if (error !== undefined) throw new Error(`iperf3: ${error}`)
  const sums = [end.sum_received, end.sum_received_bidir_reverse].filter((sum) => sum !== undefined)
  const bytes = sums.reduce((all, sum) => all + sum.bytes, 0)
  if (!(bytes > 0)) throw new Error('iperf3: no byte arrived')
  return { bytes, elapsedNs: Math.max(...sums.map(({ seconds }) => seconds)) * 1e9 }
}

/** `wrk --latency`: answers. It does not print exact bytes. */
export function parseWrk(text) {
  const requests = Number(/(\d+) requests in/.exec(text)?.[1])
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1])
  const bad = /Socket errors:.*|Non-2xx or 3xx responses:.*/.exec(text)
  if (bad !== null && !isOnlyTimeouts(bad[0])) throw new Error(`wrk: ${bad[0]}`)
  if (!(requests > 0 && perSecond > 0)) throw new Error(`wrk: no answers in "${text.trim().slice(-300)}"`)
  return {
    roundTrips: requests,
    elapsedNs: (requests / perSecond) * 1e9,
    p50Ns: quantileNs(text, '50'),
    p99Ns: quantileNs(text, '99'),
  }
}

// wrk counts an answer that is not complete within 2 s as an error. The answer is only slow, and p99 shows
// it.
const isOnlyTimeouts = (line) => /connect 0, read 0, write 0, timeout \d+/.test(line)

function quantileNs(text, percent) {
  const match = new RegExp(`\\s${percent}%\\s+([\\d.]+)(us|ms|s|m)\\b`).exec(text)
  if (match === null) throw new Error(`wrk: no ${percent}% quantile`)
  return Number(match[1]) * WRK_UNITS[match[2]] * 1e3
}

/** `redis-benchmark --csv` with one test of `requests` requests. */
export function parseRedisBenchmark(text, requests) {
  const rows = text
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('"'))
    .map((line) => line.slice(1, -1).split('","'))
  const [names, values] = [rows.find((row) => row[0] === 'test'), rows.find((row) => row[0] !== 'test')]
  const field = (name) => Number(values?.[names?.indexOf(name)])
  if (!(field('rps') > 0)) throw new Error(`redis-benchmark: no result in "${text.trim().slice(-300)}"`)
  return {
    roundTrips: requests,
    elapsedNs: (requests / field('rps')) * 1e9,
    p50Ns: field('p50_latency_ms') * 1e6,
    p99Ns: field('p99_latency_ms') * 1e6,
  }
}

/** `strace -c`: the `calls` column of its last line. */
export function parseStraceTotal(text) {
  const total = text
    .split('\n')
    .find((line) => / total$/.test(line))
    ?.trim()
    .split(/\s+/)
  const calls = Number(total?.[3])
  if (Number.isNaN(calls)) throw new Error('strace counted nothing')
  return calls
}

/**
 * `ss -tnmOH` of one namespace: for each established socket its ports, the bytes queued in both directions,
 * and the memory that the kernel charges it for data.
 */
export function parseSockets(text) {
  return text.split('\n').flatMap((line) => {
    const ends = /^ESTAB\s+(\d+)\s+(\d+)\s+\S+:(\d+)\s+\S+:(\d+)\s.*skmem:\(r(\d+),.*?,w(\d+)/.exec(line)
    if (ends === null) return []
    const [received, unsent, localPort, peerPort, readMemory, writeMemory] = ends.slice(1).map(Number)
    return [{ localPort, peerPort, queued: received + unsent, memory: readMemory + writeMemory }]
  })
}
