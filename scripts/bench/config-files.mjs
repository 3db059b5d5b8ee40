// Writes the configs of contenders into the bench's own directory, from the templates under contenders/.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MOST_CONNECTIONS } from './most-connections.mjs'
import { textOf, workDirectory } from './processes.mjs'

export const STREAM_MODULE = [
  '/usr/lib/nginx/modules',
  '/usr/lib64/nginx/modules',
  '/usr/local/nginx/modules',
]
  .map((directory) => join(directory, 'ngx_stream_module.so'))
  .find((path) => existsSync(path))

export const ADMIN_SOCKET = join(workDirectory, 'admin.sock')

/** Writes the config of the contender called `name`. Returns its path. */
export function writeConfig(template, name, { listen, backend, ...more }) {
  const spell = template.startsWith('haproxy') ? spellForHaproxy : textOf
  const values = {
    LISTEN: spell(listen),
    BACKEND: spell(backend),
    CONNECTIONS: MOST_CONNECTIONS + 100,
    SOCKETS: 2 * MOST_CONNECTIONS + 300,
    DIRECTORY: workDirectory,
    MODULE: STREAM_MODULE,
    ...more,
  }
  const text = readFileSync(join(import.meta.dirname, 'contenders', template), 'utf8')
  const path = join(workDirectory, `${name}-${template}`)
  writeFileSync(
    path,
    text.replace(/__([A-Z]+)__/g, (_, key) => values[key]),
  )
  return path
}

const spellForHaproxy = (address) => (address.path === undefined ? textOf(address) : `unix@${address.path}`)
