import type { JSX } from 'hono/jsx/jsx-runtime'

/** Makes a whole document out of a page's markup; every component on it has to be synchronous. */
export const page = (element: JSX.Element): string => `<!doctype html>${String(element)}`
