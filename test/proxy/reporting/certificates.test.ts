/** Certificates in the status: rows that nobody could tell apart are one row, that of the certificate that expires first. */
import { expect, it } from 'vitest'
import type { ListenerPolicy } from '../../../src/connection/listener-policy.js'
import { mergeValues } from '../../../src/observe/counts/merge.js'
import { certificatesOf } from '../../../src/proxy/reporting/certificates.js'
import { CERTIFICATE } from '../../../src/status/certificates.js'
import { running } from '../../../src/status/kinds.js'
import type { ShownCertificate } from '../../../src/tls/contexts.js'

const shown = (file: string, year: number, kind = 'rsa'): ShownCertificate => ({
  ...{ name: 'a.example.com', kind, file },
  expiresAt: `${year}-01-01T00:00:00.000Z`,
})

const service = (name: string, ...certificates: ShownCertificate[]) => ({
  name,
  policy: { termination: { certificates } } as unknown as ListenerPolicy,
})

it('certificates of a listener with the same name and kind are one row, that of the one that expires first', () => {
  const [late, early, other] = [
    shown('late.pem', 2032),
    shown('early.pem', 2031),
    shown('ec.pem', 2033, 'ec'),
  ]
  const services = [
    service('web', late, early, other),
    service('mail', late),
    { name: 'plain', policy: undefined },
  ]
  expect(certificatesOf(services)).toEqual([
    { listener: 'web', ...early },
    { listener: 'web', ...other },
    { listener: 'mail', ...late },
  ])
})

it('the file of a certificate is that of the worker whose certificate expires first', () => {
  const [late, early] = [shown('late.pem', 2032), shown('early.pem', 2031)]
  const workers = [late, early, late].map((each) => ({
    certificates: certificatesOf([service('web', each)]),
  }))
  expect(mergeValues({ certificates: running(CERTIFICATE) }, workers)).toEqual({
    certificates: [{ listener: 'web', ...early }],
  })
})
