/**
 * Files that millrace makes at its start, and cannot make as things are now. The folder may be made later, as systemd does with
 * RuntimeDirectory, or the check may run for another user or machine.
 */
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { isAbstract } from '../../address.js'
import { listenPlaces, type Place } from '../checks/listener-places.js'
import type { Finding, Path } from '../checks/path.js'
import { adminPlaces } from '../checks/shared-addresses.js'
import { itemsOf, valueAt } from '../checks/unchecked.js'
import { quote } from '../wording.js'

export function unwritable(input: unknown): Finding[] {
  const admin = valueAt(input, 'admin')
  const logFile = valueAt(valueAt(input, 'log'), 'file')
  return [
    ...itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) =>
      listenPlaces(listener, ['listeners', index]).flatMap(socketAt),
    ),
    ...adminPlaces(admin, ['admin']).flatMap(socketAt),
    ...(typeof logFile === 'string' ? logAt(logFile, ['log', 'file']) : []),
  ]
}

function socketAt({ address, path }: Place): Finding[] {
  return address.kind !== 'unix' || isAbstract(address) ? [] : folderOf(address.path, path)
}

function logAt(file: string, path: Path): Finding[] {
  const code = whyNot(file, constants.W_OK)
  if (code === 'ENOENT') return folderOf(file, path)
  return code === undefined ? [] : [finding(path, `millrace cannot write ${quote(file)}: ${code}`)]
}

function folderOf(file: string, path: Path): Finding[] {
  const folder = dirname(file)
  const code = whyNot(folder, constants.W_OK | constants.X_OK)
  if (code === undefined) return []
  return [
    finding(
      path,
      `millrace cannot make a file in ${quote(folder)}: ${code}. Make the folder writable for its user before it starts`,
    ),
  ]
}

const finding = (path: Path, message: string): Finding => ({ path, message, about: 'value' })

function whyNot(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}
