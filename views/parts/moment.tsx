/** A point in time, as people read it and as machines do. */
export interface Moment {
  text: string
  iso: string
}

/** A point in time. */
export const At = ({ text, iso }: Moment) => <time datetime={iso}>{text}</time>
