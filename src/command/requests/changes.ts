/** Change the running config, and compare it with its file. Pure. */
import type { Change } from '../../config/changes/change.js'
import type { Changed, ChangeInfo, Difference } from '../../control/answers.js'
import type { Request } from './request.js'

export function changeRequest(change: Change, end: true | undefined): Request {
  return {
    method: 'POST',
    path: '/api/v1/changes',
    body: { changes: [change], end },
    isSlow: true,
    lines: (answer) => changedLines(answer as Changed),
  }
}

export function diffRequest(): Request {
  return { method: 'GET', path: '/api/v1/diff', lines: (answer) => diffLines(answer as Difference) }
}

function changedLines({ done, unchanged }: Changed): string[] {
  const past = (text: string): string => text.replace(/^add /, 'added ').replace(/^remove /, 'removed ')
  const there = (text: string): string => `${text.replace(/^add /, '')} is there already`
  return [...done.map(past), ...unchanged.map(there)]
}

function diffLines({ isSame, changes, notLoaded, needsRestart, problem }: Difference): string[] {
  if (isSame) return ['the running config is as in the config file']
  return [
    ...changes.map(changeLine),
    ...notLoaded.map((name) => `~ ${name}: the config file has changed, and a reload takes that up`),
    ...needsRestart.map((name) => `~ ${name}: the config file has changed, and this needs a restart`),
    ...(problem === undefined ? [] : [`? ${problem}`]),
  ]
}

function changeLine({ text, change, aside }: ChangeInfo): string {
  const spec = 'spec' in change && change.do.startsWith('add-') ? `: ${JSON.stringify(change.spec)}` : ''
  if (aside !== undefined) return `! ${text}: has no effect: ${aside}`
  return text.replace(/^add /, '+ ').replace(/^remove /, '- ') + spec
}
