import { afterEach, describe, expect } from 'vitest'
import { openKeptUpstream, type PlainUpstream } from '../support/plain-upstream.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

let fixture: Fixture
let application: PlainUpstream
let elsewhere: PlainUpstream
afterEach(async () => {
  await fixture.close()
  application.close()
  elsewhere.close()
})

describe('a redirect of an application', () => {
  story('SSR-007', 'is for the browser: the gateway goes nowhere', async () => {
    elsewhere = await openKeptUpstream((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    let status = 0
    application = await openKeptUpstream((socket) => {
      socket.write(
        `HTTP/1.1 ${status} Moved\r\nLocation: ${elsewhere.origin}/x\r\nContent-Length: 0\r\n\r\n`,
      )
    })
    fixture = await openFixture({ elsewhere: { b: Number(new URL(application.origin).port) } })
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    for (status of [301, 302, 303, 307, 308]) {
      const answer = await fixture.ask('b.gw.test', '/', cookie)
      expect([answer.status, answer.all('location')]).toEqual([status, [`${elsewhere.origin}/x`]])
    }
    expect(elsewhere.sockets).toEqual([])
  })
})
