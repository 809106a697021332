import { expect, it } from 'vitest'
import { createAnswerWriter } from '../../../../src/gateway/short-way/answer-bytes.ts'

const DATE = /Date: ([^\r]*)\r\n/
let now = Date.UTC(2030, 0, 2, 3, 4, 5)
const writer = () => createAnswerWriter(() => now)

it('writes an answer as HTTP/1.1 wants it', () => {
  const answer = { status: 403, headers: [['X-A', 'b c']], body: 'nein, ö' } as const
  expect(writer().bytesOf(answer, true).toString()).toBe(
    'HTTP/1.1 403 Forbidden\r\nDate: Wed, 02 Jan 2030 03:04:05 GMT\r\nX-A: b c\r\n' +
      'Content-Length: 8\r\nConnection: keep-alive\r\n\r\nnein, ö',
  )
})

it('says once that the connection ends, whoever wants it', () => {
  const answer = { status: 400, headers: [['Connection', 'close']] } as const
  const text = writer().bytesOf(answer, false).toString()
  expect(text.match(/connection: [a-z-]+/gi)).toEqual(['Connection: close'])
})

it('writes an answer that is given again with the date of the day', () => {
  const one = writer()
  const answer = { status: 200, headers: [['Remote-User', 'alice']], isKept: true } as const
  const first = one.bytesOf(answer, true).toString()
  expect(one.bytesOf(answer, true).toString()).toBe(first)
  now += 86_400_000
  const later = one.bytesOf(answer, true).toString()
  expect(DATE.exec(later)?.[1]).toBe('Thu, 03 Jan 2030 03:04:05 GMT')
  expect(later.replace(DATE, '')).toBe(first.replace(DATE, ''))
  expect(one.bytesOf(answer, false).toString()).toContain('Connection: close')
})

it.each([
  ['a value with an end of line', ['X', 'a\r\nSet-Cookie: b']],
  ['a value beyond ASCII', ['X', 'ö']],
  ['a name with an end of line', ['X\r\nY', 'a']],
  ['a name with a space', ['X ', 'a']],
])('writes nothing of %s', (_, [name = '', value = '']) => {
  expect(() => writer().bytesOf({ status: 200, headers: [[name, value]] }, true)).toThrow(TypeError)
})
