/**
 * Who may connect to a listener's unix socket, as people write it.
 */
import * as z from 'zod'
import { isAbstract } from '../../address.js'
import { listenPlaces } from '../checks/listener-places.js'
import type { Finding, Path } from '../checks/path.js'
import { expected } from '../wording.js'
import * as fields from './fields.js'

const MODE = 'permissions in octal digits, such as "0660"'
const GROUP = 'the name of a group, or its number'
const KEYS = ['mode', 'group']
const NO_PROTOCOL =
  'mode is the permissions of a unix socket here. HAProxy\'s mode is "protocol": write protocol: http, or nothing for TCP'
const isProtocol = (value: unknown): boolean => value === 'tcp' || value === 'http'

/** Only text, because YAML reads 0660 as six hundred and sixty, and 0o660 as four hundred and thirty-two. */
const mode = fields
  .textField(MODE)
  .regex(/^0?[0-7]{3}$/, { error: ({ input }) => (isProtocol(input) ? NO_PROTOCOL : expected(MODE, input)) })
  .transform((digits) => Number.parseInt(digits, 8))

const group = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  fields
    .textField(GROUP)
    .regex(/^[A-Za-z0-9_][\w.-]{0,31}$/, { error: ({ input }) => expected(GROUP, input) }),
)

export const socketFileFields = { mode: fields.optional(mode), group: fields.optional(group) }

/** Only a unix socket with a path has a file. */
export function checkSocketFile(listener: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const places = listenPlaces(listener, path)
  if (places.every(({ address }) => address.kind === 'unix' && !isAbstract(address))) return []
  return KEYS.filter(
    (key) => listener[key] !== undefined && !(key === 'mode' && isProtocol(listener.mode)),
  ).map((key) => ({
    path: [...path, key],
    message: 'works only with the file of a unix socket: write the address as unix:/path, or remove this key',
    about: 'key',
  }))
}
