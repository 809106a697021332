/** The first form of a page: where it goes, and its hidden fields. */
export interface Form {
  action: URL
  fields: Record<string, string>
}

/** @param url Where the page stands. */
export function formOf(html: string, url: URL): Form {
  const form = /<form[^>]*>[\s\S]*?<\/form>/.exec(html)?.[0]
  if (form === undefined) throw new Error(`no form at ${url.href}: ${html.slice(0, 300)}`)
  const tag = /<form[^>]*>/.exec(form)?.[0] ?? ''
  const hidden = Array.from(form.matchAll(/<input[^>]*type="hidden"[^>]*>/g), ([input]) => [
    attribute(input, 'name'),
    attribute(input, 'value'),
  ])
  return { action: new URL(attribute(tag, 'action'), url), fields: Object.fromEntries(hidden) }
}

function attribute(tag: string, name: string): string {
  const raw = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
  return raw.replace(/&(amp|quot|lt|gt|#39);/g, (_, entity: string) => ENTITIES[entity] ?? '')
}

const ENTITIES: Record<string, string> = { amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'" }
