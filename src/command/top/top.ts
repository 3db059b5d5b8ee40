/**
 * `millrace top`: a live screen until q or Ctrl-C, fed by the process it shows. If stdout is not a terminal, it prints one screen and
 * ends. With `--json` it prints what the process tells, one line a second.
 */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { MillraceError } from '../../errors.js'
import { jsonText } from '../../escape.js'
import type { AdminClient } from '../client.js'
import { readEvents } from './event-stream.js'
import { printed } from './frame.js'
import type { Moment } from './rows.js'
import { Screen } from './screen.js'
import { FIRST_VIEW } from './view.js'

const EVENTS = '/api/v1/events'
const RETRY_MS = 1000
/** A rate needs two moments. */
const ONCE_MOMENTS = 2

export interface TopOptions {
  readonly isOnce: boolean
  readonly isJson: boolean
}

/** Rejects with `admin-failed` if nothing answers, and with `isJson` also when the process ends. */
export async function runTop(client: AdminClient, { isOnce, isJson }: TopOptions): Promise<void> {
  if (isJson) await printJson(client, isOnce)
  else if (isOnce || !process.stdout.isTTY) await printOnce(client)
  else await showLive(client)
  client.close()
}

/** Waits for a reader that is slow. The process then closes the stream of one that stays slow. */
async function printJson(client: AdminClient, isOnce: boolean): Promise<void> {
  for await (const moment of momentsOf(client)) {
    if (!process.stdout.write(`${jsonText(moment)}\n`)) await once(process.stdout, 'drain')
    if (isOnce) return
  }
  throw broken(client)
}

async function printOnce(client: AdminClient): Promise<void> {
  const moments: Moment[] = []
  for await (const moment of momentsOf(client)) {
    if (moments.push(moment) === ONCE_MOMENTS) break
  }
  const now = moments.at(-1)
  if (now === undefined) throw broken(client)
  const lines = printed({ before: moments[0], now, note: '' }, FIRST_VIEW, process.stdout.columns || Infinity)
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function showLive(client: AdminClient): Promise<void> {
  const screen = new Screen()
  screen.enter()
  try {
    await Promise.race([screen.left, follow(client, screen)])
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
        screen.show({ before, now: moment, note: '' })
        before = moment
      }
    } catch (error) {
      if (before === undefined) throw error
    }
    if (before !== undefined)
      screen.show({ before: undefined, now: before, note: `(gone, retrying ${client.name})` })
    before = before && { ...before, connections: [] }
    await pause(RETRY_MS, undefined, { ref: false })
  }
}

/** Each with the time at which it came. Ends when the process ends. */
async function* momentsOf(client: AdminClient): AsyncGenerator<Moment> {
  const stream = await client.listen(EVENTS)
  try {
    for await (const data of readEvents(stream)) {
      yield { at: Date.now(), ...(JSON.parse(data) as Omit<Moment, 'at'>) }
    }
  } catch (error) {
    throw broken(client, error)
  }
}

const broken = (client: AdminClient, cause?: unknown): MillraceError =>
  new MillraceError('admin-failed', `${client.name} has ended its answer`, { cause })
