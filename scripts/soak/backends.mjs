// The backends of the soak: real processes on fixed ports, which can be killed and started again.
import { crash, nextPort, resume, start, suspend, waitUntilListening } from '../bench/processes.mjs'

export class Backend {
  #command
  #child

  constructor(service, port) {
    this.service = service.name
    this.port = port
    this.address = `127.0.0.1:${port}`
    this.#command = service.commandOf(port)
  }

  async start() {
    this.#child = start(this.#command, {})
    await waitUntilListening(this.#child, { port: this.port })
  }

  async kill() {
    await crash(this.#child)
  }

  hang() {
    suspend(this.#child)
  }

  goOn() {
    resume(this.#child)
  }

  /** Only backends of the soak itself take orders. */
  tell(word) {
    this.#child.stdin.write(`${word}\n`)
  }
}

/** Starts the backends of a service, and gives it their addresses and a port for its listener. */
export async function startBackends(service) {
  const backends = []
  while (backends.length < service.backends) backends.push(new Backend(service, await nextPort()))
  await Promise.all(backends.map((backend) => backend.start()))
  service.addresses = backends.map(({ address }) => address)
  service.port = await nextPort()
  return backends
}
