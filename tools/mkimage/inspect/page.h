/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed parts of the HTML report. The policy allows nothing from elsewhere, and no script but the one that is inside. */
#ifndef MKIMAGE_INSPECT_PAGE_H
#define MKIMAGE_INSPECT_PAGE_H

#define PAGE_HEAD                                                                                                              \
	"<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"                                                      \
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "               \
	"script-src 'unsafe-inline'\">\n"                                                                                      \
	"<meta name=\"viewport\" content=\"width=device-width\">\n"

#define PAGE_STYLE                                                                                                             \
	"<style>\n"                                                                                                            \
	"body { font: 15px system-ui, sans-serif; margin: 1em auto; max-width: 75em; padding: 0 1em; }\n"                      \
	"table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .2em .8em .2em 0; "     \
	"overflow-wrap: break-word; }\n"                                                                                       \
	"th { font-weight: 600; } tr + tr { border-top: 1px solid #8884; }\n"                                                  \
	"details, div.leaf { margin-left: 1em; } details > div { margin-left: 1em; } span { color: #666; }\n"                  \
	"svg { width: 100%; height: 28em; display: block; } svg text { font-size: 12px; pointer-events: none; }\n"             \
	"svg g:focus { outline: none; } svg g:focus rect { stroke: #000; stroke-width: 3; }\n"                                 \
	"svg rect { stroke: #fff; } svg rect.in { fill: #fff3; stroke: #fff8; stroke-width: 1 !important; } #where button { font: inherit; }\n" \
	"</style>\n"

/* Filled by the script; without one the directories further down say the same. */
#define PAGE_TREEMAP                                                                                                           \
	"<p id=\"where\" aria-live=\"polite\"></p>\n"                                                                          \
	"<svg id=\"map\" role=\"group\" aria-label=\"sizes of directories\"></svg>\n"                                          \
	"<p id=\"help\">Tab goes from one to the next, Enter goes into a directory, Backspace back out.</p>\n"

