/** A pipe loses no byte, whenever it is frozen, and however often it moves to another process. */
import { describe, expect, test } from 'vitest'
import { outsidePromises, VirtualClock } from '../clock.js'
import { MoveStory } from './story.js'

const STORIES = 120

/** Plays the story of a seed, and checks it. */
function played(seed: number): MoveStory {
  const clock = new VirtualClock()
  clock.install()
  try {
    const story = new MoveStory(clock, seed)
    story.play()
    return story
  } finally {
    clock.restore()
  }
}

describe('a pipe that moves between processes', () => {
  test(`in ${STORIES} stories every byte arrives once and in order, and the pipe ends once`, async () => {
    let [moves, fullMoves] = [0, 0]
    for (let seed = 1; seed <= STORIES; seed++) {
      const story = await outsidePromises(() => played(seed))
      const [up, down] = [Buffer.concat(story.up.said), Buffer.concat(story.down.said)]
      const arrived = {
        up: Buffer.concat(story.up.heard).equals(up),
        down: Buffer.concat(story.down.heard).equals(down),
      }
      const { held, endings, totals } = story
      expect({ seed, arrived, held, endings, totals }).toMatchObject({
        seed,
        arrived: { up: true, down: true },
        held: 0,
        endings: [{ cause: 'finished' }],
        totals: {
          bytesUp: up.length,
          bytesDown: down.length,
          receivedUp: up.length,
          receivedDown: down.length,
        },
      })
      moves += story.moves
      fullMoves += story.fullMoves
    }
    expect(moves).toBeGreaterThan(STORIES)
    expect(fullMoves).toBeGreaterThan(STORIES / 20)
  })
})
