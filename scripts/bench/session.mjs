// Contenders under test. A session starts them before a backend, tells them apart by their addresses, and
// ends them.
import { get } from 'node:http'
import { join } from 'node:path'
import { ADMIN_SOCKET } from './config-files.mjs'
import { nextPort, start, stop, waitUntilListening, workDirectory } from './processes.mjs'

const SCRAPE_EVERY_MS = 1000

/** Where the backend of a session listens. For TCP it is on the load's side of the network. */
export async function backendAddress({ load }, ends) {
  if (ends === 'unix-backend') return { path: join(workDirectory, 'backend.sock') }
  return { host: load.host, port: await nextPort() }
}

/**
 * Starts a contender before a backend, which need not listen yet, and waits until the contender listens.
 * Returns where clients connect (`listen`), where the backend is (`backend`), and the process, if it is one
 * (`child`).
 */
export async function startContender(contender, { network, ends, backend, core }) {
  if (contender.command === undefined) return { listen: backend, backend }
  const listen =
    ends === 'unix-listener'
      ? { path: join(workDirectory, `${contender.name}.sock`) }
      : { host: network.proxy.host, port: await nextPort() }
  const child = start(contender.command({ listen, backend }), {
    core,
    namespace: network.proxy.namespace,
    env: contender.env,
    stdout: contender.answers ? 'pipe' : 'ignore',
    isUnprivileged: contender.isUnprivileged,
  })
  try {
    await waitUntilListening(child, listen)
  } catch (error) {
    await stop(child)
    throw error
  }
  if (contender.isScraped) scrape(child)
  return { listen, backend, child }
}

/** Scrapes like Prometheus, as long as the process lives. An incomplete answer ends the bench. */
function scrape(child) {
  const options = { socketPath: ADMIN_SOCKET, path: '/metrics', headers: { host: 'localhost' }, agent: false }
  const look = () =>
    get(options, (response) => {
      if (response.statusCode !== 200) throw new Error(`a scrape got ${response.statusCode}`)
      response.resume()
    }).on('error', () => {})
  const timer = setInterval(look, SCRAPE_EVERY_MS)
  child.once('exit', () => clearInterval(timer))
}