/* Rows are filled as long as the worst shape of a rectangle gets better: Bruls, Huizing, van Wijk, "Squarified Treemaps". */
#define PAGE_SCRIPT                                                                                                            \
	"<script>\n"                                                                                                           \
	"'use strict';\n"                                                                                                      \
	"const svg = document.getElementById('map'), where = document.getElementById('where');\n"                              \
	"const path = [JSON.parse(document.getElementById('data').textContent)];\n"                                            \
	"const label = node => node.name || (node === path[0] ? '/' : '(smaller ones)');\n"                                    \
	"function size(bytes) {\n"                                                                                             \
	"  for (const unit of ['B', 'kB', 'MB', 'GB', 'TB']) {\n"                                                              \
	"    if (bytes < 1000) return bytes.toFixed(unit === 'B' ? 0 : 1) + ' ' + unit;\n"                                     \
	"    bytes /= 1000;\n"                                                                                                 \
	"  }\n"                                                                                                                \
	"  return bytes.toFixed(1) + ' PB';\n"                                                                                 \
	"}\n"                                                                                                                  \
	"function element(name, attributes, parent, text) {\n"                                                                 \
	"  const e = document.createElementNS('http://www.w3.org/2000/svg', name);\n"                                          \
	"  for (const key in attributes) e.setAttribute(key, attributes[key]);\n"                                              \
	"  if (text) e.textContent = text;\n"                                                                                  \
	"  parent.append(e);\n"                                                                                                \
	"  return e;\n"                                                                                                        \
	"}\n"                                                                                                                  \
	"function worst(areas, side) {\n"                                                                                      \
	"  const sum = areas.reduce((a, b) => a + b, 0);\n"                                                                    \
	"  return Math.max(...areas.map(a => Math.max(side * side * a / (sum * sum), sum * sum / (side * side * a))));\n"      \
	"}\n"                                                                                                                  \
	"function layout(nodes, x, y, w, h, put) {\n"                                                                          \
	"  const scale = w * h / nodes.reduce((a, n) => a + n.bytes, 0);\n"                                                    \
	"  for (let i = 0; i < nodes.length;) {\n"                                                                             \
	"    const side = Math.min(w, h), areas = [nodes[i].bytes * scale];\n"                                                 \
	"    let k = i + 1;\n"                                                                                                 \
	"    while (k < nodes.length && worst([...areas, nodes[k].bytes * scale], side) <= worst(areas, side))\n"              \
	"      areas.push(nodes[k++].bytes * scale);\n"                                                                        \
	"    const thick = areas.reduce((a, b) => a + b, 0) / side;\n"                                                         \
	"    let at = 0;\n"                                                                                                    \
	"    for (; i < k; i++) {\n"                                                                                           \
	"      const long = nodes[i].bytes * scale / thick;\n"                                                                 \
	"      if (w < h) put(nodes[i], x + at, y, long, thick); else put(nodes[i], x, y + at, thick, long);\n"                \
	"      at += long;\n"                                                                                                  \
	"    }\n"                                                                                                              \
	"    if (w < h) { y += thick; h -= thick; } else { x += thick; w -= thick; }\n"                                        \
	"  }\n"                                                                                                                \
	"}\n"                                                                                                                  \
	"function enter(node) { if (node.children) { path.push(node); draw(); } }\n"                                           \
	"function leave(depth) { if (depth > 0 && depth < path.length) { path.length = depth; draw(); } }\n"                   \
	"function draw() {\n"                                                                                                  \
	"  const top = path[path.length - 1], w = svg.clientWidth || 1000, h = svg.clientHeight || 400;\n"                     \
	"  svg.replaceChildren();\n"                                                                                           \
	"  svg.setAttribute('viewBox', `0 0 ${w} ${h}`);\n"                                                                    \
	"  const nodes = (top.children || []).filter(n => n.bytes > 0);\n"                                                     \
	"  layout(nodes, 0, 0, w, h, (node, x, y, width, height) => {\n"                                                       \
	"    const text = `${label(node)} ${size(node.bytes)}`;\n"                                                             \
	"    const g = element('g', { tabindex: 0, role: node.children ? 'button' : 'img', 'aria-label': text }, svg);\n"      \
	"    element('title', {}, g, text);\n"                                                                                 \
	"    const hue = [...label(node)].reduce((a, c) => (a * 31 + c.codePointAt(0)) % 360, 7);\n"                           \
	"    element('rect', { x, y, width, height, fill: `hsl(${hue} 45% ${node.children ? 72 : 85}%)` }, g);\n"              \
	"    const fits = height > 18 && width > 7 * text.length;\n"                                                           \
	"    if (fits) element('text', { x: x + 4, y: y + 14 }, g, text);\n"                                                   \
	"    if (node.children && width > 30 && height > 40)\n"                                                                \
	"      layout(node.children.filter(n => n.bytes > 0), x + 3, y + 18, width - 6, height - 21, (inner, ...box) =>\n"     \
	"        element('rect', { x: box[0], y: box[1], width: box[2], height: box[3], class: 'in' }, g));\n"                 \
	"    g.addEventListener('click', () => enter(node));\n"                                                                \
	"    g.addEventListener('keydown', event => { if (event.key === 'Enter') enter(node); });\n"                           \
	"  });\n"                                                                                                              \
	"  where.replaceChildren();\n"                                                                                         \
	"  path.forEach((node, i) => {\n"                                                                                      \
	"    const button = document.createElement('button');\n"                                                               \
	"    button.textContent = `${label(node)} ${size(node.bytes)}`;\n"                                                     \
	"    button.addEventListener('click', () => leave(i + 1));\n"                                                          \
	"    where.append(button, ' ');\n"                                                                                     \
	"  });\n"                                                                                                              \
	"  if (path.length > 1 && svg.firstChild) svg.firstChild.focus();\n"                                                   \
	"}\n"                                                                                                                  \
	"document.addEventListener('keydown', event => { if (event.key === 'Backspace') leave(path.length - 1); });\n"         \
	"addEventListener('resize', draw);\n"                                                                                  \
	"draw();\n"                                                                                                            \
	"</script>\n"

#endif
