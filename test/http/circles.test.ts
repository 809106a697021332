import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import { recordingLog } from '../support/recording-log.ts'
import type { Visitor } from '../support/visitor.ts'

const WIKI = 'https://wiki.gw.test/a?b=%20c'
const { log, lines } = recordingLog()
let recorder: Recorder
let gateway: TestGateway
let visitor: Visitor

beforeAll(async () => {
  recorder = await openRecorder()
  const upstream = `upstream: "http://127.0.0.1:${recorder.port}"`
  gateway = await openGateway(
    `
portal: { url: https://auth.gw.test }
routes:
  - host: wiki.gw.test
    ${upstream}
    rules:
      - { paths: [/now/**], require: one_factor, max_age: 5s }
      - { require: one_factor }
  - { host: app.other.example, ${upstream}, rules: [{ require: one_factor }] }
  - { host: open.fourth.test, ${upstream}, rules: [{ require: bypass }] }
  - { host: closed.gw.test, ${upstream}, rules: [{ require: deny }] }
`,
    { log },
  )
  await gateway.addUser({ name: 'alice' })
})
afterAll(async () => {
  await gateway.close()
  await recorder.close()
})
beforeEach(async () => {
  gateway.clock.advance(3600)
  lines.length = 0
  visitor = gateway.visitor()
  await visitor.open('https://auth.gw.test/login')
  const answer = await visitor.submit({ username: 'alice', password: PASSWORD })
  await visitor.open(answer.location ?? '')
})

const login = (rd: string) => `https://auth.gw.test/login?rd=${encodeURIComponent(rd)}`
/** What the portal answers a browser that some page sends back at once, each time anew. */
const goRound = async (times: number, rd: string, headers: Record<string, string> = {}) => {
  const statuses: number[] = []
  for (let round = 0; round < times; round += 1) {
    visitor.page = await visitor.get(login(rd), { headers })
    statuses.push(visitor.page.status)
  }
  return statuses
}
const events = () =>
  lines.filter(({ message }) => message === 'login.looped').map(({ fields }) => fields)

describe('a browser that an application sends back at once', () => {
  it.each<[string, string, string, Record<string, string>]>([
    ['no_cookie', WIKI, 'does not come back', {}],
    ['no_cookie', 'https://app.other.example/x', 'does not come back', {}],
    ['out_of_reach', 'https://open.fourth.test/', 'not made for this address', {}],
    ['plain_http', WIKI, 'by https alone', { 'x-forwarded-proto': 'http' }],
    ['clock', 'https://wiki.gw.test/now/', 'too old', {}],
  ])('is told why after three rounds: %s', async (cause, rd, sentence, headers) => {
    expect(await goRound(4, rd, headers)).toEqual([303, 303, 303, 403])
    const { body, location } = visitor.page
    expect(location).toBeUndefined()
    expect(body).toContain(sentence)
    expect(events()).toHaveLength(1)
    const { hostname: host } = new URL(rd)
    expect(events()[0]).toMatchObject({ cause, host })
    expect(body).toContain(events()[0]?.reference)
  })

  it('is counted by the page, however it gets there', async () => {
    const enter = `https://app.other.example/.gatehouse/login?rd=${encodeURIComponent('https://app.other.example/x')}`
    const ends: string[] = []
    for (let round = 0; round < 4; round += 1) {
      const toPortal = await visitor.get(enter)
      const { status, location } = await visitor.get(toPortal.location ?? '')
      ends.push(location ? new URL(location).pathname : String(status))
    }
    expect(ends).toEqual([...Array(3).fill('/.gatehouse/hand-off'), '403'])
  })

  it('is led no further when a second cookie of the same name hides the first', async () => {
    visitor.jar.take('wiki.gw.test', '__Secure-gatehouse=tossed; Path=/; Secure')
    const { status, body } = await visitor.open(WIKI)
    expect([status, new URL(visitor.url).hostname]).toEqual([403, 'auth.gw.test'])
    expect(body).toContain('__Secure-gatehouse')
    visitor.jar.delete('__Secure-gatehouse @wiki.gw.test')
    expect((await visitor.open(WIKI)).status).toBe(200)
  })

  it('goes on by “try again”, and is counted anew', async () => {
    await goRound(4, WIKI)
    const again = /class="button primary" href="([^"]+)"/.exec(visitor.page.body)?.[1] ?? ''
    const answer = await visitor.get(again.replaceAll('&amp;', '&'))
    expect([answer.status, answer.location]).toEqual([303, WIKI])
    expect(await goRound(3, WIKI)).toEqual([303, 303, 403])
  })

  it('gets the cookie of a session that began in the last round', async () => {
    await goRound(3, WIKI)
    const anew = gateway.visitor()
    for (const name of ['__Host-gatehouse-browser', '__Host-gatehouse-rounds']) {
      const { value = '' } = visitor.jar.get(name) ?? {}
      anew.jar.take('auth.gw.test', `${name}=${value}; Path=/; Secure; HttpOnly`)
    }
    await anew.open(login(WIKI))
    const answer = await anew.submit({ username: 'alice', password: PASSWORD })
    expect(answer.status).toBe(403)
    expect(anew.jar.get('__Secure-gatehouse')?.value).toBeDefined()
  })
})

describe('a browser that is well', () => {
  it('sees nothing of it, however many pages it opens', async () => {
    for (let page = 0; page < 6; page += 1) {
      const opened = await visitor.open(`https://wiki.gw.test/${page}`)
      expect(opened.status).toBe(200)
      expect(await goRound(1, `https://wiki.gw.test/${page}`)).toEqual([303])
    }
    expect((await visitor.open('https://app.other.example/')).status).toBe(200)
    expect(events()).toEqual([])
  })

  it('may open one page in three tabs, and come back to it later', async () => {
    expect(await goRound(3, WIKI)).toEqual([303, 303, 303])
    gateway.clock.advance(30)
    expect(await goRound(3, WIKI)).toEqual([303, 303, 303])
  })

  it('is not sent in circles where it is denied', async () => {
    const answer = await visitor.get('https://closed.gw.test/')
    expect([answer.status, answer.location]).toEqual([403, undefined])
  })

  it('may look at the portal as often as it likes', async () => {
    expect(await goRound(8, 'https://auth.gw.test/')).toEqual(Array(8).fill(303))
    expect(visitor.jar.get('__Host-gatehouse-rounds')).toBeUndefined()
  })

  it('keeps the count from applications', async () => {
    await goRound(1, WIKI)
    recorder.clear()
    const { value = '' } = visitor.jar.get('__Host-gatehouse-rounds') ?? {}
    expect(value).not.toBe('')
    await visitor.get(WIKI, { headers: { cookie: `a=1; __Host-gatehouse-rounds=${value}` } })
    expect(JSON.stringify(recorder.messages())).not.toContain(value)
  })
})
