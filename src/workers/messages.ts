/**
 * What supervisor and workers say to each other. A worker asks for its config, because it listens late; the supervisor
 * asks it everything an operator may ask, and answers come in any order.
 */
import type { Control } from '../admin/control.js'
import type { Config } from '../config/schema.js'
import { type ErrorCode, MillraceError, type Problem } from '../errors.js'

/** What a worker is asked: a method of its control, or to take a config up. */
export type Call =
  | { readonly method: 'takeUp'; readonly args: readonly [config: Config] }
  | {
      [Method in keyof Control]: { readonly method: Method; readonly args: Parameters<Control[Method]> }
    }[keyof Control]

export type ToWorker =
  | { readonly kind: 'start'; readonly config: Config }
  | { readonly kind: 'ask'; readonly id: number; readonly call: Call }

export type Answer =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly error?: undefined }
  | { readonly kind: 'answer'; readonly id: number; readonly error: PlainError }

/** `hello`: send me my config. `ready`: all my listeners listen. */
export type ToSupervisor = { readonly kind: 'hello' | 'ready' } | Answer

/** An error as it crosses between processes. */
export interface PlainError {
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly problems: readonly Problem[]
}

export function packError(error: unknown): PlainError {
  if (error instanceof MillraceError) {
    return { code: error.code, message: error.message, problems: error.problems }
  }
  return { code: undefined, message: error instanceof Error ? error.message : String(error), problems: [] }
}

export function unpackError({ code, message, problems }: PlainError): Error {
  return code === undefined ? new Error(message) : new MillraceError(code, message, { problems })
}
