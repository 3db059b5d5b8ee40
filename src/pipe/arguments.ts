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
import { WebDuplex, type WebStreams } from '../io/streams/web-duplex.js'
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

const WANTED = 'a socket, another Duplex of node:stream, or Web streams as { readable, writable }'
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
  if (areSame(client, backend))
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
  if (isWeb(stream)) return faultOfWeb(stream)
  const missing = METHODS.find((name) => typeof Reflect.get(stream, name) !== 'function')
  if (missing !== undefined) return `expected ${WANTED}, found ${show(stream)} without ${missing}()`
  const unknown = Object.entries(FACTS).find(([name, type]) => typeof Reflect.get(stream, name) !== type)
  if (unknown !== undefined) return `expected ${WANTED}, found ${show(stream)} without ${unknown[0]}`
  if (Object.isFrozen(stream)) return 'is frozen, so nothing can use it: give the stream itself'
  return faultOfDuplex(stream as Duplex)
}

/** A Duplex of Node has flags by these names. */
function isWeb(stream: unknown): stream is WebStreams {
  const { readable, writable } = stream as Partial<Record<'readable' | 'writable', unknown>>
  return (
    typeof readable === 'object' && readable !== null && typeof writable === 'object' && writable !== null
  )
}

/** The ends of a pipe are checked already. Only a stand-in for a Web stream can throw here. @throws MillraceError `bad-argument` */
export function asDuplex(argument: string, end: Duplex | WebStreams): Duplex {
  if (!isWeb(end)) return end
  try {
    return new WebDuplex(end)
  } catch (cause) {
    throw badArgument(PIPE.name, argument, 'cannot be read, because it throws', cause)
  }
}

function faultOfWeb({ readable, writable }: WebStreams): string | undefined {
  if (typeof readable.getReader !== 'function') return 'has a readable that is no ReadableStream'
  if (typeof writable.getWriter !== 'function') return 'has a writable that is no WritableStream'
  const locked = [readable.locked && 'readable', writable.locked && 'writable'].find(Boolean)
  if (typeof locked !== 'string') return undefined
  return `has a ${locked} that is locked: release its reader or writer before you call pipe`
}

/** Two pairs of Web streams may have a stream in common. */
function areSame(client: unknown, backend: unknown): boolean {
  if (client === backend) return true
  if (!isWeb(client) || !isWeb(backend)) return false
  return client.readable === backend.readable || client.writable === backend.writable
}

/** Only bytes can be passed on. */
function faultOfDuplex(stream: Duplex): string | undefined {
  if (stream.readableObjectMode || stream.writableObjectMode)
    return 'is in object mode, and pipe passes on bytes: give a stream of bytes'
  const encoding = stream.readableEncoding
  if (typeof encoding !== 'string') return undefined
  return `has setEncoding(${show(encoding)}), which makes text of its bytes: remove that call`
}
