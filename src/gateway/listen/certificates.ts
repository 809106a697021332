import { constants } from 'node:crypto'
import { statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { type KeyPair, readKeyPair } from '../../base/certificates.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { CertificateFiles } from './config.ts'

/** The certificates of one door, as the files are at this moment. */
export interface Certificates {
  /** The first one, in PEM, for whoever asks for none by name. */
  first(): { cert: string; key: string }
  /**
   * Chooses by the name that the client asks for.
   *
   * @returns The first one where none is for that name, or the client names none.
   */
  contextFor(name: string): SecureContext
  /** Reads all files anew. One that cannot be used changes nothing; the log says why. */
  reload(): void
  stop(): void
}

export interface CertificatesDeps {
  files: readonly [CertificateFiles, ...CertificateFiles[]]
  /** Told when what {@link Certificates.first} gives may be another one. */
  changed?: () => void
  clock: Clock
  log: Log
}

/** How often the files are looked at. */
const LOOK_EVERY_MS = 5_000
const DAY = 86_400
/** A warning at each of these many days before the end. */
const WARN_AT = [30, 7, 1] as const

interface Loaded {
  files: CertificateFiles
  /** What the files looked like when they were read. */
  seen: string
  pair: KeyPair
  context: SecureContext
  /** The warning that was given last, in days before the end. */
  warnedAt: number
}

/**
 * Loads the certificates of a door, and again whenever a file changes.
 *
 * @throws {OperatorError} when one cannot be used at the start.
 */
export function loadCertificates({ files, changed, clock, log }: CertificatesDeps): Certificates {
  const [first, ...others] = files
  let loaded: readonly [Loaded, ...Loaded[]] = [load(first), ...others.map(load)]

  const refresh = (current: Loaded): Loaded => {
    const { certificate } = current.files
    try {
      const next = load(current.files)
      const { pair, seen } = next
      if (pair.certificates === current.pair.certificates) return { ...current, seen }
      log.info({ certificate, until: pair.leaf.validTo }, 'listen: certificate reloaded')
      return next
    } catch (cause) {
      // Half of a pair that is being replaced, as likely as not: the rest will be seen too.
      log.warn(
        { certificate, error: String(cause) },
        'listen: certificate kept, the new one is broken',
      )
      return { ...current, seen: look(current.files) }
    }
  }
  const each = (work: (one: Loaded) => Loaded) => {
    const [head, ...rest] = loaded
    loaded = [work(head), ...rest.map(work)]
  }
  const renew = (isDue: (one: Loaded) => boolean) => {
    const [before] = loaded
    each((one) => (isDue(one) ? refresh(one) : one))
    if (loaded[0].pair !== before.pair) changed?.()
  }
  const watchOver = () => {
    renew((one) => look(one.files) !== one.seen)
    each((one) => warnInTime(one, clock, log))
  }
  const timer = setInterval(watchOver, LOOK_EVERY_MS).unref()
  each((one) => warnInTime(one, clock, log))

  return {
    first: () => ({ cert: loaded[0].pair.certificates, key: loaded[0].pair.key }),
    contextFor: (name) =>
      (loaded.find(({ pair }) => name !== '' && pair.leaf.checkHost(name)) ?? loaded[0]).context,
    reload: () => renew(() => true),
    stop: () => clearInterval(timer),
  }
}

function load(files: CertificateFiles): Loaded {
  // Looked at first: what changes in between is seen again.
  const seen = look(files)
  const pair = readKeyPair(files)
  return { files, seen, pair, context: contextOf(pair), warnedAt: Number.POSITIVE_INFINITY }
}

const contextOf = ({ certificates, key }: KeyPair): SecureContext =>
  createSecureContext({
    cert: certificates,
    key,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  })

/** Changes with either file, also where a link is turned to another one. */
function look({ certificate, key }: CertificateFiles): string {
  return [certificate, key].map(sightOf).join(' ')
}

function sightOf(file: string): string {
  const { ino = 0, size = 0, mtimeMs = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {}
  return `${ino}/${size}/${mtimeMs}`
}

function warnInTime(one: Loaded, clock: Clock, log: Log): Loaded {
  const { files, warnedAt } = one
  const { leaf } = one.pair
  const days = (leaf.validToDate.getTime() / 1000 - clock.now()) / DAY
  const due = days <= 0 ? 0 : WARN_AT.findLast((limit) => days <= limit)
  if (due === undefined || due >= warnedAt) return one
  const about = { certificate: files.certificate, until: leaf.validTo }
  if (due === 0) log.error(about, 'listen: certificate has expired')
  else log.warn({ ...about, days: Math.ceil(days) }, 'listen: certificate expires soon')
  return { ...one, warnedAt: due }
}
