/** Reads a flag's text in the same way as the same value in a config file. */
import { InvalidArgumentError } from 'commander'
import type * as z from 'zod'

/** Reads with the field of the config. Its sentence becomes commander's error. */
export function readBy<Value>(field: z.ZodType<Value>): (text: string) => Value {
  return (text) => {
    const result = field.safeParse(text)
    if (result.success) return result.data
    throw new InvalidArgumentError(result.error.issues.map(({ message }) => message).join('; '))
  }
}
