# SPDX-License-Identifier: Apache-2.0
# The picture of `slipway bootchart --svg` in a browser: it is well formed, what is in it can be read, and names do nothing. The boots
# are those of tests/data/bootchart, and one of as many services as there may be.
set -u
. "$TOP/tests/lib.sh"
need chromium jq
cd "$TEST_TMP" || exit 1

# picture NAME JSON: draws it, and puts it in a page that says what is wrong with it.
picture()
{
	"$SLIPWAY" bootchart --from "$2" --svg "$1.svg" > "$1.txt" || return 1
	{
		cat <<-'END'
			<!DOCTYPE html><meta charset="utf-8"><title>nothing was looked at</title><body>
		END
		cat "$1.svg"
		echo "<script>const source = $(jq -Rs . "$1.svg" | sed 's|<|\\u003c|g');"
		cat <<-'END'
			const wrong = [];
			const svg = document.querySelector('svg'), box = svg.viewBox.baseVal;
			const parsed = new DOMParser().parseFromString(source, 'image/svg+xml');
			if (parsed.querySelector('parsererror')) wrong.push('not well formed');
			if (parsed.documentElement.namespaceURI !== 'http://www.w3.org/2000/svg') wrong.push('no SVG');
			if (svg.querySelector('script, style, image, use, foreignObject, a') || /\son\w+=|href/.test(svg.outerHTML.replace(/>[^<]*</g, '><')))
				wrong.push('it does something');
			const texts = [...svg.querySelectorAll('text')].map(t => ({ t, b: t.getBBox() })).filter(x => x.t.textContent);
			for (const { t, b } of texts)
				if (b.x < 0 || b.y < 0 || b.x + b.width > box.width || b.y + b.height > box.height)
					wrong.push('outside: ' + t.textContent);
			texts.sort((p, q) => p.b.y - q.b.y);
			/* A pixel of the box is above and below what is drawn. */
			for (let i = 0; i < texts.length; i++)
				for (let k = i + 1; k < texts.length && texts[k].b.y < texts[i].b.y + texts[i].b.height - 1; k++) {
					const p = texts[i].b, q = texts[k].b;
					if (p.x < q.x + q.width && q.x < p.x + p.width) wrong.push(texts[i].t.textContent + ' lies on ' + texts[k].t.textContent);
				}
			for (const r of svg.querySelectorAll('g.span rect')) {
				const b = r.getBBox();
				if (b.x < 299.9 || b.x + b.width > 1201.1 || b.width < 1) wrong.push('a bar that is not in the plot');
			}
			const legend = new Set([...svg.querySelectorAll('#legend rect')].map(r => r.getAttribute('fill')));
			for (const r of svg.querySelectorAll('g.span rect'))
				if (!legend.has(r.getAttribute('fill'))) wrong.push('a colour that the legend has not');
			if (![...svg.querySelectorAll('#axis text')].every(t => / ms$/.test(t.textContent))) wrong.push('an axis without its unit');
			document.title = wrong.length ? wrong.slice(0, 5).join('; ') :
				`fine: ${svg.querySelectorAll('g.span').length} rows, ${svg.querySelectorAll('#axis line').length > 2}, ${svg.querySelector('title').textContent}`;
			</script>
		END
	} > "$1.html"
}
browse()
{
	timeout 200 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" --virtual-time-budget=20000 \
		--window-size=1400,900 --dump-dom "file://$PWD/$1" 2> browse.log | sed -n 's|.*<title>\(.*\)</title>.*|\1|p' | head -1
}

for name in boot early; do
	check "$name is drawn" picture $name "$TOP/tests/data/bootchart/$name.json"
	same "$name can be read in a browser" \
		"fine: $(jq '.spans | length' "$TOP/tests/data/bootchart/$name.json") rows, true, web: Linux 6.12.57 x86_64, 2 CPUs, slipway 0.1.0" \
		"$(browse $name.html)"
done
jq -n '{bootchart: 1, machine: ("W" * 255), kernel: ("W" * 255), arch: ("W" * 255), version: ("W" * 255), cpus: 4294967295, services_us: 0,
	spans: [range(2000) | {kind: (if . % 3 == 0 then "onboot" else "service" end), name: ("\(.)</text><svg onload=\"document.title=1\">" + ("W" * 200)),
		start_us: (. * 997), exec_us: (. * 1000), ready_us: (. * 1999)}]}' > many.json
check "two thousand with long names are drawn" picture many many.json
same "and can be read" "fine: 2000 rows, true, $(printf 'W%.0s' {1..29})...: Linux $(printf 'W%.0s' {1..29})... $(printf 'W%.0s' {1..13})..., 4294967295 CPUs, slipway $(printf 'W%.0s' {1..13})..." "$(browse many.html)"
for range in 1 7 999 123456 9999999999999; do
	jq -n "{bootchart: 1, spans: [{kind: \"kernel\", name: \"kernel\", start_us: -$range, end_us: $range}]}" > range.json
	check "a boot of $range us is drawn" picture range range.json
	same "and its axis can be read" "fine: 1 rows, true, a machine: Linux ?" "$(browse range.html)"
done
timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" --window-size=1330,500 --screenshot="$PWD/boot.png" "file://$PWD/boot.svg" 2> shot.log
check "the file by itself can be seen" test "$(stat -c %s boot.png)" -gt 20000

finish
