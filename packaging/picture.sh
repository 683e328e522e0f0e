#!/usr/bin/env bash
# picture.sh [BINARY]: writes docs/progress.svg, the picture of the progress bar, from a real upload on a pseudo-terminal
# to the built-in receiver. Takes about 15 s; needs util-linux's `script` and the port 8080 of this machine.
set -euo pipefail
cd "$(dirname "$0")/.."

if (($# == 0)); then cargo build --quiet; fi
bitsup=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/bitsup}")
root=$PWD folder=$(mktemp -d) receiver=
trap '[[ -z $receiver ]] || kill "$receiver" || true; rm -rf "$folder"' EXIT

mkdir "$folder/inbox" "$folder/bin"
ln -s "$bitsup" "$folder/bin/bitsup"
truncate --size 286M "$folder/build.zip"
cd "$folder"
"$bitsup" serve --quiet inbox &
receiver=$!
sleep 1

# Slow enough for some frames, in fragments that are long on their way; no settings and no state of the person who runs this.
command='bitsup upload build.zip http://127.0.0.1:8080/'
env PATH="$folder/bin:$PATH" BITSUP_LIMIT_RATE=26M BITSUP_FRAGMENT_SIZE=28M BITSUP_STATE_DIR="$folder/state" XDG_CONFIG_HOME="$folder" TERM=xterm \
    script -qefc "stty columns 82 rows 24; $command" screen </dev/null >/dev/null

# Each time the bar is drawn, it is preceded by a return and "erase what follows". Of these frames seven are kept at even
# distances, and the last one. `script`'s own lines are left out.
tr -d '\n' <screen | sed 's/^Script started[^]]*\]//; s/Script done .*//; s/\r\x1b\[J/\n/g' |
    sed 's/\x1b\[K//g; s/[\r[:space:]]*$//' | grep '[0-9] %' >drawn || true
awk -v all="$(wc -l <drawn)" '
    NR == all || NR >= all * (2 * kept + 1) / 15 { kept++; print }
' drawn >frames
[[ $(wc -l <frames) -ge 6 ]] || { echo "too few frames of the bar:" >&2; cat screen >&2; exit 1; }

# Without animations, or where motion is not wanted, the last frame is shown.
awk -v command="$command" '
    function text(line) {
        gsub(/&/, "\\&amp;", line); gsub(/</, "\\&lt;", line); gsub(/>/, "\\&gt;", line)
        gsub(/\033\[32m/, "<tspan class=\"done\">", line)
        gsub(/\033\[2m/, "<tspan class=\"sent\">", line)
        gsub(/\033\[0m/, "</tspan>", line)
        return line
    }
    { frame[NR] = text($0) }
    END {
        # The last frame stays as long as three others.
        step = 1.2; cycle = step * (NR + 2)
        print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"84\" viewBox=\"0 0 720 84\" role=\"img\">"
        print "<!-- Written by packaging/picture.sh from a real upload. -->"
        print "<title>The progress bar of bitsup upload</title>"
        print "<style>"
        print "text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, \"DejaVu Sans Mono\", monospace; fill: #d8dee9; white-space: pre }"
        print ".done { fill: #8fbf6f } .sent { fill: #7b8494 } .prompt { fill: #7b8494 }"
        print ".frame { opacity: 0 } .last { opacity: 1 }"
        print "@media (prefers-reduced-motion: no-preference) {"
        printf ".frame { animation: show %.1fs step-end infinite } .last { animation-name: stay }\n", cycle
        printf "@keyframes show { 0%% { opacity: 1 } %.2f%% { opacity: 0 } }\n", 100 * step / cycle
        printf "@keyframes stay { 0%% { opacity: 1 } %.2f%% { opacity: 0 } }\n", 300 * step / cycle
        for (i = 1; i <= NR; i++) printf ".f%d { opacity: 0; animation-delay: %.1fs }\n", i, (i - 1) * step
        print "}"
        print "</style>"
        print "<rect width=\"720\" height=\"84\" rx=\"6\" fill=\"#20242c\"/>"
        printf "<text x=\"16\" y=\"34\" xml:space=\"preserve\"><tspan class=\"prompt\">$ </tspan>%s</text>\n", command
        for (i = 1; i <= NR; i++)
            printf "<text x=\"16\" y=\"60\" xml:space=\"preserve\" class=\"frame f%d%s\">%s</text>\n", i, i == NR ? " last" : "", frame[i]
        print "</svg>"
    }' frames >progress.svg
cp progress.svg "$root/docs/progress.svg"
