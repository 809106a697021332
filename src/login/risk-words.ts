const WORDS: Readonly<Record<string, string>> = {
  new_device: 'from a browser that is new here',
  new_network: 'from a network that is new here',
  new_country: 'from a country that is new here',
  impossible_travel: 'from a place that nobody could have reached since the last sign-in',
  failures_on_account: 'after many wrong answers',
  failures_from_address: 'after many wrong answers from the same address',
  odd_hour: 'at an unusual hour',
  breached_password: 'with a password that has leaked somewhere',
}

/** Why a sign-in was unusual, for the person whose account it is. @param reasons As the trail keeps them. */
export function riskInWords(reasons: string): string {
  const words = reasons.split(' ').flatMap((reason) => WORDS[reason] ?? [])
  const last = words.at(-1)
  if (last === undefined) return 'unlike the sign-ins before'
  return words.length === 1 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}
