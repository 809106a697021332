import type { Brand } from '../../views/brand.ts'
import type { Assets } from './assets.ts'
import type { PortalConfig } from './config.ts'

/** What stands on every page, from the operator's configuration. */
export function createBrand(config: PortalConfig, assets: Assets): Brand {
  const links = [
    { label: 'Help', href: config.help },
    { label: 'Privacy', href: config.privacy },
    { label: 'Imprint', href: config.imprint },
  ]
  return {
    name: config.name,
    home: config.url.href,
    css: assets.css,
    icon: assets.icon,
    scripts: assets.scripts,
    ...(assets.logo ? { logo: assets.logo } : {}),
    links: links.filter((link): link is { label: string; href: string } => link.href !== undefined),
  }
}
