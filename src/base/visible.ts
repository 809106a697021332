// JSON escapes control characters of ASCII alone. Some readers end a line at U+2028, and the signs of
// writing direction make a line read otherwise than it is.
const UNSEEN = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Escapes in JSON what JSON leaves as it is, and what forges lines or moves cursors all the same. */
export const visibly = (json: string): string => json.replace(UNSEEN, escaped)

/** A value as JSON on one line, whatever is in it. */
export const jsonLine = (value: unknown): string => visibly(JSON.stringify(value))
