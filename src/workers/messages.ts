/**
 * What supervisor and workers say to each other. A worker asks for its config, because it listens late; the supervisor
 * asks it everything an operator may ask, and answers come in any order.
 */
import type { Config } from '../config/schema.js'
import type { Control } from '../control/control.js'
import { type ErrorCode, MillraceError, type Problem } from '../errors.js'
import type { ProxyStatus } from '../observe/status.js'
import type { SessionPlace } from '../postgres/sessions.js'

/** A method of a worker's control. */
export type ControlCall = {
  [Method in keyof Control]: { readonly method: Method; readonly args: Parameters<Control[Method]> }
}[keyof Control]

/** What else a worker is asked. Another config is got ready in all workers before it is used in any. */
type WorkerCall =
  | { readonly method: 'prepare'; readonly args: readonly [config: Config] }
  | { readonly method: 'takeUp' | 'giveUp'; readonly args: readonly [] }
  /** Where a Postgres session is that can be cancelled, if it is this worker's. */
  | { readonly method: 'findSession'; readonly args: readonly [session: string] }

export type Call = ControlCall | WorkerCall

export type ToWorker =
  /** With the handle of a listening socket, for the `start` or `prepare` that follows. */
  | { readonly kind: 'socket'; readonly address: string }
  /** With the handle of the socket of a slot that has no worker, for the listener of this address; and the end of that. */
  | { readonly kind: 'lend'; readonly address: string; readonly slot: number }
  | { readonly kind: 'takeBack'; readonly slot: number }
  /** `orders`: what operators have ordered that still holds. `ticketKeys`: as `TicketKeys` has them as texts. */
  | {
      readonly kind: 'start'
      readonly config: Config
      readonly orders: readonly ControlCall[]
      readonly ticketKeys: readonly string[]
    }
  | { readonly kind: 'ticketKeys'; readonly ticketKeys: readonly string[] }
  | { readonly kind: 'ask'; readonly id: number; readonly call: Call }
  /** Undefined: nobody has it. */
  | { readonly kind: 'session'; readonly id: number; readonly place?: SessionPlace | undefined }

export type Answer =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly error?: undefined }
  | { readonly kind: 'answer'; readonly id: number; readonly error: PlainError }

/** A worker asks which other one has this session. */
export interface SessionQuestion {
  readonly kind: 'session'
  readonly id: number
  readonly session: string
}

/**
 * `counts`: what I have counted, without a look at the process; once a second while I have connections, and once after
 * the last. `hello`: send me my config. `ready`: all my listeners listen, and I answer. `failed`:
 * they cannot, I end.
 */
export type ToSupervisor =
  | { readonly kind: 'hello' | 'ready' }
  | { readonly kind: 'failed'; readonly error: PlainError }
  | { readonly kind: 'counts'; readonly counts: ProxyStatus }
  | SessionQuestion
  | Answer

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
