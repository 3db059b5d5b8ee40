/**
 * Question → request. Pure.
 */
import type { Question } from '../verbs/question.js'
import { banRequest, bansRequest, unbanRequest } from './bans.js'
import { changeRequest, diffRequest } from './changes.js'
import { backendRequest, failbackRequest, holdRequest, releaseRequest } from './clusters.js'
import { connectionsRequest, killRequest, limitRequest } from './connections.js'
import { drainRequest } from './drain.js'
import { listenerRequest } from './listeners.js'
import { logRequest, namesRequest, reloadRequest, statusRequest, upgradeRequest } from './process.js'
import type { Request } from './request.js'
import { sourcesRequest } from './sources.js'

export function requestOf(question: Exclude<Question, { verb: 'top' }>): Request {
  switch (question.verb) {
    case 'status':
      return statusRequest()
    case 'names':
      return namesRequest(question.of)
    case 'connections':
      return connectionsRequest(question.query)
    case 'sources':
      return sourcesRequest(question.query)
    case 'kill':
      return killRequest(question.filter)
    case 'limit':
      return limitRequest(question.id, question.order)
    case 'drain':
      return drainRequest(question.order)
    case 'backend':
      return backendRequest(question.cluster, question.backend, question.change)
    case 'listener':
      return listenerRequest(question.listener, question.change)
    case 'failback':
      return failbackRequest(question.cluster)
    case 'bans':
      return bansRequest(question.query)
    case 'ban':
      return banRequest(question.order)
    case 'unban':
      return unbanRequest(question.order)
    case 'hold':
      return holdRequest(question.order)
    case 'release':
      return releaseRequest(question.cluster)
    case 'change':
      return changeRequest(question.change, question.end)
    case 'diff':
      return diffRequest()
    case 'reload':
      return reloadRequest()
    case 'upgrade':
      return upgradeRequest()
    case 'log':
      return logRequest(question.change)
  }
}
