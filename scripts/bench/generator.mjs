// One run of the load generator, which is two processes: a server that the proxy dials, and a client. Starts
// them, leads them through their steps, asks for their figures, and checks that they end well.
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { start, stop, textOf, waitUntilListening, workDirectory } from './processes.mjs'

// Longer than the generator's own limits for connecting and for draining.
const STEP_MS = 120_000
// Both processes have read their orders by then.
const BEGIN_AFTER_NS = 10_000_000n
const NS_PER_MS = 1_000_000n

/**
 * Connects all clients of a load that are not late, then calls `measure(run)`. Returns what `measure`
 * returned, once every connection has ended with every byte where it belongs. If a connection has not, it
 * throws with the generator's own words. `run.window(ms)` runs the load and returns its figures.
 * `run.connectLate()` connects the late clients. `run.counts()` returns the counts so far. `run.pids` are the
 * process groups of both. `place` has `program`, `core`, `namespace`, and whether to `compare` every byte
 * instead of only counting.
 */
export async function withGenerator(place, { listen, backend }, groups, measure) {
  const shared = ['--shared', join(workDirectory, 'shared'), ...(place.compares ? ['--compare'] : [])]
  const options = { core: place.core, namespace: place.namespace, stdout: 'pipe' }
  const begin = (role, address, args) =>
    withLines(start([place.program, role, textOf(address), ...shared, ...args], options), role)
  const server = begin('server', backend, [])
  let client
  try {
    await server.next()
    await waitUntilListening(server.child, backend)
    client = begin('client', listen, groupArguments(groups))
    await client.next()
    const answer = await measure(makeRun(server, client))
    await end(server, client)
    return answer
  } finally {
    await Promise.all([server, client].map((each) => each && stop(each.child)))
  }
}

function makeRun(server, client) {
  let windows = 0
  const ask = async (line) => {
    client.send(line)
    return client.next()
  }
  return {
    pids: [server.child.pid, client.child.pid],
    connectLate: () => ask('late'),
    counts: async () => JSON.parse(await ask('counts')),
    window: async (ms) => {
      const begin = process.hrtime.bigint() + BEGIN_AFTER_NS
      const order = `window ${++windows} ${begin} ${begin + BigInt(ms) * NS_PER_MS}`
      server.send(order)
      // If the server has failed while the client waits for it, the server's message says more.
      return JSON.parse(await Promise.race([ask(order), server.fails]))
    },
  }
}

async function end(server, client) {
  server.send('end')
  client.send('end')
  for (const each of [client, server]) {
    const how = await inTime(Promise.race([each.child.ended, server.fails]))
    if (how !== 0) throw new Error(each.failure(how))
  }
}

/** A process of the generator with its lines. `fails` rejects if it ends with anything but 0. */
function withLines(child, role) {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const failure = (how) => child.errorText.trim() || `the load's ${role} ended with ${how}`
  const fails = child.ended.then((how) => {
    if (how !== 0) throw new Error(failure(how))
    return new Promise(() => {})
  })
  fails.catch(() => {})
  return {
    child,
    fails,
    failure,
    send: (line) => child.stdin.write(`${line}\n`),
    next: async () => {
      const { value, done } = await inTime(lines.next())
      if (done) throw new Error(failure(await child.ended))
      return value
    },
  }
}

/** The client's arguments for groups. scripts/bench/load/spec.h says what they mean. */
function groupArguments(groups) {
  return groups.map(({ kind, ...properties }) => {
    const pairs = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
    return `${kind}:${pairs.join(',')}`
  })
}

async function inTime(promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the load generator took more than ${STEP_MS / 1000} s`)),
      STEP_MS,
    )
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
