import { type Browser, chromium } from 'playwright-core'

/** The browser that the machine has. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/**
 * Starts the browser that the machine has; it speaks to nobody on its own account.
 *
 * @param more Further arguments, e.g. to resolve names.
 */
export const openBrowser = (more: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...more,
    ],
  })
