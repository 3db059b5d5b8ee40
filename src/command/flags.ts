/** How a flag's text is read: in the same way as in a file. */
import { InvalidArgumentError } from 'commander'
import type { z } from 'zod'

/** The same reading as in a file, with its sentence as commander's error. */
export function readBy<Value>(field: z.ZodType<Value>): (text: string) => Value {
  return (text) => {
    const result = field.safeParse(text)
    if (result.success) return result.data
    throw new InvalidArgumentError(result.error.issues.map(({ message }) => message).join('; '))
  }
}
