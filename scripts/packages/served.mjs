/** A backend, a config for it, and clients, for a millrace that a check has started from an installed package. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'

const PAUSE_MS = 5

/** A backend that sends back what it gets. */
export async function startBackend() {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: server.address().port, close: () => server.close() }
}

export const configFor = (port) => `timeouts: { drainMs: 1s }
listeners:
  - { name: web, address: "127.0.0.1:0", cluster: web }
clusters:
  web: { backends: ["127.0.0.1:${port}"] }
`

/** Resolves with the port and the engine when the process says that it listens. Rejects with what it has printed if it ends. */
export function listening(child) {
  return new Promise((resolve, reject) => {
    let told = ''
    child.stderr.on('data', (text) => (told += text))
    child.once('exit', (code) => reject(new Error(`millrace ended with ${code}\n${told}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      told += `${line}\n`
      if (!line.includes('listening on ')) return
      const { address, engine } = JSON.parse(line)
      resolve({ port: Number(address.split(':').at(-1)), engine })
    })
  })
}

/** One client after the other: each sends a line and waits for the echo. */
export class Clients {
  answered = 0
  failures = []
  #isStopped = false
  #waiting = []

  constructor(port) {
    this.port = port
  }

  async start() {
    while (!this.#isStopped) {
      await this.#one()
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }

  stop() {
    this.#isStopped = true
  }

  /** Resolves when so many more clients have had their answer, or have failed. */
  answers(count) {
    return new Promise((resolve) => this.#waiting.push({ left: count, resolve }))
  }

  async #one() {
    try {
      await exchange(this.port)
      this.answered++
    } catch (error) {
      this.failures.push(error.code ?? error.message)
    }
    for (const each of this.#waiting) if (--each.left === 0) each.resolve()
  }
}

function exchange(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('hello\n'))
    let got = ''
    socket.setEncoding('utf8').on('data', (text) => (got += text))
    socket.on('error', reject)
    socket.on('end', () => (got === 'hello\n' ? resolve() : reject(new Error(`got ${JSON.stringify(got)}`))))
  })
}
