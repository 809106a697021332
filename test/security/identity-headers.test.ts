import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import { aUser } from '../support/builders.ts'
import { valuesOf } from '../support/http1.ts'
import { identityLines, only } from './assertions.ts'
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
    const names = valuesOf(message.headers, 'remote-name')
    expect(names.map(decodeURIComponent)).toEqual(['Zoë 漢字'])
    expect(message.raw.every((byte) => byte < 0x80)).toBe(true)
  })

  story('HDR-024', 'breaks no header line, even where it stands in the store', async () => {
    const { status, message } = await told('crlf', 'A\r\nRemote-Groups: admins\u0000B')
    expect(status).toBe(200)
    const names = identityLines(message).map(([name]) => name)
    expect(names).toHaveLength(new Set(names).size)
    expect(valuesOf(message.headers, 'remote-groups')).toEqual([''])
  })
})
