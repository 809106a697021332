import { describe, expect, it } from 'vitest'
import { encodeBody, expand, expandRequest, loadCases } from '../../security/corpus.ts'

const named = async (placeholder: string) => `<${placeholder}>`

describe('the language of attack cases', () => {
  it.each([
    ['{{EACH}}', 'a b', 'a b'],
    ['/login?rd={{EACH|urlencode}}', 'https://x/?a&b', '/login?rd=https%3A%2F%2Fx%2F%3Fa%26b'],
    ['{{REPEAT:ab:3}}', '', 'ababab'],
    ['Cookie: a=1; {{COOKIE:alice:aal2}}; b=2', '', 'Cookie: a=1; <COOKIE:alice:aal2>; b=2'],
    ['A\\r\\nB\\t\\u0041', '', 'A\r\nB\tA'],
    ['/\\evil.test', '', '/\\evil.test'],
    // What is put in is not read again.
    ['{{EACH}}', '{{EACH}}\\r', '{{EACH}}\\r'],
  ])('reads %s with %j', async (text, each, expected) => {
    expect(await expand(text, named, each)).toBe(expected)
  })

  it('fills every part of a request', async () => {
    const headers: [string, string][] = [['{{EACH}}', '{{A}}']]
    const template = { method: 'POST', host: 'h', path: '{{P}}', headers, body: { f: '{{B}}' } }
    expect(await expandRequest(template, named, 'n')).toEqual({
      ...template,
      path: '<P>',
      headers: [['n', '<A>']],
      body: { f: '<B>' },
    })
  })

  it('writes a body the way its media type says', () => {
    const template = { method: 'POST', host: 'h', path: '/', headers: [], body: { f: 'a b' } }
    expect(encodeBody(template)).toBe('f=a+b')
    const asJson: [string, string][] = [['Content-Type', 'application/json']]
    expect(encodeBody({ ...template, headers: asJson })).toBe('{"f":"a b"}')
  })

  it('reads every case, and no id twice', () => {
    const ids = loadCases().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})
