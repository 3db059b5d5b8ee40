/** Which live connections an upgrade hands over. */
import type * as z from 'zod'
import * as fields from './fields.js'

export interface HandOverConfig {
  /** Only connections that are at least this old (ms). */
  readonly afterMs: number
}

/** False: connections stay in the process that has them. */
export const handOverSchema: z.ZodType<HandOverConfig | false> = fields.switchable(
  fields.strictMap('true, false or a map: { afterMs }', { afterMs: fields.durationField.default(0) }),
)
