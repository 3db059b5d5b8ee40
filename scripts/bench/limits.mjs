// How many connections this machine lets one process have, at two sockets each, less what it needs besides.
import { existsSync, readFileSync } from 'node:fs'

const LIMITS = '/proc/self/limits'
const text = existsSync(LIMITS) ? readFileSync(LIMITS, 'utf8') : ''
const maxOpenFiles = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(text)?.[1] ?? 20_000)

export const MOST_CONNECTIONS = Math.min(9000, Math.floor((maxOpenFiles - 1300) / 2))
