/** What a faulty proxy can do to a connection. It is plain data, and all of it is public. */

/** `up`: from the client to the target. `down`: from the target to the client. */
export type Direction = 'up' | 'down'

/** When a fault begins. It counts from the moment when the target is connected, or from the last `set`. */
export type After = AfterBytes | AfterTime

export interface AfterBytes {
  /** The fault begins when exactly so many bytes of `direction` have been given to the receiver. From 0. */
  readonly bytes: number
  readonly direction: Direction
  readonly ms?: undefined
}

export interface AfterTime {
  /** The fault begins after this time, in ms. From 0. */
  readonly ms: number
  readonly bytes?: undefined
  readonly direction?: undefined
}

interface Begins {
  /** When the fault begins. Default: at once, which is when the target is connected. */
  readonly after?: After | undefined
}

interface InDirection extends Begins {
  /** Whose bytes it concerns. Default: `both`. */
  readonly direction?: Direction | 'both' | undefined
}

/** Every chunk arrives later. The order stays, and so do the gaps between chunks. */
export interface Delay extends InDirection {
  readonly do: 'delay'
  /** How much later, in ms. From 0. */
  readonly ms: number
}

/** Limits the speed, by a token bucket. */
export interface Throttle extends InDirection {
  readonly do: 'throttle'
  /** From 1. */
  readonly bytesPerSecond: number
  /** How many bytes may pass at once after a pause. From 1. Default: those of 100 ms, at least 1. */
  readonly burstBytes?: number | undefined
}

/** Writes segments of so many bytes. */
export interface Split extends InDirection {
  readonly do: 'split'
  /** Size of a segment, from 1. What was read at once and is no multiple of it ends with a smaller one. */
  readonly bytes: number
  /** The time between two segments, in ms. Default 0: each is a write of its own, and the receiver may join them. */
  readonly gapMs?: number | undefined
}

/** Collects bytes, and writes them as one segment. */
export interface Join extends InDirection {
  readonly do: 'join'
  /** Writes when so many bytes are there: 1 to 1048576. Never more at once. */
  readonly bytes: number
  /** Writes what is there this long after its first byte, in ms. From 0. */
  readonly ms: number
}

/** Passes nothing on: no bytes, no FIN. The connection stays open. */
export interface Hang extends InDirection {
  readonly do: 'hang'
  /**
   * Default false: reads nothing, so the sender soon cannot write, and `heal` lets all bytes pass. True: reads and discards, so the
   * sender notices nothing. A direction that has discarded bytes hangs for ever.
   */
  readonly reads?: boolean | undefined
}

/** Sends FIN in one direction, and discards what still comes. The other direction stays open. */
export interface HalfClose extends Begins {
  readonly do: 'halfClose'
  readonly direction: Direction
}

/** Sends FIN in both directions, and discards what still comes. */
export interface Close extends Begins {
  readonly do: 'close'
}

/**
 * Passes nothing on any more, and sends RST to both sides 10 ms later, so that they can read what came before. Bytes that are held
 * are lost.
 */
export interface Reset extends Begins {
  readonly do: 'reset'
}

/** Sends RST to the client right after the accept. The target gets no connection. */
export interface Refuse {
  readonly do: 'refuse'
}

export type Fault = Delay | Throttle | Split | Join | Hang | HalfClose | Close | Reset | Refuse

export type FaultKind = Fault['do']

/** A connection through a faulty proxy. */
export interface FaultyConnection {
  /** 0 for the first connection, 1 for the next one. */
  readonly index: number
  /** Bytes given to the target so far. */
  readonly bytesUp: number
  /** Bytes given to the client so far. */
  readonly bytesDown: number
  /** What was chosen for this connection last. */
  readonly faults: readonly Fault[]
  /** False as soon as both sockets are closed. */
  readonly isOpen: boolean
  /** Resolves when both sockets are closed. It never rejects. */
  readonly ended: Promise<void>
  /** What broke the connection, such as ECONNREFUSED of the target. A fault leaves none. */
  readonly error: NodeJS.ErrnoException | undefined
  /**
   * Replaces the faults of this connection. `after` counts from now on.
   *
   * @throws MillraceError `bad-argument`
   */
  set(faults: readonly Fault[]): void
}

/** Chooses the faults of each connection, by its number (from 0). */
export type FaultFunction = (connection: FaultyConnection, index: number) => readonly Fault[]
