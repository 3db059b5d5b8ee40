import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EndsFirst, type EndsOnce } from '../../../src/limits/bans/ends-first.js'

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), until: fc.nat(20) }),
  fc.record({ kind: fc.constant('delete' as const), which: fc.nat(30) }),
)

it('the heap gives the thing that ends first, whatever was added and deleted', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const heap = new EndsFirst<EndsOnce>()
      const model: EndsOnce[] = []
      for (const each of steps) {
        if (each.kind === 'add') {
          const item = { until: each.until, heapIndex: -1 }
          heap.add(item)
          model.push(item)
        } else if (model.length > 0) {
          const [item] = model.splice(each.which % model.length, 1)
          heap.delete(item!)
          heap.delete(item!)
        }
        expect(heap.size).toBe(model.length)
        const earliest = model.length === 0 ? undefined : Math.min(...model.map(({ until }) => until))
        expect(heap.first?.until).toBe(earliest)
      }
    }),
  )
})
