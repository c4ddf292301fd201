# SPDX-License-Identifier: Apache-2.0
# The page of `slipway inspect --html` in a browser: it draws, is gone through by keyboard, and does nothing that a file's name says.
set -u
. "$TOP/tests/lib.sh"
need chromium jq
cd "$TEST_TMP" || exit 1

cat > app.yml <<-EOF
	kernel:
	  image: slipway/kernel-debian
	  modules: []
	services:
	  - name: nginx
	    image: slipway/nginx
	    command: ["</script><script>document.title='evil'</script>"]
	files:
	  - path: "etc/<img src=x onerror=document.title='evil'>"
	    contents: "$(head -c 40000 /dev/zero | tr '\0' x)"
EOF
check "an image is built" "$SLIPWAY" build --quiet --store "$PACKAGE_STORE" -f kernel+squashfs -o app app.yml
check "and its page" "$SLIPWAY" inspect --html -o app.html app

# browse PAGE OUT: what the document is after its scripts have run.
browse()
{
	timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" --virtual-time-budget=5000 \
		--window-size=1200,900 --enable-logging=stderr --dump-dom "file://$PWD/$1" > "$2" 2> "$2.log"
}
check "the browser shows it" browse app.html dom.html
same "its title is the image's" "<title>app</title>" "$(grep -o '<title>[^<]*</title>' dom.html | head -1)"
drawn=$(grep -o '<g ' dom.html | wc -l)
same "the map has a part for each directory that is large enough" \
	"$(sed -n 's|.*id="data">||; s|</script>$||p' app.html | jq '[.children[] | select(.bytes > 0)] | length')" "$drawn"
if [ "$drawn" -gt 1 ]; then ok "and they are several"; else not_ok "and they are several" "$drawn"; fi
same "each can be reached by keyboard" "$drawn" "$(grep -o 'tabindex="0"' dom.html | wc -l)"
same "and says what it is" "$drawn" "$(grep -oE '<g [^>]*aria-label="[^"]+"' dom.html | wc -l)"
check "no part lies outside of the map" awk -F'"' '
	/<rect/ { n = split($0, part, "<rect ")
		for (i = 2; i <= n; i++) { split(part[i], v, "\""); if (v[2] < -0.01 || v[4] < -0.01 || v[2] + v[6] > 1200 || v[4] + v[8] > 900 || v[6] <= 0 || v[8] <= 0) exit 1; all++ } }
	END { if (all < 3) exit 1 }' dom.html
check_fails "no error was told" grep -qiE 'uncaught|refused to|syntaxerror' dom.html.log

# The same page, with keys pressed behind its own script.
keys()
{
	sed 's|</script>$|&|' app.html; echo "<script>"
	echo "const press = (on, key) => on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));"
	echo "$1"
	echo "</script>"
}
steps="document.querySelectorAll('#where button').length"
keys "press(document.querySelector('#map g[role=button]'), 'Enter'); document.title = 'depth ' + $steps + ' focus ' + document.activeElement.tagName;" > in.html
browse in.html in.dom
check "Enter goes into a directory, and the focus is on what is there" grep -q '<title>depth 2 focus g</title>' in.dom
keys "press(document.querySelector('#map g[role=button]'), 'Enter'); press(document.body, 'Backspace'); document.title = 'depth ' + $steps;" > out.html
browse out.html out.dom
check "Backspace goes out" grep -q '<title>depth 1</title>' out.dom
timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" --screenshot="$PWD/app.png" "file://$PWD/app.html" 2> shot.log
check "and it can be seen" test "$(stat -c %s app.png)" -gt 10000

finish
