/** What an operator makes their own on every page. */
export interface Brand {
  name: string
  /** Addresses of the style sheets, in the order in which they apply. */
  css: readonly string[]
  /** Addresses of our scripts, by name. */
  scripts?: Readonly<Record<string, string>> | undefined
  /** Address of a picture that stands in the place of our mark. */
  logo?: string | undefined
  /** Address of the picture on the browser's tab. */
  icon: string
  /** Address of the portal. */
  home: string
  /** Links at the foot of every page: help, privacy, imprint. */
  links: readonly { label: string; href: string }[]
}

/** The application a person is on the way to. */
export interface Destination {
  name: string
  host: string
}

/** How long a person has to wait before the next try. */
export interface Wait {
  /** Time of day in UTC: `14:32:05`. */
  until: string
  seconds: number
}
