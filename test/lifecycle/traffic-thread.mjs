/** A thread that carries traffic until it is terminated. It posts the kind of its engine once bytes flow. */
import { parentPort } from 'node:worker_threads'
import { startTraffic } from './traffic.mjs'

const { kind } = await startTraffic('on')
parentPort.postMessage(kind)
