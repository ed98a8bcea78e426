/**
 * What must not reach a terminal or a text file as it is: C0 and C1 controls, line separators, everything that
 * reorders or hides text (Unicode Bidi_Control, zero-width and tag characters), and lone surrogates.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu

/** What nearly all names are, which is far quicker to find out. */
const PLAIN = /^[\x20-\x7e]*$/

/** A name from an image as one line of harmless text: `a\x1bb`, `a\nb`, `a\u{202e}b`. For reading, not for parsing. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, spell)
}

/** Several lines of harmless text: line feeds are kept, what follows one is indented so that it cannot pose as a line of ours. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n  ')
}

/** JSON.stringify with the unsafe characters as `\uXXXX`, so that the text is harmless and means the same. */
export function printableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent)
  return PLAIN.test(text)
    ? text
    : text.replace(UNSAFE, (match) => (match === '\n' ? match : codeUnits(match)))
}

const SPELLED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function spell(character: string): string {
  const code = character.codePointAt(0)!
  const hex = code.toString(16)
  return SPELLED[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`)
}

function codeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
