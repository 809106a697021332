import { describe, expect, it } from 'vitest'
import { browserInWords } from '../../../src/base/user-agent.ts'

const webkit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const blink = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0'

describe('browserInWords', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0', 'Firefox on Linux'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${blink} Safari/537.36`, 'Chrome on Windows'],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${blink} Safari/537.36 Edg/150.0`,
      'Edge on Windows',
    ],
    [`Mozilla/5.0 (Linux; Android 15; K) ${blink} Mobile Safari/537.36`, 'Chrome on Android'],
    [`Mozilla/5.0 (Linux; Android 15) SamsungBrowser/28.0 ${blink}`, 'Samsung Internet on Android'],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) ${webkit} Version/26.0 Mobile/15E148 Safari/604.1`,
      'Safari on iPhone',
    ],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) ${webkit} CriOS/150.0 Mobile/15E148 Safari/604.1`,
      'Chrome on iPhone',
    ],
    [
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/26.0 Safari/605.1.15`,
      'Safari on macOS',
    ],
    [`Mozilla/5.0 (X11; CrOS x86_64) ${blink} Safari/537.36 OPR/110.0`, 'Opera on ChromeOS'],
    ['curl/8.0 (Linux)', 'a browser on Linux'],
    ['Firefox/1', 'Firefox'],
    ['', 'an unknown browser'],
    ['<script>alert(1)</script>', 'an unknown browser'],
  ])('says of %j: %s', (userAgent, words) => {
    expect(browserInWords(userAgent)).toBe(words)
  })
})
