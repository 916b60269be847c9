// The data as a page holds it -> its bytes; see `compressed` in gru_viz/player/page.py.

export async function unpack(text) {
  const packed = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))
  const planes = new Uint8Array(await new Response(stream).arrayBuffer())
  const quarter = planes.length / 4
  const bytes = new Uint8Array(planes.length)
  for (let k = 0; k < quarter; k++) for (let plane = 0; plane < 4; plane++) bytes[4 * k + plane] = planes[plane * quarter + k]
  return bytes
}
