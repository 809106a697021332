import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendRaw } from '../support/raw.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

describe('a form from nowhere', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await openFixture()
  })
  afterAll(() => fixture.close())

  const post = (lines: string[], body: string, origin = 'https://auth.gw.test') =>
    sendRaw(
      fixture.port,
      [
        'POST /login HTTP/1.1',
        'Host: auth.gw.test',
        `Origin: ${origin}`,
        'Content-Type: application/x-www-form-urlencoded',
        ...lines,
        '',
        body,
      ].join('\r\n'),
    )

  it('is refused without a stated length', async () => {
    const answer = await post(['Transfer-Encoding: chunked'], '3\r\na=b\r\n0\r\n\r\n')
    expect(answer.status).toBe(411)
  })

  it('is refused when it is larger than any of ours', async () => {
    const body = 'a'.repeat(20_000)
    expect((await post([`Content-Length: ${body.length}`], body)).status).toBe(413)
  })

  story('CSR-104', 'is refused when its hidden field is another browser’s', async () => {
    const alice = fixture.browser()
    await fixture.signIn(alice, 'alice')
    const mallory = fixture.browser()
    await fixture.signIn(mallory, 'mallory')
    const foreign = await mallory.get('https://auth.gw.test/logout')
    expect((await alice.submit(foreign, {})).status).toBe(403)
    const { status } = await fixture.ask('app.gw.test', '/', alice.cookies('app.gw.test'))
    expect(status).toBe(200)
  })

  it('is refused for its origin before anything else is looked at', async () => {
    const answer = await post(['Content-Length: 3'], 'a=b', 'https://evil.test')
    expect(answer.status).toBe(403)
  })
})
