/** What a program adds to its running proxy, and removes again: listeners and backends. */

import { badArgument } from '../arguments.js'
import type { Change } from '../config/changes/change.js'
import { backendName, listenerName } from '../config/changes/change.js'
import { valueAt } from '../config/checks/unchecked.js'
import type { Changed } from '../control/answers.js'
import { MillraceError } from '../errors.js'
import type { Listener } from '../listener/listener.js'
import type { OpenListener, RemoveOptions } from './library-handles.js'
import type { LibraryRun } from './library-run.js'

/** Listeners at port 0 that have no name get a number. */
let lastNumber = 0

/** `given`: a copy of a listener. */
export async function listen(run: LibraryRun, given: unknown): Promise<OpenListener> {
  const spec = named(given)
  checkOneAddress(spec)
  const name = listenerName(spec)
  if (listenerOf(run, name) !== undefined)
    throw new MillraceError('wrong-state', `listener ${JSON.stringify(name)} is there: close it first`)
  await run.change([{ do: 'add-listener', spec }])
  const listener = listenerOf(run, name)!
  return {
    name,
    address: listener.status().address,
    close: async () => {
      if (listenerOf(run, name) !== listener) return false
      await run.change([{ do: 'remove-listener', listener: name }])
      return true
    },
  }
}

export const addBackend = (run: LibraryRun, cluster: string, spec: unknown): Promise<Changed> =>
  run.change([{ do: 'add-backend', cluster, spec }])

export function removeBackend(
  run: LibraryRun,
  cluster: string,
  backend: string,
  { end = false }: RemoveOptions,
): Promise<Changed> {
  const change: Change = { do: 'remove-backend', cluster, backend: backendName(backend) }
  return run.change([change], end)
}

/** @throws MillraceError `bad-argument` */
function checkOneAddress(spec: unknown): void {
  const address = valueAt(spec, 'address')
  const isRange = typeof address === 'string' && /:\d+-\d+$/.test(address)
  const key = valueAt(spec, 'addresses') === undefined ? 'address' : 'addresses'
  if (key === 'addresses' || isRange)
    throw badArgument('listen', `listener.${key}`, 'expected one address: call listen for each')
}

/** Several listeners can be at port 0, so the address alone is no name. */
function named(spec: unknown): unknown {
  const address = valueAt(spec, 'address')
  if (valueAt(spec, 'name') !== undefined || typeof address !== 'string' || !/:0+$/.test(address)) return spec
  lastNumber++
  return { ...Object(spec), name: `listener-${lastNumber}` }
}

function listenerOf(run: LibraryRun, name: string): Listener | undefined {
  for (const [listener, service] of run.generations.present.services)
    if (service.name === name) return listener
  return undefined
}
