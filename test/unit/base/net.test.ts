import { describe, expect, it } from 'vitest'
import {
  holdsStrangers,
  networks,
  parseListenAddress,
  parseNetwork,
  plainAddress,
  sourceOf,
  sourcesOf,
} from '../../../src/base/net.ts'

describe('networks', () => {
  const some = networks(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'])
  it.each([
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8:1::5', true],
    ['2001:db9::1', false],
    ['nonsense', false],
    ['', false],
  ])('hold %s: %s', (address, held) => {
    expect(some.has(address)).toBe(held)
  })

  it('hold nobody when empty', () => {
    expect(networks([]).has('127.0.0.1')).toBe(false)
  })

  it.each(['10.0.0.0/33', '10.0.0/8', 'a/8', '::/129', '10.0.0.1/', '10.0.0.1/8/8', '010.0.0.1'])(
    'are not written as %s',
    (text) => {
      expect(parseNetwork(text)).toBeUndefined()
    },
  )
})

describe('a network that holds strangers', () => {
  it.each([
    ['0.0.0.0/0', true],
    ['0.0.0.0/1', true],
    ['64.0.0.0/2', true],
    ['10.0.0.0/7', true],
    ['10.0.0.0/8', false],
    ['10.0.0.2', false],
    ['0.0.0.0', false],
    ['::/0', true],
    ['::/1', true],
    ['2000::/3', true],
    ['fc00::/7', false],
    ['::1', false],
    ['::ffff:0:0/96', true],
    ['::ffff:0.0.0.0/97', true],
    ['0:0:0:0:0:FFFF::/96', true],
    ['::ffff:10.0.0.0/104', false],
    ['::ffff:10.0.0.2', false],
  ])('is %s: %s', (text, holds) => {
    expect(holdsStrangers(text)).toBe(holds)
  })
})

describe('sourcesOf', () => {
  it('counts an IPv4 address for itself alone', () => {
    expect(sourcesOf('192.0.2.1')).toEqual([{ source: '192.0.2.1', worth: 1 }])
  })

  it('counts an IPv6 address in wider and wider networks', () => {
    expect(sourcesOf('2001:db8:1:2ff::9').map(({ source }) => source)).toEqual([
      '2001:db8:1:2ff::/64',
      '2001:db8:1:200::/56',
      '2001:db8:1::/48',
    ])
    expect(sourcesOf('::1').map(({ source }) => source)).toEqual([
      '0:0:0:0::/64',
      '0:0:0:0::/56',
      '0:0:0::/48',
    ])
  })
})

describe('sourceOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('counts %s as %s', (address, source) => {
    expect(sourceOf(address)).toBe(source)
  })
})

it('tells a mapped address as what it is', () => {
  expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1')
  expect(plainAddress('2001:db8::1')).toBe('2001:db8::1')
})

describe('parseListenAddress', () => {
  it.each([
    ['127.0.0.1:9091', { host: '127.0.0.1', port: 9091 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    [':9091', { host: '0.0.0.0', port: 9091 }],
    ['9091', undefined],
    ['host:70000', undefined],
    ['[::zz]:1', undefined],
  ])('reads %s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address)
  })
})
