/**
 * A log that nobody reads. It hands over records and complains of errors. It keeps the level of the config or of an
 * operator, as the real log does.
 */
import type { Log, LogOptions, OpenLog } from '../../src/observe/log/log.js'
import type { WriteRecord } from '../../src/observe/log/log-place.js'

export function simulatedLog(
  options: LogOptions,
  record: WriteRecord,
  complain: (complaint: string) => void,
): OpenLog {
  const quiet = (): void => {}
  const failed = (first: unknown, message = ''): void => complain(`${message} ${JSON.stringify(first)}`)
  const log: Log = {
    level: options.level,
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: failed,
    isLevelEnabled: () => true,
  }
  let present = options
  const take = (next: LogOptions): void => {
    if (next.level !== present.level) log.level = next.level
    present = next
  }
  return {
    log,
    record,
    reopen: async () => {},
    prepare: async (next) => ({ take: () => take(next), abandon: quiet }),
    flush: async () => {},
    close: async () => {},
  }
}
