import { expect, it } from 'vitest'
import { type Circle, causeOf } from '../../../src/portal/circle-cause.ts'
import { realmsOf } from '../../support/realms.ts'

const portal = new URL('https://auth.gw.test/')
const circle: Circle = {
  portal,
  page: new URL('https://wiki.gw.test/a'),
  realms: realmsOf(portal, ['app.other.example', 'a.third.test', 'b.third.test'], 'gw.test'),
  scheme: 'https',
  referrer: 'https://wiki.gw.test/',
  session: { createdAt: 1000 },
  maxAge: undefined,
  now: 1000,
}

it.each<[string, Partial<Circle>, ReturnType<typeof causeOf>]>([
  ['nothing else', {}, 'no_cookie'],
  ['a host of another domain', { page: new URL('https://app.other.example/') }, 'no_cookie'],
  ['hosts that share one', { page: new URL('https://b.third.test/') }, 'no_cookie'],
  ['a host that no cookie reaches', { page: new URL('https://x.fourth.test/') }, 'out_of_reach'],
  ['a host that only ends like ours', { page: new URL('https://xgw.test/') }, 'out_of_reach'],
  ['a proxy that is reached by http', { scheme: 'http' }, 'plain_http'],
  ['a page that was opened by http', { referrer: 'http://wiki.gw.test/' }, 'plain_http'],
  ['another page that was', { referrer: 'http://news.example/' }, 'no_cookie'],
  ['a session from later', { session: { createdAt: 1001 } }, 'clock'],
  ['a page that minds seconds', { maxAge: 10 }, 'clock'],
  ['a page that minds minutes', { maxAge: 600 }, 'no_cookie'],
  ['nobody', { session: undefined }, 'no_cookie'],
])('finds the cause with %s', (_, given, cause) => {
  expect(causeOf({ ...circle, ...given })).toBe(cause)
})

it('takes http for nothing odd where the portal speaks it', () => {
  const local = new URL('http://localhost:9091/.gatehouse/')
  const page = new URL('http://localhost:9091/')
  const realms = realmsOf(local, ['localhost'])
  expect(causeOf({ ...circle, portal: local, page, realms, scheme: 'http' })).toBe('no_cookie')
})
