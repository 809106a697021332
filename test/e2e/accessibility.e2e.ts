import AxeBuilder from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { gallery } from '../support/gallery.tsx'
import { openGallery } from '../support/gallery-server.ts'

let browser: Browser
let server: Awaited<ReturnType<typeof openGallery>>
let tab: Page
const faults: string[] = []

beforeAll(async () => {
  server = await openGallery()
  browser = await openBrowser()
  // 1280 pixels at 400 % are 320 wide: WCAG 1.4.10, reflow.
  const context = await browser.newContext({
    viewport: { width: 320, height: 640 },
    reducedMotion: 'reduce',
  })
  tab = await context.newPage()
  tab.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text())
  })
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const pages = gallery.map(({ name }, index) => ({ name, path: `/${index}` }))

it.each(pages)('is open to everybody: $name', { timeout: 60_000 }, async ({ path }) => {
  faults.length = 0
  await tab.emulateMedia({ colorScheme: 'light' })
  await tab.goto(server.url + path)
  expect(await violations(axe())).toEqual([])

  // The markup is the same in the dark; only the colors are not.
  await tab.emulateMedia({ colorScheme: 'dark' })
  expect(await violations(axe().withRules(['color-contrast', 'link-in-text-block']))).toEqual([])

  expect(faults).toEqual([])
  expect(await tab.evaluate(overhang)).toBe(0)
  expect(await tab.evaluate(smallTargets)).toEqual([])
})

it.each([320, 1280])('draws no frame through its text in forced colors, %i wide', async (width) => {
  const context = await browser.newContext({
    viewport: { width, height: 640 },
    forcedColors: 'active',
  })
  const page = await context.newPage()
  await page.goto(`${server.url}/${gallery.findIndex(({ name }) => name === 'sign-in')}`)
  const { border, padding } = await page.evaluate(frame)
  // A card is told from the page behind it by its frame alone: where there is room for one, it is there.
  expect({ framed: border > 0, roomy: padding >= 16 }).toEqual({
    framed: width > 320,
    roomy: width > 320,
  })
  await context.close()
})

function frame(): { border: number; padding: number } {
  const card = document.querySelector('.card')
  if (!card) throw new Error('no card')
  const { borderLeftWidth, paddingLeft } = getComputedStyle(card)
  return { border: Number.parseFloat(borderLeftWidth), padding: Number.parseFloat(paddingLeft) }
}

// Without frames, the legacy mode finds the same and opens no second tab for it.
const axe = () => new AxeBuilder({ page: tab }).setLegacyMode()

async function violations(builder: AxeBuilder): Promise<string[]> {
  const found = await builder.analyze()
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** How many pixels the page is wider than the screen. */
function overhang(): number {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth
}

/** What a finger would miss: lower than 44 pixels. Links inside a sentence are exempt (WCAG 2.5.8). */
function smallTargets(): string[] {
  const targets = document.querySelectorAll<HTMLElement>(
    'button, input:not([type=hidden]), summary, .button, .quiet, .who a, .brand a, .foot a, nav a',
  )
  return (
    [...targets]
      // A checkbox is as large as the label around it.
      .map((target) => target.closest<HTMLElement>('label') ?? target)
      .filter((target) => target.offsetParent !== null && target.offsetHeight < 44)
      .map(({ outerHTML }) => outerHTML)
  )
}
