import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { valuesOf } from '../../support/http1.ts'
import { send, sendRaw } from '../../support/raw.ts'
import { openRecorder, type Recorder } from '../../support/recorder.ts'
import { type Gate, openGate } from './gate.ts'

let recorder: Recorder
let gate: Gate
let alice: string

beforeAll(async () => {
  recorder = await openRecorder()
  const upstream = `http://127.0.0.1:${recorder.port}`
  gate = await openGate({
    routes: [
      {
        host: 'app.gw.test',
        upstream,
        rules: [
          { paths: ['/public/**'], require: 'bypass' },
          { paths: ['/admin/**'], require: 'two_factor', groups: ['admins'] },
          { require: 'two_factor' },
        ],
      },
      { host: 'open.gw.test', upstream, rules: [{ require: 'bypass' }] },
    ],
  })
  alice = gate.signIn('alice')
})
beforeEach(() => recorder.clear())
afterAll(async () => {
  await gate.close()
  await recorder.close()
})

describe('a request that is let through', () => {
  it('arrives with its method and target byte for byte', async () => {
    const path = '/a%41//b;c=1/%e2%82%ac?q=\'%20"|{}^`\\#'.replace('#', '')
    const answer = await send(gate.port, { host: 'open.gw.test', path, method: 'PROPFIND' })
    expect(answer.status).toBe(200)
    expect(recorder.messages().map(({ requestLine }) => requestLine)).toEqual([
      `PROPFIND ${path} HTTP/1.1`,
    ])
  })

  it('tells who is there, once', async () => {
    await send(gate.port, {
      host: 'app.gw.test',
      path: '/',
      headers: [
        ['Cookie', `a=1; ${alice}; b=2`],
        ['Remote-User', 'carol'],
        ['REMOTE_USER', 'carol'],
        ['Remote.User', 'carol'],
        ['X-Gatehouse-Assertion', 'x.y.z'],
      ],
    })
    const [{ headers } = { headers: [] }] = recorder.messages()
    expect(valuesOf(headers, 'remote-user')).toEqual(['alice'])
    expect(valuesOf(headers, 'cookie')).toEqual(['a=1; b=2'])
    expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(JSON.stringify(headers)).not.toContain('carol')
  })
})

it('frames a chunked DELETE so that its body stays a body', async () => {
  const inner = 'GET /admin/x HTTP/1.1\r\nHost: app.gw.test\r\n\r\n'
  await sendRaw(
    gate.port,
    `DELETE /x HTTP/1.1\r\nHost: open.gw.test\r\nTransfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
  )
  const messages = recorder.messages()
  expect(messages.map(({ requestLine }) => requestLine)).toEqual(['DELETE /x HTTP/1.1'])
  expect(messages[0]?.body.toString()).toBe(inner)
})
