// @ts-check
/**
 * What the admin address tells each second. Types only.
 *
 * @typedef {object} Traffic
 * @property {number} bytesUp
 * @property {number} bytesDown
 * @property {number} splicedUp
 * @property {number} splicedDown
 *
 * @typedef {object} Histogram
 * @property {number[]} bounds
 * @property {number[]} counts
 * @property {number} sum
 *
 * @typedef {object} Listener
 * @property {string} name
 * @property {string} address
 * @property {boolean} isListening
 * @property {number} active
 * @property {number} accepted
 * @property {number} ended
 * @property {Traffic} traffic
 *
 * @typedef {object} Backend
 * @property {string} address
 * @property {number} weight
 * @property {'up' | 'down' | 'drain'} setTo
 * @property {'up' | 'down' | 'unresolved'} state
 * @property {number} restingMs
 * @property {number} active
 * @property {number} connections
 * @property {number} failures
 * @property {string} [lastError]
 * @property {Traffic} traffic
 *
 * @typedef {object} Cluster
 * @property {string} name
 * @property {Histogram} connectSeconds
 * @property {Histogram} firstByteSeconds
 * @property {Backend[]} backends
 *
 * @typedef {object} Ending
 * @property {string} listener
 * @property {string} by
 * @property {string} phase
 * @property {string} cause
 * @property {number} count
 *
 * @typedef {object} Direction
 * @property {number} bytes
 * @property {number} splicedBytes
 * @property {number} bytesPerSecond
 * @property {string} [carrier]
 * @property {string} [notSplicing]
 *
 * @typedef {object} Connection
 * @property {string} id
 * @property {string} listener
 * @property {string} client
 * @property {string} phase
 * @property {string} [cluster]
 * @property {string} [backendAddress]
 * @property {string} [sni]
 * @property {number} ageMs
 * @property {Direction} up
 * @property {Direction} down
 *
 * @typedef {object} Status
 * @property {string} state
 * @property {string} version
 * @property {string} [startedAt]
 * @property {number} workers
 * @property {string} engine
 * @property {string} [notSplicing]
 * @property {Listener[]} listeners
 * @property {Cluster[]} clusters
 * @property {Traffic & { active: number, ended: number }} connections
 * @property {Ending[]} endings
 *
 * @typedef {object} Moment
 * @property {Status} status
 * @property {Connection[]} connections
 * @property {boolean} mayChange
 */
export {}
