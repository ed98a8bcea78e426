/** The part of elfy 1.0.0 (CommonJS, without types of its own) that `header.ts` uses. */
declare module 'elfy' {
  interface Header {
    class: '32' | '64'
    endian: 'lsb' | 'msb'
    version: number
    flags: number
    phoff: number
    phentsize: number
    phnum: number
  }

  const elfy: {
    Parser: new () => {
      parseHeader(bytes: Buffer): Header
    }
  }
  export default elfy
}
