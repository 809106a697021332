import { describe, expect, it } from 'vitest'
import { isPublicAddress } from '../../../src/base/net.ts'

describe('an address on the open internet', () => {
  it.each(['1.1.1.1', '203.0.114.1', '198.17.255.255', '172.32.0.1', '2606:4700::1111', '2a00::1'])(
    'is %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    },
  )

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.127.255.255',
    '127.255.255.254',
    '169.254.169.254',
    '172.31.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'example.com',
    '127.1',
    '',
  ])('is not %j', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})
