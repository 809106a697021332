import * as z from 'zod'
import { file } from '../base/schema.ts'

const link = z.url({ protocol: /^https?$/ })

export const portalConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, hostname: /^[a-z0-9.-]+$|^\[[0-9a-f:.]+\]$/ })
    .refine((text) => /^https?:\/\/[^/?#@]+(\/[^?#]*)?$/.test(text), {
      message: 'write only scheme, host, port and path: https://auth.example.com',
    })
    .transform((text) => new URL(text.endsWith('/') ? text : `${text}/`))
    .meta({
      description:
        'Where people sign in. A host of its own, or, where there is only one host, a path on it: `https://example.com/.gatehouse/`.',
      example: 'https://auth.example.com',
    }),
  name: z.string().min(1).max(60).default('Gatehouse').meta({
    description: 'Stands on every page and in its title.',
  }),
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'write a color as #rrggbb')
    .optional()
    .meta({ description: 'Color of buttons and links.', example: '#0f5fd7' }),
  logo: file().optional().meta({
    description: 'An SVG or PNG file, shown above the name.',
    example: '/etc/gatehouse/logo.svg',
  }),
  stylesheet: file().optional().meta({
    description: 'A CSS file that is loaded after ours.',
    example: '/etc/gatehouse/brand.css',
  }),
  help: link.optional().meta({
    description: 'Linked at the foot of every page.',
    example: 'https://example.com/help',
  }),
  privacy: link.optional().meta({
    description: 'Linked at the foot of every page.',
    example: 'https://example.com/privacy',
  }),
  imprint: link.optional().meta({
    description: 'Linked at the foot of every page.',
    example: 'https://example.com/imprint',
  }),
})

export type PortalConfig = z.output<typeof portalConfig>
