/**
 * The messages between the supervisor and its workers. A worker asks for its config, because it listens late.
 * The supervisor asks a worker everything that an operator can ask. Answers come in any order.
 */

import type { ToldName } from '../cluster/names/told-names.js'
import type { SharedVerdict, ToldVerdict } from '../cluster/shared-verdict.js'
import type { Config } from '../config/schema.js'
import type { Control } from '../control/control.js'
import { type ErrorCode, MillraceError, type Problem } from '../errors.js'
import type { BanFinding } from '../limits/bans/ban-findings.js'
import type { ToldBan } from '../limits/bans/told-bans.js'
import type { ToldPart } from '../limits/lists/told-lists.js'
import type { ProxyStatus } from '../observe/status.js'
import type { SessionPlace } from '../postgres/sessions.js'
import type { ToldConfig } from './told-config.js'

/** A method of a worker's control. */
export type ControlCall = {
  [Method in keyof Control]: { readonly method: Method; readonly args: Parameters<Control[Method]> }
}[keyof Control]

/** The other questions to a worker. All workers prepare another config before any worker uses it. */
type WorkerCall =
  | { readonly method: 'prepare'; readonly args: readonly [config: ToldConfig] }
  | { readonly method: 'takeUp' | 'giveUp'; readonly args: readonly [] }
  /** An upgrade: accept nobody for now, go on, or leave the listening sockets to another process. */
  | { readonly method: 'pause' | 'resume' | 'leave'; readonly args: readonly [] }
  /** Live connections: take those of other processes at this path, take no more, or give them to processes at these paths. */
  | { readonly method: 'take'; readonly args: readonly [path: string] }
  | { readonly method: 'stopTaking'; readonly args: readonly [] }
  | { readonly method: 'give'; readonly args: readonly [paths: readonly string[]] }
  /** Asks where a Postgres session is that can be cancelled, if this worker has it. */
  | { readonly method: 'findSession'; readonly args: readonly [session: string] }

export type Call = ControlCall | WorkerCall

/** Where a worker counts: in the table of all, or in its own with its part of every limit. */
export interface CountsSeat {
  /** The number of the worker, from 0, and of how many. */
  readonly worker: number
  readonly workers: number
  /** How many sources the table has room for. */
  readonly sources: number
  readonly isShared: boolean
}

export type ToWorker =
  /** Comes with the handle of a listening socket, for the `start` or `prepare` that follows. */
  | { readonly kind: 'socket'; readonly address: string; readonly place: number }
  /**
   * Comes with the handle of a socket of a slot that has no worker, for the listener of this address.
   * `takeBack` ends the loan.
   */
  | { readonly kind: 'lend'; readonly address: string; readonly slot: number }
  | { readonly kind: 'takeBack'; readonly slot: number }
  /**
   * `orders`: the orders of operators that still hold. `ticketKeys`: as texts, the form in which `TicketKeys`
   * gives them. `names`: what the names of backends mean. `verdicts`: what checks and other workers have found out and still holds.
   * `bans`: those that hold. `counts`: where the worker counts. `isPaused`: it accepts nobody before `resume`.
   */
  | {
      readonly kind: 'start'
      readonly config: Config
      readonly orders: readonly ControlCall[]
      readonly ticketKeys: readonly string[]
      readonly names: readonly ToldName[]
      readonly verdicts: readonly ToldVerdict[]
      readonly bans: readonly ToldBan[]
      readonly counts: CountsSeat
      readonly isPaused: boolean
    }
  /** What checks say, another worker has found out, or an operator has ordered. */
  | { readonly kind: 'verdicts'; readonly verdicts: readonly ToldVerdict[] }
  /** Names of backends that mean something else now, or that nobody needs any more. */
  | { readonly kind: 'names'; readonly names: readonly ToldName[] }
  /** Bans that begin or end. */
  | { readonly kind: 'bans'; readonly bans: readonly ToldBan[] }
  /** A part of a list. Those of a config come before it. */
  | { readonly kind: 'list'; readonly part: ToldPart }
  /** Drains at once, and then ends. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'ticketKeys'; readonly ticketKeys: readonly string[] }
  | { readonly kind: 'ask'; readonly id: number; readonly call: Call }
  /** `place` undefined: no worker has the session. */
  | { readonly kind: 'session'; readonly id: number; readonly place?: SessionPlace | undefined }

export type Answer =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly error?: undefined }
  | { readonly kind: 'answer'; readonly id: number; readonly error: PlainError }

/** A worker asks which other worker has this session. */
export interface SessionQuestion {
  readonly kind: 'session'
  readonly id: number
  readonly session: string
}

/**
 * `hello`: a worker asks for its config. `ready`: all its listeners listen, and it answers questions.
 * `failed`: they cannot listen, and the worker ends. `counts`: what the worker has counted, without figures
 * of the process, once a second while it has connections and once after the last.
 */
export type ToSupervisor =
  | { readonly kind: 'hello' | 'ready' }
  | { readonly kind: 'failed'; readonly error: PlainError }
  | { readonly kind: 'counts'; readonly counts: ProxyStatus }
  /** What the worker has found out and others have to know. */
  | { readonly kind: 'verdict'; readonly verdict: SharedVerdict }
  /** What the worker has seen of clients that are banned or refused. */
  | { readonly kind: 'seen'; readonly findings: readonly BanFinding[] }
  | SessionQuestion
  | Answer

/** An error in the form in which it passes between processes. */
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
