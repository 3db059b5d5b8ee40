/** The answer to an order about a listener. Pure. */
import type { ProxyStatus } from '../observe/status.js'
import type { ChangedListener } from './answers.js'
import { unknownName } from './names.js'

/** @throws MillraceError `unknown-name` */
export function changedListener(
  name: string,
  { listeners }: Pick<ProxyStatus, 'listeners'>,
): ChangedListener {
  const found = listeners.find((listener) => listener.name === name)
  if (found === undefined)
    throw unknownName(
      'listener',
      name,
      listeners.map((listener) => listener.name),
    )
  const { address, isListening, active } = found
  return { name, address, isListening, active }
}
