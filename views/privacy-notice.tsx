import type { Brand, Destination } from './brand.ts'
import { Layout } from './layout.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Who } from './parts/who.tsx'

/** What the page with the privacy notice needs to know. */
export interface PrivacyNoticeProps {
  brand: Brand
  action: string
  csrf: string
  /** The name a person goes by. */
  user: string
  /** Where somebody else starts over. */
  notYou: string
  destination?: Destination | undefined
  version: string
  /** Did they agree to an older one? */
  again: boolean
  paragraphs: readonly string[]
  /** Where the whole text stands. */
  url?: string | undefined
}

/** Shows what is done with a person's data, before anything new is stored about them. */
export const PrivacyNotice = (props: PrivacyNoticeProps) => {
  const { brand, action, csrf, user, notYou, destination, version, again, paragraphs, url } = props
  const title = again ? 'A new privacy notice' : 'Privacy notice'
  return (
    <Layout brand={brand} title={title}>
      <Who name={user} notYou={notYou} />
      <h1>{title}</h1>
      <Purpose
        destination={destination}
        reason={
          again
            ? 'It has changed since you agreed to it.'
            : `Before you go on: this is what ${brand.name} does with what it learns about you.`
        }
      />
      {paragraphs.map((text) => (
        <p class="notice">{text}</p>
      ))}
      {url && (
        <p>
          <a href={url} target="_blank" rel="noopener">
            {paragraphs.length > 0 ? 'Read the whole notice' : 'Read the privacy notice'}
          </a>{' '}
          (opens beside this page)
        </p>
      )}
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="agree" value={version} />
        <button class="primary" type="submit">
          Agree and continue
        </button>
      </form>
      <p class="hint">
        Version {version}. When you agreed is written down; you find it in your data.
      </p>
    </Layout>
  )
}
