import { expect } from 'vitest'
import { valuesOf } from '../support/http1.ts'
import type { RecordedMessage } from '../support/recorder.ts'
import type { Check, Seen } from './seen.ts'

/** What the application may have seen of a message whose length somebody might misread. */
export const FRAMING: Record<string, Check> = {
  'exactly one request with the exact body, or none; connection not reused if framing was unusual':
    (seen) => {
      atMostOne(seen)
      for (const { body } of seen.messages) expect(body.toString()).toBe(bodyOf(seen.sent))
    },

  'no Transfer_Encoding header': (seen) => {
    atMostOne(seen)
    const names = seen.messages.flatMap(({ headers }) => headers.map(([name]) => name))
    expect(names.filter((name) => /^transfer[^a-z0-9]?encoding$/i.test(name))).toEqual([])
  },

  'no request: in particular no HTTP/1.1 request made out of it': ({ messages }) => {
    expect(messages).toEqual([])
  },

  'one request, body hello, no chunk extension': (seen) => {
    atMostOne(seen)
    for (const { body, raw } of seen.messages) {
      expect(body.toString()).toBe('hello')
      expect(raw.toString('latin1')).not.toContain(';a=b')
    }
  },

  'no trailer fields': (seen) => {
    atMostOne(seen)
    for (const { raw } of seen.messages) {
      expect(raw.toString('latin1')).toMatch(/\r\n\r\n(?:0\r\n\r\n)?$/)
      expect(raw.toString('latin1')).not.toContain('open.gw.test')
    }
  },

  'one DELETE whose framing covers the whole body; the inner GET is never recorded as a request': (
    seen,
  ) => onlyTheOuter(seen, 'DELETE'),
  'the inner GET is never recorded': (seen) => onlyTheOuter(seen, 'OPTIONS'),
  'the inner GET is not recorded': (seen) => onlyTheOuter(seen, 'GET /a '),
  'never two requests': atMostOne,

  'one request, and nothing of what follows it': (seen) => {
    atMostOne(seen)
    for (const { raw, requestLine } of seen.messages) {
      expect(requestLine).toMatch(/^(?:GET|POST) \/(?:one|echo) HTTP\/1\.1$/)
      expect(raw.toString('latin1')).not.toMatch(/admin|GARBAGE/)
    }
  },

  'one request whose length is told once, under its own name': (seen) => {
    atMostOne(seen)
    for (const { headers, body } of seen.messages) {
      expect(body.toString()).toBe('hello')
      const names = headers.map(([name]) => name.toLowerCase().replace(/[^a-z]/g, '-'))
      const framing = names.filter((name) => /^(content-length|transfer-encoding)$/.test(name))
      expect(framing).toHaveLength(1)
    }
  },

  'no Upgrade, HTTP2-Settings or Connection: Upgrade; no 101 relayed': (seen) => {
    atMostOne(seen)
    const names = seen.messages.flatMap(({ headers }) =>
      headers.map(([name]) => name.toLowerCase()),
    )
    expect(names.filter((name) => /^(upgrade|http2-settings)$/.test(name))).toEqual([])
    const said = seen.messages.flatMap(({ headers }) => valuesOf(headers, 'connection'))
    expect(said.filter((value) => /upgrade/i.test(value))).toEqual([])
    expect(seen.answer.raw).not.toMatch(/^HTTP\/1\.1 101/m)
  },
}

/** One message of the client is one message to the application, and its end is beyond doubt. */
export function atMostOne({ messages }: Pick<Seen, 'messages'>): void {
  expect(messages.slice(1).map(({ requestLine }) => requestLine)).toEqual([])
  for (const message of messages) {
    expect(message.complete).toBe(true)
    expect(framingOf(message).length).toBeLessThanOrEqual(1)
  }
}

/** What a message says about its length, each line of it. */
export const framingOf = ({ headers }: Pick<RecordedMessage, 'headers'>): string[] =>
  ['content-length', 'transfer-encoding'].flatMap((name) => valuesOf(headers, name))

function onlyTheOuter(seen: Seen, start: string): void {
  atMostOne(seen)
  for (const { requestLine, body } of seen.messages) {
    expect(requestLine.startsWith(start)).toBe(true)
    expect(body.toString()).toBe('GET /admin/x HTTP/1.1\r\nHost: app.gw.test\r\n\r\n')
  }
}

/** The body that a plain reader would see: what follows the head, without chunks around it. */
function bodyOf(sent: string): string {
  const body = sent.slice(sent.indexOf('\r\n\r\n') + 4)
  return body.startsWith('0\r\n') ? '' : body
}
