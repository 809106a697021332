import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PLAIN, type Place } from '../../../../src/gateway/server.ts'
import { type Authority, makeAuthority } from '../../../support/certificates.ts'
import { valuesOf } from '../../../support/http1.ts'
import { openRecorder, type Recorder } from '../../../support/recorder.ts'
import { type Gate, openGate } from '../gate.ts'
import { talk } from './doors.ts'

let recorder: Recorder
let folder: string
let trusting: Gate
let wary: Gate
let authority: Authority

async function openAt(gate: Gate, name: string, place: Partial<Place> = {}): Promise<string> {
  const path = join(folder, name)
  const server = gate.front.door({ ...PLAIN, ...place, isUnix: true })
  server.listen(path)
  await once(server, 'listening')
  return path
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  recorder = await openRecorder()
  authority = makeAuthority()
  const upstream = `http://127.0.0.1:${recorder.port}`
  const routes = [
    { host: 'open.gw.test', upstream, rules: [{ require: 'bypass' }] },
    { host: 'near.gw.test', upstream, rules: [{ networks: ['127.0.0.0/8'], require: 'bypass' }] },
  ]
  trusting = await openGate({ routes, trusted: ['unix'] })
  wary = await openGate({ routes, trusted: ['127.0.0.1'] })
})
beforeEach(() => recorder.clear())
afterAll(async () => {
  await trusting.close()
  await wary.close()
  await recorder.close()
  authority.remove()
  rmSync(folder, { recursive: true })
})

const GET = 'GET /a HTTP/1.1\r\nHost: open.gw.test\r\n'
const CLAIM = 'X-Forwarded-For: 192.0.2.7\r\n'
const QUESTION = [
  'GET /api/authz/forward-auth HTTP/1.1',
  'Host: auth.gw.test',
  'X-Forwarded-Method: GET',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: open.gw.test',
  'X-Forwarded-Uri: /',
].join('\r\n')
const told = () => valuesOf(recorder.messages()[0]?.headers ?? [], 'x-forwarded-for')

describe('whoever comes over a socket of the file system', () => {
  it('tells who the client is where that is trusted, and may ask', async () => {
    const path = await openAt(trusting, 'a')
    expect(await talk(connect(path), `${GET}${CLAIM}\r\n`)).toContain('200 OK')
    expect(told()).toEqual(['192.0.2.7'])
    expect(await talk(connect(path), `${QUESTION}\r\n\r\n`)).toContain('HTTP/1.1 200')
  })

  it('has no address else, and may not ask', async () => {
    const path = await openAt(wary, 'b')
    expect(await talk(connect(path), `${GET}${CLAIM}\r\n`)).toContain('200 OK')
    expect(told()).toEqual(['unix'])
    expect(await talk(connect(path), `${QUESTION}\r\n\r\n`)).toContain('403 Forbidden')
    const near = GET.replace('open', 'near')
    expect(await talk(connect(path), `${near}\r\n`)).toContain('403 Forbidden')
  })

  it('may speak TLS', async () => {
    const path = await openAt(trusting, 'c', { tls: [authority.issue(['open.gw.test'])] })
    const socket = connectTls({ path, rejectUnauthorized: false, servername: 'open.gw.test' })
    expect(await talk(socket, `${GET}${CLAIM}\r\n`)).toContain('200 OK')
    expect(told()).toEqual(['192.0.2.7'])
  })

  it('may begin with a header of the PROXY protocol where that is trusted', async () => {
    const header = 'PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\n'
    const path = await openAt(trusting, 'd', { proxy_protocol: true })
    expect(await talk(connect(path), `${header}${GET}\r\n`)).toContain('200 OK')
    expect(told()).toEqual(['192.0.2.7'])
    const other = await openAt(wary, 'e', { proxy_protocol: true })
    expect(await talk(connect(other), `${header}${GET}\r\n`)).toBe('')
  })
})
