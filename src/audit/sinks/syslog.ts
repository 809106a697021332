import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { jsonLine } from '../../base/visible.ts'
import type { AuditEvent } from '../../model/event.ts'
import type { SyslogConfig } from '../config.ts'
import { writtenEvent } from '../formats.ts'

/** Facilities that security is told under. */
const FACILITIES: Readonly<Record<SyslogConfig['facility'], number>> = {
  auth: 4,
  authpriv: 10,
  audit: 13,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
}

/** Longer ones are cut by many receivers, and half a JSON text is none. */
const MOST_BYTES = 8000
const CONNECT_MS = 5000

export interface Syslog {
  send(events: readonly AuditEvent[]): Promise<void>
  end(): void
}

/** Sends each event as one message of syslog, over UDP or TCP. */
export function createSyslog({ url, facility }: SyslogConfig): Syslog {
  const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || 514 }
  const write = url.protocol === 'udp:' ? overUdp(place) : overTcp(place)
  return {
    async send(events) {
      const messages = events.map((event) => syslogMessage(event, FACILITIES[facility]))
      await write.send(messages)
    },
    end: write.end,
  }
}

/**
 * One message of RFC 5424, in ASCII: the event as JSON is its text, and no value can end it or begin
 * another one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5424
 */
export function syslogMessage(event: AuditEvent, facility: number): string {
  const { at, name } = event
  const time = `${new Date(at * 1000).toISOString().slice(0, 19)}Z`
  const words = [time, word(hostname(), 255), 'gatehouse', `${process.pid}`, word(name, 32), '-']
  const head = `<${facility * 8 + severityOf(name)}>1 ${words.join(' ')}`
  const whole = `${head} ${ascii(writtenEvent(event))}`
  if (whole.length <= MOST_BYTES) return whole
  const { walk: _, details: __, ...short } = event
  const cut = `${head} ${ascii({ ...writtenEvent(short), shortened: true })}`
  // Names and addresses have bounds of their own; this holds should one of them have none.
  return cut.length <= MOST_BYTES ? cut : `${head} ${ascii({ event: name, shortened: true })}`
}

const ascii = (value: unknown): string =>
  jsonLine(value).replace(
    /[^\x20-\x7e]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** A field of the head: visible ASCII without spaces, or `-`. */
const word = (text: string, longest: number): string =>
  text.replace(/[^\x21-\x7e]/g, '_').slice(0, longest) || '-'

function severityOf(name: string): number {
  if (name === 'trail.broken') return 2
  if (name === 'trail.lost') return 3
  return /\.(denied|refused|throttled|suspect|frozen|looped|disabled|undelivered|failed)$/.test(
    name,
  )
    ? 4
    : 6
}

interface Way {
  send(messages: readonly string[]): Promise<void>
  end(): void
}

interface Place {
  host: string
  port: number
}

/** One message a datagram. Nobody says whether it came. */
function overUdp({ host, port }: Place): Way {
  let socket: Datagrams | undefined
  const end = () => {
    socket?.close()
    socket = undefined
  }
  return {
    end,
    async send(messages) {
      const { address, family } = await lookup(host)
      if (!socket) {
        const fresh = createSocket(family === 6 ? 'udp6' : 'udp4').unref()
        // A failure is told to whoever sends; between sends nobody has to hear of it.
        fresh.on('error', () => {
          if (socket === fresh) end()
        })
        socket = fresh
      }
      const open = socket
      for (const message of messages) {
        await new Promise<void>((resolve, reject) =>
          open.send(message, port, address, (fault) => (fault ? reject(fault) : resolve())),
        )
      }
    },
  }
}

/**
 * One connection that stays, messages counted in octets, so that their text may hold anything.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1
 */
function overTcp(place: Place): Way {
  let socket: Socket | undefined
  const end = () => {
    socket?.destroy()
    socket = undefined
  }
  const open = async (): Promise<Socket> => {
    if (socket && !socket.destroyed && socket.writable) return socket
    const fresh = connect(place)
    socket = fresh
    fresh.on('error', () => fresh.destroy())
    // Whoever closes takes nothing more; receivers of syslog say nothing otherwise.
    fresh.on('end', () => fresh.destroy())
    fresh.resume()
    fresh.unref()
    await new Promise<void>((resolve, reject) => {
      fresh.setTimeout(CONNECT_MS, () => fresh.destroy(new TimedOut()))
      fresh.once('connect', resolve)
      fresh.once('error', reject)
      fresh.once('close', () => reject(new TimedOut()))
    })
    fresh.setTimeout(0)
    return fresh
  }
  return {
    end,
    async send(messages) {
      const stream = await open()
      const bytes = messages.map((message) => `${Buffer.byteLength(message)} ${message}`).join('')
      await new Promise<void>((resolve, reject) => {
        const closed = () => reject(new TimedOut())
        stream.once('close', closed)
        stream.write(bytes, (fault) => {
          stream.off('close', closed)
          if (fault) reject(fault)
          else resolve()
        })
      })
    },
  }
}

class TimedOut extends Error {
  readonly code = 'ETIMEDOUT'
}
