import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

describe('host and path', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await openFixture()
  })
  afterAll(() => fixture.close())

  story(
    'PTH-035',
    'are never run together: another split of the same text is another request',
    async () => {
      const cookie = await fixture.resolve('COOKIE:alice:aal2')
      expect((await fixture.ask('a.gw.test', '/bc/x', cookie)).status).toBe(200)
      fixture.recorder.clear()
      for (const [host, path] of [
        ['a.gw.testb', '/c/x'],
        ['a.gw.test/bc', '/x'],
        ['a.gw.tes', '/t/bc/x'],
      ] as const) {
        expect([400, 403, 404, 421]).toContain((await fixture.ask(host, path, cookie)).status)
      }
      expect(fixture.recorder.messages()).toEqual([])
    },
  )
})
