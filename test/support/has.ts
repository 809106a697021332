import { spawnSync } from 'node:child_process'

/** Is a program on this machine? Debian keeps servers in /usr/sbin. */
export const has = (program: string): boolean =>
  spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin" command -v ${program}`]).status === 0

/** The current code of an authenticator, from a program that shares nothing with ours. */
export function oathCode(secret: string): string {
  const { stdout, status } = spawnSync(
    'oathtool',
    ['--totp', '--base32', secret.replaceAll(' ', '')],
    {
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error('oathtool did not give a code')
  return stdout.trim()
}
