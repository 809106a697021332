import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { aCertificate } from './certificate.ts'
import { portOf } from './ports.ts'

/** A mail as it reached the server. */
export interface ReceivedMail {
  /** Of the envelope. */
  from: string
  to: string[]
  /** Came it over TLS? */
  secure: boolean
  user: string | undefined
  raw: string
  mail: Email
}

/** What the server does with what it is asked. */
export interface MailServerMood {
  /** Answers the command with this code from now on; `undefined` is well. */
  connection?: number
  sender?: number
  recipient?: number
  data?: number
  /** Stands behind the code: `4.2.2`. @see RFC 3463 */
  detail?: string
  /** Says nothing more once it knows for whom a mail is. */
  hangs?: boolean
}

/** A real SMTP server on loopback, with a certificate of its own. */
export interface MailServer {
  port: number
  /** PEM of the certificate that vouches for it. */
  ca: string
  mood: MailServerMood
  received: ReceivedMail[]
  /** Of those, the ones that bring a code; others tell of what has happened. */
  codes(): ReceivedMail[]
  connections: number
  /** Passwords that anybody tried, right or wrong. */
  passwords: string[]
  close(): Promise<void>
}

export interface MailServerGiven {
  /** `tls` from the first byte, `starttls` on demand, or `plain`: it offers none. */
  speaks: 'tls' | 'starttls' | 'plain'
  /** Who may send; everybody when left out. */
  login?: { user: string; password: string }
  /** The name in its certificate. */
  name?: string
}

export async function openMailServer({
  speaks,
  login,
  name,
}: MailServerGiven): Promise<MailServer> {
  const { key, cert } = await aCertificate(name)
  const server = new SMTPServer({
    secure: speaks === 'tls',
    key,
    cert,
    disabledCommands: [
      ...(speaks === 'plain' ? ['STARTTLS'] : []),
      ...(login === undefined ? ['AUTH'] : []),
    ],
    allowInsecureAuth: true,
    authOptional: login === undefined,
    disableReverseLookup: true,
    closeTimeout: 10,
    ...manners(),
  })
  // A client that hangs up during the handshake is no fault of ours.
  server.on('error', () => {})

  const opened: MailServer = {
    port: 0,
    ca: cert,
    mood: {},
    received: [],
    codes: () =>
      opened.received.filter(({ mail: { subject } }) => /^Your code for /.test(subject ?? '')),
    connections: 0,
    passwords: [],
    close: () => new Promise((resolve) => server.close(resolve)),
  }

  function manners(): SMTPServerOptions {
    const answer = (code: number | undefined, then: (error?: Error | null) => void) =>
      then(code === undefined ? null : refusal(code, opened.mood.detail))
    return {
      onConnect: (_, then) => {
        opened.connections += 1
        answer(opened.mood.connection, then)
      },
      onAuth({ username, password }, _, then) {
        opened.passwords.push(password ?? '')
        const right = username === login?.user && password === login?.password
        if (right) then(null, { user: username })
        else then(refusal(535))
      },
      onMailFrom: (_, __, then) => answer(opened.mood.sender, then),
      onRcptTo(_, __, then) {
        if (!opened.mood.hangs) answer(opened.mood.recipient, then)
      },
      async onData(stream, { envelope, secure, user }, then) {
        const chunks: Buffer[] = []
        try {
          for await (const chunk of stream) chunks.push(chunk)
        } catch {
          return then(refusal(451))
        }
        if (opened.mood.data !== undefined) {
          return then(refusal(opened.mood.data, opened.mood.detail))
        }
        const bytes = Buffer.concat(chunks)
        opened.received.push({
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to: envelope.rcptTo.map(({ address }) => address),
          secure,
          user,
          raw: bytes.toString('utf8'),
          mail: await PostalMime.parse(bytes),
        })
        then()
      },
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  opened.port = portOf(server.server)
  return opened
}

/** Says more than it should: a real server's words may repeat what was sent. */
const refusal = (code: number, detail = '') =>
  Object.assign(new Error(`${detail} no, not "Your code is 123456"`.trim()), { responseCode: code })

/** Greets, and then begins an answer that never ends, a line at a time. */
export async function openTarPit(): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.write('220 welcome\r\n')
    socket.once('data', () => {
      const timer = setInterval(() => socket.write('250-wait\r\n'), 50)
      socket.on('close', () => clearInterval(timer))
    })
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: portOf(server),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
