/** Whether this process may set options of sockets. It tries each one on a socket of its own, which it closes. */
import type { DialSetup } from '../socket-options.js'
import { errnoName, loadNative } from './native.js'
import { tryOptions } from './socket-setup.js'

const NO_ADDON = 'no-addon'
/** Its family is all that matters. */
const ANY_HOST = '0.0.0.0'

/** The errno name of what the kernel says, or that there is no addon. Undefined: this process may. */
export function whyNotSet(setup: DialSetup): typeof NO_ADDON | string | undefined {
  const { native } = loadNative()
  if (native === undefined) return NO_ADDON
  const result = tryOptions(native, ANY_HOST, setup)
  return result < 0 ? errnoName(result) : undefined
}
