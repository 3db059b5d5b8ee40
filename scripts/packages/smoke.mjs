/**
 * The least that every installed package must do: the command listens, forwards one connection without
 * changing a byte, writes its record, and ends with 0 on SIGTERM.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'

const BYTES = 1024 * 1024
/** Long enough for a Node that is emulated on a busy machine. */
const MOST_MS = 90_000

/**
 * `command` is the program with its arguments, up to the command of millrace itself. `engine` is the engine that must serve:
 * `kernel` if the addon must be in use, else `stream`. Throws if something is different.
 */
export async function serveOnce({ command, engine, cwd, env = {} }) {
  const echo = await echoServer()
  const args = ['--listen', '127.0.0.1:0', '--to', `127.0.0.1:${echo.address().port}`, '--splice', 'on']
  const child = spawn(command[0], [...command.slice(1), ...args], { cwd, env: { ...process.env, ...env } })
  const timer = setTimeout(() => child.kill('SIGKILL'), MOST_MS)
  try {
    return await forwardOne(child, engine)
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    echo.close()
  }
}

async function forwardOne(child, engine) {
  const log = new Log(child)
  const listening = await log.line(({ msg }) => msg.startsWith('listening on '))
  if (listening.engine !== engine) throw new Error(`the engine is ${listening.engine}, not ${engine}`)
  await sendThrough(Number(listening.address.split(':').at(-1)))
  const record = await log.line(({ msg }) => msg === 'connection')
  const spliced = record.splicedUp ?? 0
  if (record.bytesUp !== BYTES) throw new Error(`the record has ${record.bytesUp} bytes, not ${BYTES}`)
  if (spliced > 0 !== (engine === 'kernel')) throw new Error(`${spliced} bytes were spliced`)
  child.kill('SIGTERM')
  const code = await log.ended
  if (code !== 0) throw new Error(`on SIGTERM it ended with ${code}\n${log.text}`)
  return `${engine}, ${spliced} of ${BYTES} bytes spliced`
}

/** What the command prints. Each line of its stdout is a record of JSON. */
class Log {
  text = ''
  #lines = []
  #watchers = new Set()
  #code

  constructor(child) {
    child.stderr.setEncoding('utf8').on('data', (text) => (this.text += text))
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.text += `${line}\n`
      this.#lines.push(line)
      for (const watch of [...this.#watchers]) watch()
    })
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => (this.text += error.message))
      child.on('close', (code, signal) => {
        this.#code = code ?? signal ?? 'an error'
        for (const watch of [...this.#watchers]) watch()
        resolve(this.#code)
      })
    })
  }

  /** The first line that is wanted. Rejects if the command ends without it. */
  line(isWanted) {
    return new Promise((resolve, reject) => {
      const watch = () => {
        const found = this.#lines.map((line) => JSON.parse(line)).find(isWanted)
        if (found === undefined && this.#code === undefined) return
        this.#watchers.delete(watch)
        if (found !== undefined) return resolve(found)
        reject(new Error(`it ended with ${this.#code}\n${this.text}`))
      }
      this.#watchers.add(watch)
      watch()
    })
  }
}

async function echoServer() {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Sends bytes, half-closes, and compares what comes back. */
async function sendThrough(port) {
  const sent = Buffer.alloc(BYTES, 'millrace ')
  const socket = connect(port, '127.0.0.1')
  socket.end(sent)
  const chunks = []
  for await (const chunk of socket) chunks.push(chunk)
  if (!Buffer.concat(chunks).equals(sent)) throw new Error('other bytes came back than were sent')
}
