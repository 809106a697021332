import { STATUS_CODES } from 'node:http'
import type { Answer } from '../answers.ts'
import { isName } from '../wire/grammar.ts'

/** Writes answers as they go over a connection. */
export interface AnswerWriter {
  /** @param lasts Does the connection stay? */
  bytesOf(answer: Answer, lasts: boolean): Buffer
}

/** An answer that is given again; of all of it, only the date changes. */
interface Ready {
  bytes: Buffer
  dateAt: number
  second: number
}

/** Nothing that ends a line, and nothing that two programs read in two ways. */
const VALUE = /^[\t\x20-\x7e]*$/
const KEPT = 'Connection: keep-alive\r\n'
const LAST = 'Connection: close\r\n'
const DATE = 'Date: '

/**
 * @param now The time in milliseconds.
 * @throws {TypeError} from `bytesOf` when a header would not end with its line.
 */
export function createAnswerWriter(now: () => number = Date.now): AnswerWriter {
  const kept = new WeakMap<Answer, Ready>()
  let written = ''
  let second = Number.NaN
  // A date is looked up once a second (RFC 9110, 6.6.1).
  const date = () => {
    const current = Math.floor(now() / 1000)
    if (current !== second) {
      second = current
      written = new Date(second * 1000).toUTCString()
    }
    return written
  }

  const make = ({ status, headers, body = '' }: Answer, connection: string): Ready => {
    const opening = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${DATE}`
    const lines = headers
      .filter(([name]) => name !== 'Connection')
      .map(line)
      .join('')
    const length = Buffer.byteLength(body)
    const bytes = Buffer.from(
      `${opening}${date()}\r\n${lines}Content-Length: ${length}\r\n${connection}\r\n${body}`,
    )
    return { bytes, dateAt: opening.length, second }
  }

  return {
    bytesOf(answer, lasts) {
      if (!lasts || !answer.isKept) return make(answer, lasts ? KEPT : LAST).bytes
      const known = kept.get(answer)
      if (!known) {
        const ready = make(answer, KEPT)
        kept.set(answer, ready)
        return ready.bytes
      }
      const today = date()
      if (known.second !== second) {
        // As long as the other one, also where an earlier answer still waits to be sent.
        known.bytes.write(today, known.dateAt, 'latin1')
        known.second = second
      }
      return known.bytes
    },
  }
}

function line([name, value]: readonly [string, string]): string {
  if (!isName(name) || !VALUE.test(value)) throw new TypeError(`not a header line: ${name}`)
  return `${name}: ${value}\r\n`
}
