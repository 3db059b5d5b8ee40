/** A thread that carries traffic until it is terminated. Says by which engine once it flows. */
import { parentPort } from 'node:worker_threads'
import { startTraffic } from './traffic.mjs'

const { kind } = await startTraffic('on')
parentPort.postMessage(kind)
