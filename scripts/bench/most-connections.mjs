// How many connections one process may have on this machine: two sockets for each, after what the process
// needs for itself. millrace keeps a quarter of the file descriptors for kernel pipes, and lets in no more
// connections than the rest is enough for.
import { existsSync, readFileSync } from 'node:fs'

const LIMITS = '/proc/self/limits'
const text = existsSync(LIMITS) ? readFileSync(LIMITS, 'utf8') : ''
const maxOpenFiles = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(text)?.[1] ?? 20_000)

export const MOST_CONNECTIONS = Math.min(9000, Math.floor((maxOpenFiles * (3 / 4) - 1300) / 2))
