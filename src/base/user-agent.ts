/** Newer names first: each of these browsers calls itself by those below it, too. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|OPT|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ .*\bSafari\//, 'Safari'],
]

const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/**
 * Says in words which browser somebody uses, as far as it says so itself: `Firefox on Windows`.
 *
 * @param userAgent May be hostile; nothing of it is ever in the words.
 */
export function browserInWords(userAgent: string): string {
  const known = (list: readonly [RegExp, string][]) =>
    list.find(([pattern]) => pattern.test(userAgent.slice(0, 512)))?.[1]
  const [browser, system] = [known(BROWSERS), known(SYSTEMS)]
  if (browser) return system ? `${browser} on ${system}` : browser
  return system ? `a browser on ${system}` : 'an unknown browser'
}
