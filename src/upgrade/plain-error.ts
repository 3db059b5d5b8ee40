/** Errors as the processes of an upgrade tell them to each other. */
import { isErrorCode } from '../errors.js'
import { packError, unpackError } from '../workers/messages.js'
import type { TellableError } from './messages.js'

export function packPlain(error: unknown): TellableError {
  const { problems, ...rest } = packError(error)
  return { ...rest, problems: [...problems] }
}

/** An error with a code that only the other version knows has none here. */
export function unpackPlain(error: TellableError): Error {
  return unpackError({ ...error, code: isErrorCode(error.code) ? error.code : undefined })
}
