import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import { aUser } from '../support/builders.ts'
import { valuesOf } from '../support/http1.ts'
import { identityLines, only } from './assertions.ts'
import { DIALECTS } from './dialects.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

describe('a name with more than ASCII in it', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await openFixture()
  })
  beforeEach(() => fixture.recorder.clear())
  afterAll(() => fixture.close())

  /** What an application is told about somebody of that name. */
  const told = async (name: string, displayName: string) => {
    await fixture.addUser(aUser({ name, displayName }))
    const cookie = await fixture.resolve(`COOKIE:${name}:aal2`)
    fixture.recorder.clear()
    const { status } = await fixture.ask('app.gw.test', '/', cookie)
    return { status, message: only(fixture.recorder.messages()) }
  }

  story('HDR-026', 'reaches the application as percent-encoded UTF-8', async () => {
    const { status, message } = await told('zoe', 'Zoë 漢字')
    expect(status).toBe(200)
    const names = identityLines(message).filter(([name]) => /name/i.test(name))
    expect(names).toEqual([['Remote-Name', 'Zo%C3%AB%20%E6%BC%A2%E5%AD%97']])
    expect(decodeURIComponent(names[0]?.[1] ?? '')).toBe('Zoë 漢字')
    expect(message.raw.toString('latin1')).toMatch(/^[\r\n\x20-\x7e]*$/)

    // A proxy in front hears the same.
    const cookie = await fixture.resolve('COOKIE:zoe:aal2')
    for (const dialect of DIALECTS) {
      const answer = await fixture.askForward('app.gw.test', '/', cookie, { dialect })
      expect([answer.status, answer.all('remote-name')]).toEqual([200, [names[0]?.[1]]])
    }
  })

  story('HDR-024', 'breaks no header line, even where it stands in the store', async () => {
    const { status, message } = await told('crlf', 'A\r\nRemote-Groups: admins\u0000B')
    expect(status).toBe(200)
    const names = identityLines(message).map(([name]) => name)
    expect(names).toHaveLength(new Set(names).size)
    expect(valuesOf(message.headers, 'remote-groups')).toEqual([''])
  })
})
