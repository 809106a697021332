import { expect, it, onTestFinished } from 'vitest'
import { openGateway, PASSWORD } from '../support/gateway.ts'
import { openRecorder } from '../support/recorder.ts'
import { recordingLog } from '../support/recording-log.ts'
import { createVisitor } from '../support/visitor.ts'

const WIKI = 'https://wiki.gw.test/page'

/** Everything that writes an address down somewhere, by somebody at 203.0.113.77. */
async function everything(addresses: 'full' | 'cut' | 'none') {
  const recorder = await openRecorder()
  const { log, lines } = recordingLog()
  const gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
trusted_proxies: [127.0.0.1]
privacy: { addresses: ${addresses} }
audit: { access: { sample: 1 } }
routes:
  - host: wiki.gw.test
    upstream: "http://127.0.0.1:${recorder.port}"
    rules:
      - { name: trial, require: deny, mode: report }
      - { name: closed, paths: [/closed], require: deny }
      - { name: all, require: one_factor }
`,
    { log },
  )
  onTestFinished(async () => {
    await gateway.close().catch(() => undefined)
    await recorder.close()
  })
  await gateway.addUser({ name: 'alice' })
  const visitor = createVisitor(gateway.port, { 'x-forwarded-for': '203.0.113.77' })
  await visitor.open(WIKI)
  await visitor.submit({ username: 'alice', password: 'wrong' })
  await visitor.submit({ username: 'alice', password: PASSWORD })
  expect((await visitor.get(WIKI)).status).toBe(200)
  expect((await visitor.get('https://wiki.gw.test/closed')).status).toBe(403)
  await visitor.get('https://nobody.gw.test/')
  await visitor.get('https://auth.gw.test/no-such-page')
  for (let guess = 0; guess < 12; guess += 1) {
    const stranger = createVisitor(gateway.port, { 'x-forwarded-for': '203.0.113.77' })
    await stranger.open(WIKI)
    await stranger.submit({ username: 'alice', password: 'wrong' })
  }
  // Whatever waits is written by then.
  await gateway.app.close()
  await gateway.store.scrub()
  const told = lines.map(({ fields }) => fields)
  const names = new Set(told.map(({ event }) => event))
  return { told, names, text: JSON.stringify(told), files: gateway.files() }
}

const EVENTS = [
  'access.allowed',
  'access.denied',
  'access.refused',
  'login.refused',
  'login.succeeded',
  'login.throttled',
  'rule.reported',
]

it.each([
  ['full', '203.0.113.77'],
  ['cut', '203.0.113.0/24'],
  ['none', undefined],
] as const)(
  'where addresses are to be %s, the log and the files hold no more',
  async (form, is) => {
    const { told, names, text, files } = await everything(form)
    expect([...names]).toEqual(expect.arrayContaining(EVENTS))
    // A row that says how often says of nobody from where.
    const single = told.filter(({ repeats }) => repeats === undefined)
    for (const { event, address } of single) {
      if (EVENTS.includes(String(event))) expect([event, address]).toEqual([event, is])
    }
    if (is !== undefined) expect(files.includes(is)).toBe(true)
    if (form !== 'full')
      expect([text.includes('203.0.113.77'), files.includes('203.0.113.77')]).toEqual([
        false,
        false,
      ])
    if (form === 'none')
      expect([text.includes('203.0.113'), files.includes('203.0.113')]).toEqual([false, false])
  },
)
