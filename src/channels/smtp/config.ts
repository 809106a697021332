import * as z from 'zod'
import { duration, file, secret } from '../../base/schema.ts'

const FORM =
  'write smtps:// or smtp://, a host and, if need be, a port: smtps://mail.example.com:465'

/** Where a mail server listens. */
export interface SmtpServer {
  host: string
  port: number
  /** TLS from the first byte; else STARTTLS begins it. */
  secure: boolean
}

const STANDARD_PORT = { 'smtps:': 465, 'smtp:': 587 } as const

function readServer(text: string): SmtpServer | undefined {
  if (!/^smtps?:\/\/[^/?#@\s]+\/?$/.test(text) || !URL.canParse(text)) return undefined
  const { protocol, hostname, port } = new URL(text)
  if (protocol !== 'smtps:' && protocol !== 'smtp:') return undefined
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? STANDARD_PORT[protocol] : Number(port),
    secure: protocol === 'smtps:',
  }
}

const server = () =>
  z.string().transform((text, context) => {
    const found = readServer(text)
    if (found) return found
    context.addIssue({ code: 'custom', message: FORM })
    return z.NEVER
  })

export const smtpConfig = z
  .strictObject({
    url: server().meta({
      description:
        'The mail server. `smtps://` speaks TLS from the start (port 465), `smtp://` begins it with STARTTLS (port 587).',
      example: 'smtps://mail.example.com',
    }),
    from: z.email().meta({
      description: 'The sender’s address; the portal’s name stands beside it.',
      example: 'gate@example.com',
    }),
    username: z.string().min(1).optional().meta({
      description: 'Left out: the address in `from`, where there is a password.',
      example: 'gate@example.com',
    }),
    password: secret()
      .optional()
      .meta({
        description: 'Left out: the server lets us send without signing in.',
        example: { file: '/run/secrets/smtp' },
      }),
    starttls: z.enum(['required', 'never']).default('required').meta({
      description:
        'For `smtp://`: nothing is sent before the connection is encrypted, or (`never`) everything in clear text. There is no third way: a server that offers no STARTTLS is refused.',
    }),
    ca: file().optional().meta({
      description:
        'Certificates (PEM) that vouch for the mail server, instead of those that this machine trusts.',
      example: '/etc/gatehouse/mail-ca.pem',
    }),
    timeout: duration().prefault('15s').meta({
      description: 'How long one try may take, from the connection to the last answer.',
    }),
  })
  .superRefine(({ username, password }, context) => {
    if (username === undefined || password !== undefined) return
    context.addIssue({
      code: 'custom',
      path: ['password'],
      message: 'is missing: there is a username',
    })
  })

export type SmtpConfig = z.output<typeof smtpConfig>
