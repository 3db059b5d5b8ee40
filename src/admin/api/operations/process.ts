/**
 * The process as a whole: its drains, its log and its config.
 */
import type { LogLevel } from '../../../config/schemas/log-schema.js'
import * as orders from '../../../control/order-schemas.js'
import type { DrainOrder } from '../../../control/orders.js'
import * as schemas from '../schemas.js'
import type { Operation } from './operation.js'
import { withoutAll } from './without-all.js'

export const PROCESS_OPERATIONS: readonly Operation[] = [
  {
    method: 'POST',
    path: '/api/v1/drain',
    summary:
      'Drain a listener, a cluster, a backend or everything. Without deadlineMs the answer comes at once, else at the end of the drain',
    body: orders.drainOrder,
    answer: schemas.drained,
    isSlow: true,
    refusals: [404],
    run: (control, { body }) => control.drain(withoutAll<DrainOrder>(body)),
  },
  {
    method: 'GET',
    path: '/api/v1/log',
    summary: 'The lowest level that is logged, and the log file. No file: stdout',
    answer: schemas.log,
    run: async (_, { status }) => {
      const { logLevel, logFile } = await status()
      return { level: logLevel, file: logFile }
    },
  },
  {
    method: 'PUT',
    path: '/api/v1/log/level',
    summary: 'Change the log level, until a reload sets another',
    body: orders.logLevel,
    answer: orders.logLevel,
    trail: 'the log level is changed',
    isToldFirst: true,
    run: (control, { body }) => control.setLogLevel((body as { level: LogLevel }).level),
  },
  {
    method: 'POST',
    path: '/api/v1/log/reopen',
    summary: 'Open the log file again, after you moved it',
    answer: schemas.nothing,
    refusals: [409],
    trail: 'the log file was opened again',
    run: async (control) => {
      await control.reopenLogs()
      return {}
    },
  },
  {
    method: 'POST',
    path: '/api/v1/reload',
    summary: 'Read the config file again. If it has a problem, the old config stays',
    answer: schemas.reloaded,
    isSlow: true,
    refusals: [409],
    run: (control) => control.reload(),
  },
  {
    method: 'POST',
    path: '/api/v1/upgrade',
    summary:
      'Start the program anew, as it stands on disk, and let the new process serve. If that fails, nothing has changed',
    answer: schemas.upgraded,
    isSlow: true,
    refusals: [409],
    run: (control) => control.upgrade(),
  },
]
