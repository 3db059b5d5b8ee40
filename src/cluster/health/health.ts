/**
 * Judges one backend: whether it works, and when it may be tried again. It never dials and never reads the
 * clock. Callers tell it results and times. Implementations differ in what they judge by.
 */

export interface ConnectFailure {
  /** errno name. */
  readonly errno: string
  /**
   * Whether it was at the address in use. If many connects fail there together, that is true only of the
   * first: from then on another address is in use.
   */
  readonly wasCurrent: boolean
  /** How many addresses the backend has. */
  readonly addresses: number
}

export interface Health {
  /** If true, it gets no connections while others are up. */
  readonly isDown: boolean
  /** Until when it is skipped while others are up, in ms on the cluster's clock. In the past if it is up. */
  readonly skippedUntil: number
  /** How many connects have ever failed by the backend's fault. */
  readonly failures: number
  /** errno name of the last of these. */
  readonly lastError: string | undefined
  /** Whether it may be picked at `now`, while `dialling` connects to it are in progress. */
  isAvailable(now: number, dialling: number): boolean
  /** A connect succeeded. Returns true if the backend was down before. */
  connected(): boolean
  /** A connect failed at `now`. Returns how long the backend is skipped, in ms. 0: nothing changes. */
  failed(failure: ConnectFailure, now: number): number
  /** The address in use is now another one than the address that failed. */
  moved(): void
  /** Starts anew: earlier failures do not count against it. Its counts stay. */
  forgive(): void
}
