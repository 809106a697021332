import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { send } from '../support/raw.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const OVERRIDES = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']

describe('the method of a request', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await openFixture()
  })
  afterAll(() => fixture.close())

  story('MTH-002', 'is the one in its first line, whatever a form field says', async () => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice')
    const { id } = fixture.users.alice
    const [app] = await fixture.store.credentials.listByUser(id)
    const page = await browser.get('https://auth.gw.test/logout')
    const elsewhere = page.body.replace(
      /action="[^"]*"/,
      `action="/account/factors/${app?.id}?_method=DELETE"`,
    )
    const answer = await browser.submit({ ...page, body: elsewhere }, { _method: 'DELETE' })
    expect([400, 404, 405, 415]).toContain(answer.status)
    expect(await fixture.store.credentials.listByUser(id)).toEqual([app])
    expect((await fixture.ask('app.gw.test', '/', browser.cookies('app.gw.test'))).status).toBe(200)
  })

  it.each(OVERRIDES)('is not changed by %s, here or at the application', async (name) => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice')
    const ask = (host: string, path: string) =>
      send(fixture.port, {
        host,
        path,
        headers: [
          ['Cookie', browser.cookies(host)],
          [name, 'POST'],
        ],
      })

    expect((await ask('auth.gw.test', '/logout')).status).toBe(200)
    fixture.recorder.clear()
    expect((await ask('app.gw.test', '/x')).status).toBe(200)
    const [seen] = fixture.recorder.messages()
    expect(seen?.requestLine).toBe('GET /x HTTP/1.1')
    expect(seen?.headers.filter(([header]) => header.toLowerCase() === name.toLowerCase())).toEqual(
      [],
    )
  })
})
