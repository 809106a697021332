import { describe, expect, it } from 'vitest'
import { createRounds } from '../../../src/portal/rounds.ts'
import { createCookies } from '../../../src/session/cookie.ts'
import { realmsOf } from '../../support/realms.ts'
import { stillClock } from '../../support/still-clock.ts'

const PAGE = 'https://wiki.gw.test/a'
const BROWSER = 'b'.repeat(43)

function aBrowser(key = new Uint8Array(32).fill(1)) {
  const portal = new URL('https://auth.gw.test/')
  const { rounds: cookie } = createCookies({ portal, realms: realmsOf(portal, [], 'gw.test') })
  const clock = stillClock()
  const rounds = createRounds({ clock, cookie, key })
  let header: string | undefined
  return {
    clock,
    cookie,
    header: () => header,
    leave(page = PAGE, browser = BROWSER, from = header) {
      const departure = rounds.leave(from, browser, page)
      header = departure.setCookie.split(';')[0]
      return departure.inCircles
    },
  }
}

const times = (count: number, leave: () => boolean) => Array.from({ length: count }, leave)

describe('a browser that is sent to a page', () => {
  it('is in circles when it comes back for the third time within half a minute', () => {
    const { leave } = aBrowser()
    expect(times(4, () => leave())).toEqual([false, false, false, true])
  })

  it('begins anew after that', () => {
    const { leave } = aBrowser()
    expect(
      times(8, () => leave())
        .map(Number)
        .join(''),
    ).toBe('00010001')
  })

  it('may come back as often as it likes, if it takes its time', () => {
    const { leave, clock } = aBrowser()
    for (let round = 0; round < 20; round += 1) {
      expect(leave()).toBe(false)
      clock.advance(11)
    }
  })

  it('may be sent to many pages, which are counted each for itself', () => {
    const { leave, header } = aBrowser()
    for (let page = 0; page < 40; page += 1) expect(leave(`${PAGE}/${page}`)).toBe(false)
    expect(header()?.length).toBeLessThan(500)
  })

  it('is not taken for another one, nor believed what it makes up', () => {
    const { leave, header, cookie } = aBrowser()
    times(3, () => leave())
    const known = header()
    expect(leave(PAGE, 'c'.repeat(43), known)).toBe(false)
    expect(leave(PAGE, BROWSER, known)).toBe(true)
    const tampered = known?.replace(/\.(\d+)~/, '.1~')
    expect(leave(PAGE, BROWSER, tampered)).toBe(false)
    expect(leave(PAGE, BROWSER, `${cookie.name}=${'~'.repeat(5000)}`)).toBe(false)
    const foreign = aBrowser(new Uint8Array(32).fill(2))
    expect(foreign.leave(PAGE, BROWSER, known)).toBe(false)
  })

  it('is not counted by a clock that has been set back', () => {
    const { leave, clock } = aBrowser()
    times(3, () => leave())
    clock.advance(-60)
    expect(leave()).toBe(false)
  })
})
