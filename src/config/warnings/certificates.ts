/** Certificates that are good today, and expire soon. */
import { certificateDates } from '../checks/certificates.js'
import type { Finding } from '../checks/path.js'

export function expiringCertificates(input: unknown): Finding[] {
  return certificateDates(input)
    .filter(({ isGood }) => isGood)
    .map(({ finding }) => finding)
}
