/**
 * The verdict on one backend: whether it works, and when it may be tried again. It never dials and never asks for the
 * time: it is told both. What the verdict rests on differs by implementation.
 */

export interface ConnectFailure {
  /** errno name. */
  readonly errno: string
  /**
   * It was at the address in use. Of many connects that fail there together that is true of the first only: another
   * address is in use from then on.
   */
  readonly wasCurrent: boolean
  /** How many addresses the backend has. */
  readonly addresses: number
}

export interface Health {
  /** It gets no connections while others are up. */
  readonly isDown: boolean
  /** Until when it is skipped while others are available, on the clock of the cluster (ms). In the past where it is up. */
  readonly skippedUntil: number
  /** Connects that failed by the backend's fault, ever. */
  readonly failures: number
  /** errno name of the last of these. */
  readonly lastError: string | undefined
  /** Whether it should be picked at `now`, while `dialling` connects to it are on their way. */
  isAvailable(now: number, dialling: number): boolean
  /** A connect succeeded. True if it was down before. */
  connected(): boolean
  /** A connect failed at `now`. How long it is skipped from now on in ms; 0 where this changes nothing. */
  failed(failure: ConnectFailure, now: number): number
  /** Another address is in use than the one that failed. */
  moved(): void
  /** It starts anew: nothing is held against it. What it counted stays. */
  forgive(): void
}
