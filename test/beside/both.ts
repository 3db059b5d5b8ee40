/** Runs one story with both proxies, each with backends of its own, and keeps what it has counted for a table. */
import { writeFileSync } from 'node:fs'
import { afterAll } from 'vitest'
import { type NamedBackend, startBackends } from './backends.js'
import { PROXIES, type Proxy, type ServerSetting, type Setting } from './rig.js'

export interface Story extends Omit<Setting, 'servers'> {
  /** The weight of each server, by its name. Those that end with `-backup` are backups. */
  readonly weights: Readonly<Record<string, number>>
  /** Each has a loopback address of its own: 127.0.1.1, 127.0.1.2 and so on. Default: all have 127.0.0.1. */
  readonly hasOwnHosts?: boolean
  /** Servers that both proxies share, after the others. */
  readonly shared?: readonly ServerSetting[]
}

/** What a story has counted with each proxy. */
export interface Both<Result> {
  readonly haproxy: Result
  readonly millrace: Result
}

export type Play<Result> = (proxy: Proxy, backends: Readonly<Record<string, NamedBackend>>) => Promise<Result>

const rows: string[] = []

/** The table goes to the file that MILLRACE_BESIDE names. */
afterAll(() => {
  const file = process.env.MILLRACE_BESIDE
  if (file === undefined) return
  const head = '| what is counted | HAProxy | millrace |\n|---|---|---|\n'
  writeFileSync(file, head + rows.join(''), { flag: 'a' })
})

/** Plays the story with HAProxy, then with millrace. `title` is its row in the table. */
export async function both<Result>(
  folder: string,
  title: string,
  { weights, hasOwnHosts = false, shared = [], ...setting }: Story,
  play: Play<Result>,
): Promise<Both<Result>> {
  const playWith = async (name: Proxy['name']): Promise<Result> => {
    const backends = await startBackends(Object.keys(weights), hasOwnHosts)
    const servers = backends.map(({ name, host, port }) => ({
      name,
      host,
      port,
      weight: weights[name]!,
      ...(name.endsWith('-backup') ? { backup: true } : {}),
    }))
    const proxy = await PROXIES[name](folder, { ...setting, servers: [...servers, ...shared] })
    const result = await play(proxy, Object.fromEntries(backends.map((backend) => [backend.name, backend])))
    await proxy.end()
    for (const backend of backends) backend.die()
    return result
  }
  const results = { haproxy: await playWith('HAProxy'), millrace: await playWith('millrace') }
  rows.push(`| ${title} | ${textOf(results.haproxy)} | ${textOf(results.millrace)} |\n`)
  return results
}

const textOf = (result: unknown): string =>
  JSON.stringify(result).replaceAll(/[{}"]/g, '').replaceAll(',', ', ')
