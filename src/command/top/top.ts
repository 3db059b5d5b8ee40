/**
 * `millrace top`: a live screen until q or Ctrl-C, fed by the process it shows. It leaves the terminal as it
 * was. If stdout is not a terminal, it prints one screen and ends.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { AdminClient } from '../client.js'
import { readEvents } from './event-stream.js'
import { frame, type Moment, type Size } from './frame.js'

const EVENTS = '/api/v1/events'
const RETRY_MS = 1000
const PLAIN_SIZE: Size = { columns: 120, rows: 60 }
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
const CTRL_C = '\x03'

/** A rate needs two moments. */
const ONCE_MOMENTS = 2

export async function runTop(client: AdminClient, { isOnce }: { readonly isOnce: boolean }): Promise<void> {
  if (isOnce || !process.stdout.isTTY) await printOnce(client)
  else await showLive(client)
  client.close()
}

async function printOnce(client: AdminClient): Promise<void> {
  const moments: Moment[] = []
  for await (const moment of momentsOf(client)) {
    if (moments.push(moment) === ONCE_MOMENTS) break
  }
  const lines = frame(moments[0], moments.at(-1)!, PLAIN_SIZE)
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function showLive(client: AdminClient): Promise<void> {
  const screen = new Screen()
  const left = screen.enter()
  try {
    await Promise.race([left, follow(client, screen)])
  } finally {
    screen.leave()
  }
}

/**
 * Runs for ever, because a process that is gone may come back. It is an error if nothing answers the first
 * time.
 */
async function follow(client: AdminClient, screen: Screen): Promise<void> {
  let before: Moment | undefined
  for (;;) {
    try {
      for await (const moment of momentsOf(client)) {
        screen.show(before, moment)
        before = moment
      }
    } catch (error) {
      if (before === undefined) throw error
    }
    if (before !== undefined) screen.show(undefined, before, `(gone, retrying ${client.name})`)
    before = before && { ...before, connections: [] }
    await pause(RETRY_MS, undefined, { ref: false })
  }
}

async function* momentsOf(client: AdminClient): AsyncGenerator<Moment> {
  const stream = await client.listen(EVENTS)
  for await (const data of readEvents(stream)) {
    yield { at: Date.now(), ...(JSON.parse(data) as Omit<Moment, 'at'>) }
  }
}

class Screen {
  #leave: () => void = () => {}
  #last: readonly [Moment | undefined, Moment, string] | undefined
  readonly #resized = (): void => {
    if (this.#last !== undefined) this.show(...this.#last)
  }
  readonly #pressed = (key: Buffer): void => {
    const text = key.toString()
    if (text === 'q' || text === CTRL_C) this.#leave()
  }

  /** Resolves when the user leaves. */
  enter(): Promise<void> {
    process.stdout.write(ENTER)
    process.stdout.on('resize', this.#resized)
    if (process.stdin.isTTY) process.stdin.setRawMode(true)
    process.stdin.on('data', this.#pressed)
    return new Promise((resolve) => {
      this.#leave = resolve
      process.once('SIGTERM', () => resolve())
      process.once('SIGINT', () => resolve())
    })
  }

  leave(): void {
    process.stdout.off('resize', this.#resized)
    process.stdin.off('data', this.#pressed)
    if (process.stdin.isTTY) process.stdin.setRawMode(false)
    process.stdin.unref()
    process.stdout.write(LEAVE)
  }

  show(before: Moment | undefined, now: Moment, note = ''): void {
    this.#last = [before, now, note]
    const { columns, rows } = process.stdout
    const lines = frame(before, now, { columns, rows }, note)
    process.stdout.write(`${HOME}${lines.map((line) => line + CLEAR_LINE).join('\r\n')}${CLEAR_BELOW}`)
  }
}
