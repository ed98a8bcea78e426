/** What the words of a text for people look like. Every function is given harmless text and only adds colour. */
export interface Paint {
  readonly error: (text: string) => string
  readonly warning: (text: string) => string
  readonly note: (text: string) => string
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
}

const same = (text: string) => text

/** No colour at all. */
export const PLAIN: Paint = { error: same, warning: same, note: same, strong: same, faint: same }
