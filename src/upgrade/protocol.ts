/** How a process becomes the successor of another one. It imports nothing, because every process reads it. */

/** Changes when a process of one version cannot hand over to one of the next version. */
export const PROTOCOL = 1
/** The variable that tells a process that it is a successor. */
export const SUCCESSOR_VARIABLE = 'MILLRACE_SUCCESSOR'
/** The channel to the predecessor. Before it come stdin, stdout and stderr. */
export const CHANNEL_FD = 3
/** The first inherited socket. */
export const FIRST_FD = 4

/** Whether another process has started this one to take its place. Processes that this one starts are not told so. */
export function isSuccessor(): boolean {
  const isTold = process.env.MILLRACE_SUCCESSOR !== undefined
  delete process.env[SUCCESSOR_VARIABLE]
  return isTold
}
