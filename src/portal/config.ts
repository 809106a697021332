import * as z from 'zod'
import { file } from '../base/schema.ts'

const link = z.url({ protocol: /^https?$/ })

const privacyNotice = z
  .strictObject({
    version: z.string().min(1).max(64).meta({
      description: 'Names the text. When it changes, everybody is asked once more.',
      example: '2026-05',
    }),
    text: z.string().min(1).max(20_000).optional().meta({
      description: 'Shown as it is; an empty line begins a new paragraph.',
      example: 'We keep your name and your sign-ins for a year.',
    }),
    url: link.optional().meta({
      description: 'Where the whole text stands; linked from the page.',
      example: 'https://example.com/privacy',
    }),
  })
  .refine(({ text, url }) => text !== undefined || url !== undefined, {
    message: 'write a text, or the url where it stands',
  })

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
  privacy_notice: privacyNotice.optional().meta({
    description:
      'Shown to people before they set anything up, and before they follow an invitation; a new version at the next sign-in. Who agreed to which version is kept.',
  }),
  imprint: link.optional().meta({
    description: 'Linked at the foot of every page.',
    example: 'https://example.com/imprint',
  }),
})

export type PrivacyNoticeConfig = z.output<typeof privacyNotice>
export type PortalConfig = z.output<typeof portalConfig>
