/** What the texts for a proxy in front are made from. */
export interface Site {
  portal: URL
  /** Host and port at which the proxy reaches the gate. */
  gate: string
  /** Hosts of which every request goes through the gate: the portal's, and those with an upstream. */
  passed: readonly string[]
  /** Hosts of applications to which the proxy sends requests itself, once it has asked. */
  guarded: readonly Guarded[]
}

/** One host of an application, about which the proxy asks. */
export interface Guarded {
  /** `*.example.com` stands for every name with one label more. */
  host: string
  /** Host and port at which the proxy reaches the application. */
  application: string
  /** Headers that tell the application who is there. */
  names: readonly string[]
  /** Where pages of ours begin on this host, about which the proxy must not ask. */
  own: string | undefined
}

/** Configuration of one kind of proxy, ready to be put in place. */
export type Snippet = (site: Site) => string
