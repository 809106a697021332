/** Tells a proxy the number of a refusal, whose page it may be about to drop. */
export const REFERENCE_HEADER = 'X-Gatehouse-Reference'
