import { describe, expect, it } from 'vitest'
import { createCsrf } from '../../../src/web/csrf.ts'

const csrf = createCsrf({ key: new Uint8Array(32), origin: 'https://auth.gw.test' })
const good = {
  origin: 'https://auth.gw.test',
  'sec-fetch-site': 'same-origin',
  'content-type': 'application/x-www-form-urlencoded',
}
const fault = (
  headers: Record<string, string | undefined>,
  token = csrf.token('b'),
  browser: string | undefined = 'b',
) => csrf.fault({ header: (name) => ({ ...good, ...headers })[name], token }, browser)

describe('a form', () => {
  it('is taken from our own page in its own browser', () => {
    expect(fault({})).toBeUndefined()
    expect(fault({ 'sec-fetch-site': undefined })).toBeUndefined()
    expect(fault({ origin: undefined })).toBeUndefined()
    expect(
      fault({ 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }),
    ).toBeUndefined()
  })

  it.each([
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { origin: 'https://app.gw.test', 'sec-fetch-site': 'same-site' },
    { origin: 'https://auth.gw.test:8443' },
    { origin: 'http://auth.gw.test' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'none' },
    { origin: undefined, 'sec-fetch-site': undefined },
  ])('is refused with %j', (headers) => {
    expect(fault(headers)).toBe('foreign_origin')
  })

  it.each(['text/plain', 'application/json', 'multipart/form-data', undefined])(
    'is refused as %s',
    (type) => {
      expect(fault({ 'content-type': type })).toBe('media_type')
    },
  )

  it('is refused with the token of another browser, a cut one or none', () => {
    expect(fault({}, csrf.token('other'))).toBe('stale_form')
    expect(fault({}, csrf.token('b').slice(1))).toBe('stale_form')
    expect(fault({}, '')).toBe('stale_form')
  })

  it('is refused where the browser keeps no cookie', () => {
    expect(
      csrf.fault({ header: (name) => good[name as keyof typeof good], token: '' }, undefined),
    ).toBe('stale_form')
  })
})
