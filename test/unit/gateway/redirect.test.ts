import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { send, sendRaw } from '../../support/raw.ts'
import { openRecorder, type Recorder } from '../../support/recorder.ts'
import { type Gate, openGate } from './gate.ts'
import { openDoor } from './listen/doors.ts'

let recorder: Recorder
const gates: Gate[] = []
beforeAll(async () => {
  recorder = await openRecorder()
})
afterAll(async () => {
  for (const gate of gates) await gate.close()
  await recorder.close()
})

async function doorOf(portal: string): Promise<number> {
  const upstream = `http://127.0.0.1:${recorder.port}`
  const rules = [{ require: 'bypass' }]
  const gate = await openGate({
    portal,
    routes: [
      { host: 'open.gw.test', upstream, rules },
      { host: '*.apps.gw.test', upstream, rules },
    ],
  })
  gates.push(gate)
  return openDoor(gate, { redirect_to_https: true })
}

describe('a door that leads to https', () => {
  it.each([
    ['open.gw.test', '/a%20b?c=//d', 'https://open.gw.test/a%20b?c=//d'],
    ['OPEN.gw.test:80', '//evil.test/', 'https://open.gw.test//evil.test/'],
    ['x.apps.gw.test', '/', 'https://x.apps.gw.test/'],
    ['auth.gw.test', '/login', 'https://auth.gw.test/login'],
  ])('sends %s%s to %s', async (host, path, location) => {
    const answer = await send(await doorOf('https://auth.gw.test/'), { host, path, method: 'POST' })
    expect(answer.status).toBe(308)
    expect(answer.all('location')).toEqual([location])
    expect(recorder.messages()).toEqual([])
  })

  it('leads to the port of the portal', async () => {
    const port = await doorOf('https://auth.gw.test:8443/')
    const answer = await send(port, { host: 'open.gw.test', path: '/a' })
    expect(answer.all('location')).toEqual(['https://open.gw.test:8443/a'])
  })

  it('leads nobody to a host that is not ours', async () => {
    const answer = await send(await doorOf('https://auth.gw.test/'), {
      host: 'evil.test',
      path: '/',
    })
    expect(answer.status).toBe(421)
    expect(answer.all('location')).toEqual([])
  })

  it('leads nowhere where https is not spoken', async () => {
    const port = await doorOf('http://localhost/')
    expect((await send(port, { host: 'localhost', path: '/' })).status).toBe(421)
  })

  it('is as strict as any, and has no WebSockets', async () => {
    const port = await doorOf('https://auth.gw.test/')
    const twice = 'GET / HTTP/1.1\r\nHost: open.gw.test\r\nHost: evil.test\r\n\r\n'
    expect((await sendRaw(port, twice)).status).toBe(400)
    const socket = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    const get = 'GET / HTTP/1.1\r\nHost: open.gw.test\r\n'
    expect((await sendRaw(port, `${get}${socket}${key}\r\n`)).status).toBe(308)
    expect(recorder.messages()).toEqual([])
  })
})
