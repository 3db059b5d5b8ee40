/** Events of a stream that arrives in any pieces: the reader of the command and that of the page give the same. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
// @ts-expect-error the page has no declarations; the test uses it as the page does
import { EventParser } from '../../../page/events.js'
import { readEvents } from '../../../src/command/top/event-stream.js'

/** Cuts `bytes` at these places, and reads the pieces. */
async function read(bytes: Buffer, cuts: readonly number[]): Promise<string[]> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  async function* pieces(): AsyncGenerator<Buffer> {
    for (const [index, place] of places.slice(0, -1).entries()) yield bytes.subarray(place, places[index + 1])
  }
  const events: string[] = []
  for await (const data of readEvents(pieces())) events.push(data)
  return events
}

function parse(bytes: Buffer, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const parser = new EventParser()
  const decoder = new TextDecoder()
  return places
    .slice(0, -1)
    .flatMap((place, index) =>
      parser.push(decoder.decode(bytes.subarray(place, places[index + 1]), { stream: true })),
    )
}

it('event readers give whole events wherever the stream is cut, even in a character or between CR and LF', async () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text))
  const events = fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 4 })
  const end = fc.constantFrom('\n', '\r\n', '\r')
  const cuts = fc.array(fc.nat(), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(events, end, cuts, async (all, newline, places) => {
      const text = all
        .map((lines) =>
          ['event: status', ': a comment', ...lines.map((each) => `data: ${each}`), '', ''].join(newline),
        )
        .join('')
      const bytes = Buffer.from(`${text}:${newline}`)
      const expected = all.map((lines) => lines.join('\n'))
      expect(await read(bytes, places)).toEqual(expected)
      expect(parse(bytes, places)).toEqual(expected)
    }),
  )
})
