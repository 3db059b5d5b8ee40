/** The doors of the functions for addresses. */
import * as address from './address.js'
import { badArgument, type Kind, readArgument, show } from './arguments.js'

const text: Kind<string> = {
  wanted: 'a text such as "127.0.0.1:7000"',
  accepts: (value): value is string => typeof value === 'string',
}

/**
 * Parses an address. Returns the address, or a sentence that says what is wrong with the text.
 *
 * @throws MillraceError `bad-argument` if it is no text.
 */
export const parseAddress = (given: string): address.Address | string =>
  address.parseAddress(readArgument('parseAddress', 'text', text, given))

/**
 * Returns the text that `parseAddress` reads back as the same address.
 *
 * @throws MillraceError `bad-argument` if it is no address.
 */
export function formatAddress(given: address.Address): string {
  const { kind, host, port, path } = Object(given) as Partial<Record<string, unknown>>
  const isTcp = kind === 'tcp' && typeof host === 'string' && typeof port === 'number'
  if (!isTcp && !(kind === 'unix' && typeof path === 'string'))
    throw badArgument('formatAddress', 'address', `expected what parseAddress returns, found ${show(given)}`)
  return address.formatAddress(given)
}
