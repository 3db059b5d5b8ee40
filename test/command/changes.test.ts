/** The verbs that change the running config: from their flags to a request, and from an answer to lines. */
import { describe, expect, it } from 'vitest'
import { parseCommandLine } from '../../src/command/command-line.js'
import { withSpec } from '../../src/command/read-spec.js'
import { requestOf } from '../../src/command/requests/requests.js'
import type { Question } from '../../src/command/verbs/question.js'
import type { Changed, Difference, Reloaded } from '../../src/control/answers.js'

function ask(...args: string[]): Exclude<Question, { verb: 'top' }> {
  const commandLine = parseCommandLine(args, '1.2.3')
  if (commandLine.kind !== 'ask' || commandLine.question.verb === 'top')
    throw new Error(JSON.stringify(commandLine))
  return commandLine.question
}

const changesOf = (...args: string[]) => requestOf(ask(...args)).body

describe('add and remove', () => {
  it.each<[string, object]>([
    [
      'add backend app 10.0.0.6:80 --weight 2 --backup --max-connections 9',
      {
        do: 'add-backend',
        cluster: 'app',
        spec: { address: '10.0.0.6:80', weight: 2, backup: true, maxConnections: 9 },
      },
    ],
    [
      'add cluster b --to 10.0.0.6:80,10.0.0.7:80 --balance first',
      {
        do: 'add-cluster',
        cluster: 'b',
        spec: { balance: 'first', backends: ['10.0.0.6:80', '10.0.0.7:80'] },
      },
    ],
    [
      'add route web --sni a.example.com,b.example.com --source 10.0.0.0/8 --cluster b --at 0',
      {
        do: 'add-route',
        listener: 'web',
        spec: { sni: ['a.example.com', 'b.example.com'], source: '10.0.0.0/8', cluster: 'b' },
        at: 0,
      },
    ],
    [
      'add listener side 127.0.0.1:81 --cluster b',
      { do: 'add-listener', spec: { name: 'side', address: '127.0.0.1:81', cluster: 'b' } },
    ],
    ['remove backend app 10.0.0.6:80', { do: 'remove-backend', cluster: 'app', backend: '10.0.0.6:80' }],
    ['remove route web --path /a', { do: 'remove-route', listener: 'web', spec: { path: '/a' } }],
    ['remove listener side', { do: 'remove-listener', listener: 'side' }],
  ])('`millrace %s` sends one change', (line, change) => {
    expect(changesOf(...line.split(' '))).toEqual({ changes: [change], end: undefined })
  })

  it('--end drains the connections of what is removed', () => {
    expect(changesOf('remove', 'cluster', 'b', '--end')).toEqual({
      changes: [{ do: 'remove-cluster', cluster: 'b' }],
      end: true,
    })
  })

  it('a weight out of range is wrong use', () => {
    const line = parseCommandLine(['add', 'backend', 'app', '10.0.0.6:80', '--weight', '2000'], '1')
    expect(line).toMatchObject({ kind: 'exit', code: 2 })
  })

  it('the keys of --spec are added to those of the flags, which win', async () => {
    const question = ask(
      'add',
      'backend',
      'app',
      '10.0.0.6:80',
      '--weight',
      '2',
      '--spec',
      '{weight: 9, tier: 1}',
    )
    if (question.verb !== 'change') throw new Error('another verb')
    expect(await withSpec(question.change, question.spec!)).toMatchObject({
      spec: { address: '10.0.0.6:80', weight: 2, tier: 1 },
    })
  })

  it.each([
    ['[1]', 'expected a map'],
    ['{a: [}', '--spec'],
    [`a: 1\nb: $\{NOT_SET_ANYWHERE}`, 'NOT_SET_ANYWHERE'],
  ])('--spec %j is refused', async (text, message) => {
    await expect(withSpec({ do: 'add-cluster', cluster: 'b', spec: {} }, text)).rejects.toThrow(message)
  })
})

describe('answers', () => {
  it('the command says what was changed and what was there', () => {
    const answer: Changed = { done: ['add backend app/10.0.0.6:80'], unchanged: ['add cluster b'] }
    expect(requestOf(ask('add', 'cluster', 'b')).lines(answer)).toEqual([
      'added backend app/10.0.0.6:80',
      'cluster b is there already',
    ])
  })

  it('`millrace listener` sends the state, and says whether the listener listens', () => {
    const request = requestOf(ask('listener', 'web', '--state', 'up'))
    expect(request).toMatchObject({ method: 'PATCH', path: '/api/v1/listeners/web', body: { state: 'up' } })
    const answer = { name: 'web', address: '127.0.0.1:80', isListening: true, active: 1 }
    expect(request.lines(answer)).toEqual(['web: listening on 127.0.0.1:80, 1 connection'])
    expect(request.lines({ ...answer, isListening: false })).toEqual(['web: closed, 1 connection'])
  })

  it('`millrace diff` has a line for each difference', () => {
    const lines = (answer: Difference) => requestOf(ask('diff')).lines(answer)
    expect(lines({ isSame: true, changes: [], notLoaded: [], needsRestart: [] })).toEqual([
      'the running config is as in the config file',
    ])
    const change = { do: 'add-backend', cluster: 'app', spec: '10.0.0.6:80' } as const
    const text = 'add backend app/10.0.0.6:80'
    const removal = { do: 'remove-listener', listener: 'side' } as const
    expect(
      lines({
        isSame: false,
        changes: [
          { text, change },
          { text, change, aside: 'there is no cluster "app"' },
          { text: 'remove listener side', change: removal },
        ],
        notLoaded: ['timeouts'],
        needsRestart: ['workers'],
        problem: 'it is bad',
      }),
    ).toEqual([
      '+ backend app/10.0.0.6:80: "10.0.0.6:80"',
      '! add backend app/10.0.0.6:80: has no effect: there is no cluster "app"',
      '- listener side',
      '~ timeouts: the config file has changed, and a reload takes that up',
      '~ workers: the config file has changed, and this needs a restart',
      '? it is bad',
    ])
  })

  it('`millrace reload` names each change that the file does not have, has by now, or does not fit', () => {
    const answer: Reloaded = {
      changed: [],
      needsRestart: [],
      changes: { kept: ['add cluster b'], ended: ['add cluster c'], aside: ['add cluster d: it is bad'] },
    }
    expect(requestOf(ask('reload')).lines(answer)).toEqual([
      'nothing changed in the config',
      'not in the file, and kept: add cluster b',
      'in the file by now: add cluster c',
      'does not fit the file, and has no effect: add cluster d: it is bad',
    ])
  })
})
