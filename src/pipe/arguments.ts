/** The door of `pipe`: which streams it can join, and its options. It touches neither stream. */
import type { Duplex } from 'node:stream'
import {
  badArgument,
  bytes,
  choice,
  type Door,
  flag,
  milliseconds,
  type Read,
  readOptions,
  show,
  signal,
} from '../arguments.js'
import { HALF_CLOSES, SPLICE_MODES } from '../defaults.js'
import type { PipeOptions } from './options.js'

/** The options of every function that joins two sockets in the end. */
export const PIPE_SETTINGS = {
  splice: choice(SPLICE_MODES),
  halfClose: choice(HALF_CLOSES),
  idleTimeoutMs: milliseconds,
  halfClosedTimeoutMs: milliseconds,
  maxLifetimeMs: milliseconds,
}
export const SETTINGS_ALSO_CALLED = {
  idleMs: 'idleTimeoutMs',
  timeout: 'idleTimeoutMs',
  halfClosedMs: 'halfClosedTimeoutMs',
  lifetimeMs: 'maxLifetimeMs',
  end: 'halfClose',
  allowHalfOpen: 'halfClose',
} as const

const PIPE: Door<PipeOptions> = {
  name: 'pipe',
  argument: 'options',
  fields: { head: bytes, backendHead: bytes, ...PIPE_SETTINGS, signal, adopt: flag },
  alsoCalled: { ...SETTINGS_ALSO_CALLED, abort: 'signal', clientHead: 'head' },
}

const WANTED = 'a socket or another Duplex of node:stream'
const METHODS = ['read', 'write', 'end', 'pause', 'resume', 'on', 'removeAllListeners', 'destroy']
const FACTS = { readableLength: 'number', writableLength: 'number', writableFinished: 'boolean' }

/** @throws MillraceError `bad-argument` */
export const readPipeOptions = (options: unknown): Read<PipeOptions> => readOptions(PIPE, options)

/** Checks both ends of a pipe. `isTaken` says whether another pipe has a stream. @throws MillraceError `bad-argument` */
export function checkStreams(client: unknown, backend: unknown, isTaken: (stream: object) => boolean): void {
  for (const [argument, stream] of Object.entries({ client, backend })) {
    const fault = readFault(argument, stream)
    if (fault !== undefined) throw badArgument(PIPE.name, argument, fault)
    if (isTaken(stream as Duplex))
      throw badArgument(
        PIPE.name,
        argument,
        'belongs to another pipe since an earlier call: give each stream once',
      )
  }
  if (client === backend)
    throw badArgument(PIPE.name, 'backend', 'is the same stream as client: give the two sockets to be joined')
}

function readFault(argument: string, stream: unknown): string | undefined {
  try {
    return faultOf(stream)
  } catch (cause) {
    throw badArgument(PIPE.name, argument, 'cannot be read, because it throws', cause)
  }
}

function faultOf(stream: unknown): string | undefined {
  if (typeof stream !== 'object' || stream === null) return `expected ${WANTED}, found ${show(stream)}`
  const missing = METHODS.find((name) => typeof Reflect.get(stream, name) !== 'function')
  if (missing !== undefined) return `expected ${WANTED}, found ${show(stream)} without ${missing}()`
  const unknown = Object.entries(FACTS).find(([name, type]) => typeof Reflect.get(stream, name) !== type)
  if (unknown !== undefined) return `expected ${WANTED}, found ${show(stream)} without ${unknown[0]}`
  if (Object.isFrozen(stream)) return 'is frozen, so nothing can use it: give the stream itself'
  return faultOfDuplex(stream as Duplex)
}

/** Only bytes can be passed on. */
function faultOfDuplex(stream: Duplex): string | undefined {
  if (stream.readableObjectMode || stream.writableObjectMode)
    return 'is in object mode, and pipe passes on bytes: give a stream of bytes'
  const encoding = stream.readableEncoding
  if (typeof encoding !== 'string') return undefined
  return `has setEncoding(${show(encoding)}), which makes text of its bytes: remove that call`
}
