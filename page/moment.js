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
 *
 * @typedef {object} Moment
 * @property {Status} status
 * @property {readonly Connection[]} connections
 * @property {boolean} mayChange
 */
export {}
