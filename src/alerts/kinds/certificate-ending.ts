import { readCertificates } from '../../base/certificates.ts'
import type { Clock } from '../../base/clock.ts'
import { OperatorError } from '../../base/errors.ts'
import { oneLine } from '../../base/one-line.ts'
import type { AlertKind, Finding, Lookout } from '../contract.ts'
import { endingOf } from '../ending.ts'
import { findingsOf, timesOf } from '../words.ts'

/** A certificate of ours, or of an authority that we trust, is near its end. */
export const certificateEnding: AlertKind = {
  name: 'certificate_ending',

  words(wording) {
    return {
      title: 'A certificate is near its end',
      sentences: [
        ...findingsOf(wording),
        'Put a newer one in its place; it is taken up while the gateway runs.',
      ],
      facts: [timesOf(wording)],
      command: 'gatehouse check',
    }
  },
}

const LOOKS_EVERY_SECONDS = 3600

/** A file with certificates. */
export interface CertificateFile {
  file: string
  /** What it is for: `listen`, `routes[0]`. */
  key: string
  /** Is only the first one ours? Of a chain, others renew the rest. */
  onlyFirst: boolean
}

export const certificatesLookout = (
  files: () => readonly CertificateFile[],
  clock: Clock,
): Lookout => ({
  name: 'certificate_ending',
  everySeconds: LOOKS_EVERY_SECONDS,
  look: async () => files().flatMap((file) => endingIn(file, clock.now())),
})

function endingIn({ file, key, onlyFirst }: CertificateFile, now: number): Finding[] {
  let list: ReturnType<typeof readCertificates>['list']
  try {
    list = readCertificates(file).list
  } catch (cause) {
    // What cannot be read is told of where it is used, and by `gatehouse check`.
    if (cause instanceof OperatorError) return []
    throw cause
  }
  return (onlyFirst ? list.slice(0, 1) : list).flatMap((certificate) => {
    const ending = endingOf(Math.floor(certificate.validToDate.getTime() / 1000), now)
    if (!ending) return []
    const what = `The certificate in ${oneLine(file)} (${key}) ${ending.says}.`
    return [{ name: `${certificate.fingerprint256} ${ending.stage}`, sighting: { what } }]
  })
}
