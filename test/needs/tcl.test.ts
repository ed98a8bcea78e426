import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

const defines = ['Tcl_CreateInterp']
const library = { path: '/usr/lib64/libtcl8.6.so', soname: 'libtcl8.6.so' } as const

test('the script library is what is compiled in and has the script that starts', async () => {
  const texts = ['/usr/share/tcltk/tcl8.6', '/usr/share/tcltk', '/usr/lib/tcl8.6']
  const tree = { '/usr/share/tcltk/tcl8.6/init.tcl': '', '/usr/lib/tcl8.6/other.tcl': '' }
  assert.deepEqual(await needsOf('tcl', 'likely', { defines, library, texts, tree }), [
    '/usr/share/tcltk/tcl8.6',
  ])
})

test('it may lie beside the library, below any of the usual directories', async () => {
  for (const path of ['/usr/lib64/tcl8.6', '/usr/lib/tcl8.6', '/usr/share/tcl8.6']) {
    const tree = { [`${path}/init.tcl`]: '' }
    assert.deepEqual(await needsOf('tcl', 'likely', { defines, library, tree }), [path])
  }
  assert.deepEqual(
    await needsOf('tcl', 'likely', { defines, library, tree: { '/usr/share/tcl8.5/init.tcl': '' } }),
    [],
  )
})

test("Tk's scripts are Tk's", async () => {
  const parts = { library: { path: '/usr/lib/libtk8.6.so', soname: 'libtk8.6.so' } as const }
  const tree = { '/usr/lib/tk8.6/tk.tcl': '' }
  assert.deepEqual(await needsOf('tcl', 'likely', { ...parts, defines: ['Tk_Init'], tree }), [
    '/usr/lib/tk8.6',
  ])
  assert.deepEqual(await allNeedsOf('tcl', { ...parts, defines: [], tree }), [])
})
