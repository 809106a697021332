import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { openBrowser } from './browser.ts'
import { gallery } from './gallery.tsx'
import { openGallery } from './gallery-server.ts'

// Takes a picture of every page of the gallery, or of those that begin with a word:
// npx tsx test/support/screenshots.ts <folder> [word]

const schemes = ['light', 'dark'] as const
const screens = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } }

const [folder = 'screenshots', word = ''] = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const server = await openGallery()
const browser = await openBrowser()
for (const colorScheme of schemes) {
  for (const [screen, viewport] of Object.entries(screens)) {
    await shoot(browser, { colorScheme, screen, viewport })
  }
}
await browser.close()
await server.close()

async function shoot(
  browser: Browser,
  look: {
    colorScheme: (typeof schemes)[number]
    screen: string
    viewport: { width: number; height: number }
  },
): Promise<void> {
  const { colorScheme, screen, viewport } = look
  const context = await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' })
  const tab = await context.newPage()
  for (const [index, { name }] of gallery.entries()) {
    if (!name.startsWith(word)) continue
    await tab.goto(`${server.url}/${index}`)
    const file = `${name.replaceAll(' ', '-')}.${screen}.${colorScheme}.png`
    await tab.screenshot({ path: join(folder, file), fullPage: true })
  }
  await context.close()
}
