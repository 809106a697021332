import { readCertificates } from '../../base/certificates.ts'
import type { Delivery, Message } from '../../model/message.ts'
import type { Channel } from '../contract.ts'
import { lazily } from '../lazy.ts'
import type { SmtpConfig } from './config.ts'
import { asOutcome } from './outcome.ts'

export interface SmtpDeps {
  config: SmtpConfig
  /** Stands before the sender's address. */
  name: string
}

const CONNECTIONS = 4
const IDLE_MS = 60_000

// One address and nothing beside it: no second recipient, no display name, no further header.
const ADDRESS = /^[^\s@<>()[\]\\,;:"\p{Cc}]{1,64}@[^\s@<>()[\]\\,;:"\p{Cc}]{1,255}$/u

/**
 * Mail through a mail server. Credentials and messages go over TLS only, unless the configuration says
 * otherwise in so many words.
 *
 * @throws {OperatorError} when the file of certificates cannot be read.
 */
export function createSmtp({ config, name }: SmtpDeps): Channel {
  const options = transportOptions(config)
  // Loaded with the first mail: the library takes as much memory as all of the gateway's pages.
  const transport = lazily(async () => {
    const { createTransport } = await import('nodemailer')
    const mailer = createTransport(options)
    // What breaks while nothing is being sent concerns no message; the next one connects anew.
    return mailer.on('error', () => {})
  })
  let used = false

  return {
    name: 'smtp',
    carries: ['email'],

    async deliver(message): Promise<Delivery> {
      if (message.medium !== 'email') throw new TypeError(`smtp carries no ${message.medium}`)
      if (!ADDRESS.test(message.to)) return { ok: false, refused: 'not a mail address' }
      used = true
      const mailer = await transport()
      const signal = AbortSignal.timeout(config.timeout * 1000)
      return asOutcome(() => mailer.sendMail({ ...letter(message, name, config.from), signal }))
    },

    async close() {
      if (used) (await transport()).close({ force: true })
    },
  }
}

type Mail = Extract<Message, { medium: 'email' }>

function letter({ to, subject, text, html }: Mail, name: string, from: string) {
  return {
    from: { name: oneLine(name), address: from },
    to: { name: '', address: to },
    // Said again, so that no reading of the lines above can add a recipient.
    envelope: { from, to },
    subject: oneLine(subject),
    text,
    html,
    // RFC 3834: a machine wrote this, and no machine need answer.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  }
}

const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()

function transportOptions({ url, from, username, password, starttls, ca, timeout }: SmtpConfig) {
  const stepMs = timeout * 1000
  return {
    pool: true,
    host: url.host,
    port: url.port,
    secure: url.secure,
    // Without this the library would go on in clear text wherever STARTTLS is not offered.
    requireTLS: !url.secure && starttls === 'required',
    ignoreTLS: starttls === 'never',
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca: readCertificates(ca).pem }) },
    ...(password === undefined ? {} : { auth: { user: username ?? from, pass: password } }),
    maxConnections: CONNECTIONS,
    maxRequeues: 1,
    idleTimeout: IDLE_MS,
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    dnsTimeout: stepMs,
    socketTimeout: stepMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  } as const
}
