// @ts-check
/**
 * The data of one event, which the admin address sends every second. Types only, taken from src/status/.
 *
 * @import { CERTIFICATE } from '/assets/dist/status/certificates.js'
 * @import { BACKEND, CLUSTER } from '/assets/dist/status/cluster.js'
 * @import { TRAFFIC } from '/assets/dist/status/common.js'
 * @import { CONNECTION } from '/assets/dist/status/connection.js'
 * @import { Told } from '/assets/dist/status/fields.js'
 * @import { ENDING, LISTENER } from '/assets/dist/status/listener.js'
 * @import { COUNTS_SAMPLE, TRAFFIC_SAMPLE } from '/assets/dist/status/sample.js'
 * @import { STATUS } from '/assets/dist/status/status.js'
 *
 * @typedef {Told<typeof TRAFFIC>} Traffic
 * @typedef {Told<typeof LISTENER>} Listener
 * @typedef {Told<typeof BACKEND>} Backend
 * @typedef {Told<typeof CLUSTER>} Cluster
 * @typedef {Told<typeof ENDING>} Ending
 * @typedef {Told<typeof CONNECTION>} Connection
 * @typedef {Told<typeof CERTIFICATE>} Certificate
 * @typedef {Told<typeof STATUS>} Status
 * @typedef {{ traffic: readonly Told<typeof TRAFFIC_SAMPLE>[], counts: readonly Told<typeof COUNTS_SAMPLE>[] }} Past
 * @typedef {Omit<Told<typeof TRAFFIC_SAMPLE>, 'agoMs'>} Traffics what a sample and a status have in common
 * @typedef {Omit<Told<typeof COUNTS_SAMPLE>, 'agoMs'>} Counted the same
 *
 * @typedef {object} Moment
 * @property {Status} status
 * @property {readonly Connection[]} connections
 * @property {boolean} mayChange
 */
export {}
